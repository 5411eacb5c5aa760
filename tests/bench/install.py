"""How long installation takes and how much disk it fills, from the README's own command.

    python3 -m tests.bench.install [PYTHON...] [--installed PYTHON...] [--keep] [--out FILE]

Each PYTHON (3.11 to 3.13) installs a copy of this checkout by the README's first command and starts the page; in the same
environment ``pip install .`` follows, whose program then analyses an example from another folder, without a network where
the system can take it away. Packages are downloaded anew. ``--installed`` tries the program alone, with the Python of an
environment into which the package was installed before. The figures go to ``tests/bench/results``, where those of other
versions stay; ``python -m tests.bench.readme`` then renews the README. Only the standard library is imported, so that it
runs on a system where nothing is installed yet.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from tests import ROOT

__all__ = ["RESULT", "app_command", "main"]

RESULT = Path(__file__).resolve().parent / "results" / "install.json"

_PORT = 7873
_START_S = 600
"""Seconds after which a page that does not answer is given up."""
_USE = "import detector; print(detector.__version__)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Install, measure, print, write; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.bench.install", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("pythons", nargs="*", metavar="PYTHON", help="interpreters to install with")
    parser.add_argument(
        "--installed",
        nargs="+",
        default=[],
        metavar="PYTHON",
        help="interpreters of environments that have the package",
    )
    parser.add_argument("--out", type=Path, default=RESULT, help="JSON file for the figures (default %(default)s)")
    parser.add_argument("--keep", action="store_true", help="do not delete what was installed, under TMPDIR")
    options = parser.parse_args(arguments)
    for python in options.pythons:
        folder = Path(tempfile.mkdtemp(prefix="installation-"))
        try:
            _write(options.out, python, _installed(python, folder) | _used(folder / "checkout/.venv/bin", folder))
        finally:
            if not options.keep:
                shutil.rmtree(folder)
    for python in options.installed:
        with tempfile.TemporaryDirectory() as temporary:
            _write(options.out, python, _used(Path(python).parent, Path(temporary)))
    return 0


def _write(path: Path, python: str, figures: Mapping[str, float]) -> None:
    """Add the figures of one version to a file, in place of those that it has of it."""
    version = _output([python, "-c", "import platform; print(platform.python_version())"], ROOT)
    result = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    result[version] = {
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "load": round(os.getloadavg()[0], 1),
        **{name: round(value, 1) for name, value in figures.items()},
    }
    print(version, result[version], flush=True)
    path.write_text(json.dumps(dict(sorted(result.items())), indent=1) + "\n", encoding="utf-8")


def app_command(readme: str) -> str:
    """The README's command that installs and starts the page.

    Raises:
        ValueError: it is not where its mark says.
    """
    found = re.search(r"<!-- app -->\n```bash\n(.+)\n```", readme)
    if found is None:
        raise ValueError("README.md: no command after the mark <!-- app -->")
    return found[1]


def _installed(python: str, folder: Path) -> dict[str, float]:
    """Install as the README says, then the package, into ``folder``/checkout; seconds and megabytes."""
    checkout = _copy(folder / "checkout")
    install, start = app_command((ROOT / "README.md").read_text(encoding="utf-8")).rsplit(" && ", 1)
    worked = _processor_s()
    figures = {"install_s": _seconds(install.replace("python3", python, 1), checkout)}
    figures["install_processor_s"] = _processor_s() - worked
    figures["environment_mb"] = _megabytes(checkout / ".venv")
    figures["page_s"] = _until_the_page_answers(start, checkout)
    figures["package_s"] = _seconds(".venv/bin/pip install --no-deps .", checkout)
    # So that nothing but the installed package is found.
    shutil.rmtree(checkout / "detector")
    shutil.rmtree(checkout / "weights")
    return figures


def _used(programs: Path, folder: Path) -> dict[str, float]:
    """Seconds that the installed program takes in a folder of its own.

    Args:
        programs: folder of an environment's Python and ``photo-check``.
        folder: for that folder.
    """
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(ROOT / "detector" / "examples" / "collins.jpg", elsewhere)
    _output([str(programs / "python"), "-c", _USE], elsewhere)
    program = programs / "photo-check"
    return {
        "help_s": _seconds(f"{program} --help", elsewhere),
        "analyze_s": _seconds(f"{_offline()}{program} analyze collins.jpg", elsewhere),
    }


def _copy(checkout: Path) -> Path:
    """The files of this checkout that git knows, or all of them where there is no git."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = _output(["git", "ls-files", "--cached", "--others", "--exclude-standard"], ROOT).splitlines()
        for name in listed:
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, checkout / name)
    else:
        shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".venv*", "__pycache__", "build", "*.egg-info"))
    return checkout


def _seconds(command: str, folder: Path) -> float:
    began = time.monotonic()
    environment = os.environ | {"PIP_NO_CACHE_DIR": "1"}
    done = subprocess.run(["bash", "-euc", command], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return time.monotonic() - began


def _processor_s() -> float:
    """Seconds of processor time of all programs that have ended: a busy machine does not lengthen it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _until_the_page_answers(command: str, checkout: Path) -> float:
    """Seconds from the start of the page's program until its first answer."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen([*command.split(), "--port", str(_PORT)], cwd=checkout, stdout=log, stderr=log)
        try:
            while True:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/", timeout=10) as answer:
                        answer.read()
                    return time.monotonic() - began
                except (urllib.error.URLError, TimeoutError, ConnectionError):
                    if server.poll() is not None or time.monotonic() - began > _START_S:
                        log.seek(0)
                        raise SystemExit(f"{command}: no answer\n{log.read().decode()[-3000:]}") from None
                    time.sleep(0.2)
        finally:
            server.terminate()
            server.wait(60)


def _offline() -> str:
    """What to put before a command so that it has no network; empty where the system does not allow it."""
    denied = (
        shutil.which("unshare") is None or subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode
    )
    return "" if denied else "unshare -n "


def _output(command: Sequence[str], folder: Path) -> str:
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _megabytes(folder: Path) -> float:
    """What the files of a folder fill, without following links."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() or path.is_symlink()) / 1e6


if __name__ == "__main__":
    sys.exit(main())
