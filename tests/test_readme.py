"""What the README promises: a Space that starts, options that exist, and a snippet that runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import SpaceCard
from packaging.requirements import Requirement
from packaging.version import Version

import app
from detector.words.language import LANGUAGES
from tests import ROOT
from tests.support import fakes

README = (ROOT / "README.md").read_text(encoding="utf-8")

DOCUMENTED = {
    "title", "emoji", "colorFrom", "colorTo", "sdk", "python_version", "sdk_version", "suggested_hardware", "suggested_storage",
    "app_file", "app_port", "base_path", "fullWidth", "header", "short_description", "models", "datasets", "tags", "thumbnail",
    "pinned", "license", "hf_oauth", "hf_oauth_scopes", "hf_oauth_expiration_minutes", "disable_embedding",
    "startup_duration_timeout", "custom_headers", "preload_from_hub",
}  # fmt: skip
"""https://huggingface.co/docs/hub/spaces-config-reference, and ``license`` of every card."""
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def space() -> dict[str, object]:
    """The front matter as the Hub's own library reads it; it raises on what it cannot read."""
    values: dict[str, object] = SpaceCard(README, ignore_metadata_errors=False).data.to_dict()  # type: ignore[no-untyped-call]
    return values


def test_the_front_matter_has_only_fields_that_a_space_knows() -> None:
    found = space()
    assert set(found) <= DOCUMENTED, set(found) - DOCUMENTED
    assert set(found) >= {"title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file"}
    assert found["sdk"] == "gradio"
    assert {found["colorFrom"], found["colorTo"]} <= COLOURS
    assert len(str(found["short_description"])) <= 60
    emoji = str(found["emoji"])
    assert len(emoji) <= 2 and all(ord(letter) > 0x2000 for letter in emoji)
    assert (ROOT / str(found["app_file"])).is_file()
    assert not isinstance(found["python_version"], float), "3.10 would be read as 3.1"


def test_the_space_gets_versions_that_the_requirements_allow() -> None:
    found = space()
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = {each.name: each for each in (Requirement(line) for line in lines if line and not line.startswith("#"))}
    assert Version(str(found["sdk_version"])) in wanted["gradio"].specifier
    assert str(found["python_version"]) == f"{sys.version_info.major}.{sys.version_info.minor}", "the tests' own Python"


def test_packages_are_names_of_debian_packages() -> None:
    for line in (ROOT / "packages.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", line), line


def test_every_option_is_in_the_readme_and_the_other_way_round(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app.main(["--help"])
    offered = set(re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.MULTILINE))
    table = README.split("| option of `app.py` |")[1].split("\n\n")[0]
    assert offered == set(re.findall(r"`(--[a-z-]+)", table))
    assert offered >= {"--share", "--host", "--port", "--lang", "--mcp"}
    for code in LANGUAGES:
        assert f"`{code}`" in table or f"--lang {code}`" in table


def test_a_language_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app.main(["--lang", "xx"])
    assert "invalid choice: 'xx'" in capsys.readouterr().err


def test_mcp_without_its_package_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert app.main(["--mcp"]) == 1
    assert 'pip install "gradio[mcp]"' in capsys.readouterr().err


def test_the_share_link_is_explained() -> None:
    for part in ("one week", "helper program", "antivirus"):
        assert part in README


def test_the_client_snippet_runs(tmp_path: Path) -> None:
    found = re.search(r"<!-- client -->\n```python\n(.*?)```", README, re.DOTALL)
    assert found is not None
    (tmp_path / "photo.jpg").write_bytes(fakes.jpeg(fakes.group_photo()))
    with fakes.serve(fakes.FakeDetector(), tmp_path / "uploads") as blocks:
        snippet = found[1].replace("http://127.0.0.1:7860", str(blocks.local_url))
        assert snippet != found[1]
        done = subprocess.run(
            [sys.executable, "-c", snippet],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            env=os.environ | {"HF_HUB_OFFLINE": "1", "GRADIO_ANALYTICS_ENABLED": "False"},
        )
    assert done.returncode == 0, done.stderr
    assert "strong_signs 0.83 Face 2 of 3 decides" in done.stdout
