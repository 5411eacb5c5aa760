"""The programs in environments that are not as they should be: they start, or say why not in one sentence."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.support.running import Running

pytestmark = pytest.mark.slow


def old_pythons() -> list[str]:
    """Older Pythons of this computer that start."""
    places = [shutil.which(f"python3.{minor}") or "" for minor in (7, 8, 9, 10)]
    places += [str(path) for path in Path.home().glob(".pyenv/versions/3.*/bin/python")]
    code = "import sys; sys.exit(not (3, 7) <= sys.version_info[:2] < (3, 11))"
    return [
        place for place in places if place and subprocess.run([place, "-c", code], capture_output=True).returncode == 0
    ]


def run(*command: str, **changed: str | None) -> subprocess.CompletedProcess[str]:
    """Run a Python with changed variables, None for one that is not there."""
    variables = {name: value for name, value in {**os.environ, **changed}.items() if value is not None}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT, env=variables)


def assert_one_sentence(done: subprocess.CompletedProcess[str], status: int) -> None:
    assert done.returncode == status
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.endswith(".\n")
    assert done.stderr.count("\n") == 1


def homes(tmp_path: Path) -> dict[str, str | None]:
    """Homes that are not there, or in which nobody, not even root, may write."""
    return {"none": None, "empty": "", "missing": str(tmp_path / "nobody"), "read-only": "/proc", "a file": "/dev/null"}


@pytest.mark.skipif(os.name != "posix", reason="homes of POSIX systems")
@pytest.mark.parametrize("which", ["none", "empty", "missing", "read-only", "a file"])
def test_an_analysis_needs_no_home(which: str, tiny_weights: Path, portrait: Path, tmp_path: Path) -> None:
    home = homes(tmp_path)[which]
    elsewhere = {name: None for name in os.environ if name.startswith("XDG_") or name == "MPLCONFIGDIR"}
    done = run(
        *(sys.executable, "-m", "detector", "analyze", str(portrait), "--json", "-", "--weights", str(tiny_weights)),
        **{"HOME": home, **elsewhere},
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["faces"]) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="the folder in which nobody may write is that of Linux")
def test_the_page_starts_and_checks_a_photo_without_a_home_that_can_be_written(
    tiny_weights: Path, portrait: Path, tmp_path: Path
) -> None:
    (tmp_path / "temp").mkdir()
    environment = {"HOME": "/proc", "XDG_CACHE_HOME": "/proc", "XDG_CONFIG_HOME": "/proc"}
    with Running(tiny_weights, tmp_path / "temp", "--no-spare", environment=environment) as page:
        assert len(page.check(portrait.read_bytes())["faces"]) == 1
        assert "Traceback" not in page.log.read_text()


def test_a_taken_port_is_one_sentence_of_the_real_program(tiny_weights: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(sys.executable, "app.py", "--port", port, "--weights", str(tiny_weights))
    assert_one_sentence(done, 1)
    assert f"Port {port} is taken" in done.stderr


@pytest.mark.parametrize("program", [("app.py",), ("-m", "detector", "models"), ("-m", "train", "--help")])
def test_an_older_python_is_told_which_is_needed(program: tuple[str, ...]) -> None:
    allowed = re.findall(r"3\.\d+", (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("requires-python")[1])
    if not (found := old_pythons()):
        pytest.skip("no older Python on this computer")
    for python in found:
        done = run(python, *program, PYTHONPATH=None, PYTHONHOME=None)
        assert_one_sentence(done, 1)
        assert f"needs Python {allowed[0]}" in done.stderr
        assert allowed[1] not in done.stderr


def test_training_without_torch_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n")
    (tmp_path / "faces.tsv").write_text("path\tlabel\tsource\tmethod\tgroup\tsubset\na.png\treal\ts\tm\tg\ttrain\n")
    command = (sys.executable, "-m", "train", "fit", "efficientnet", "--data", str(tmp_path))
    done = run(*command, PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.endswith("The package torch is not installed; run: pip install -r requirements-train.txt\n")
