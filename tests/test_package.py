"""The installed package: what the wheel holds, and that it works away from the checkout, without a network."""

from __future__ import annotations

import configparser
import email
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from detector.version import VERSION
from tests import ROOT

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as pip builds it from a copy of what a checkout holds, in a Python that has only setuptools."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("detector", "weights"):
        shutil.copytree(ROOT / name, source / name, ignore=LEFT_OUT)
    for name in ("LICENSE", "README.md", "app.py", "pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / name, source / name)
    code = f"from setuptools import build_meta; build_meta.build_wheel({str(out)!r})"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as pip leaves it; the libraries stay those of the tests."""
    folder = tmp_path_factory.mktemp("site-packages")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def run(installed: Path, folder: Path, *command: str) -> str:
    """The output of this Python in a folder that is not the checkout's, with the installed package first on its path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DETECTOR_")}
    environment = kept | {"PYTHONPATH": str(installed), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def text_of(wheel: Path, name: str) -> str:
    (path,) = (path for path in names(wheel) if path.endswith(f".dist-info/{name}"))
    return zipfile.ZipFile(wheel).read(path).decode()


def test_the_list_of_packages_is_that_of_the_folders() -> None:
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "detector").rglob("*.py")}
    code = {".".join(folder.parts) for folder in folders}
    assert set(SETTINGS["tool"]["setuptools"]["packages"]) == code | {"detector.examples", "detector.shipped"}
    assert not (ROOT / "detector" / "shipped").exists(), "the name under which weights/ is installed"


def test_every_file_of_the_package_is_in_the_wheel_and_nothing_else_is(wheel: Path) -> None:
    found = {name for name in names(wheel) if ".dist-info/" not in name}
    of_package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "detector").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in found if not name.startswith("detector/shipped/")} == of_package
    assert {"detector/py.typed", "detector/examples/examples.json"} <= found


def test_the_weights_in_the_wheel_are_those_of_the_manifest(wheel: Path) -> None:
    manifest = json.loads((ROOT / "weights" / "manifest.json").read_text(encoding="utf-8"))
    files = [entry["file"] for entry in manifest["models"].values()] + list(manifest["face_detectors"].values())
    content = zipfile.ZipFile(wheel)
    for file in files:
        data = content.read(f"detector/shipped/{file['name']}")
        assert hashlib.sha256(data).hexdigest() == file["sha256"], file["name"]
    assert "detector/shipped/LICENSE.md" in names(wheel)
    assert wheel.stat().st_size < 100e6, "what the package index takes without asking"


def test_the_metadata_come_from_their_one_source(wheel: Path) -> None:
    metadata = email.message_from_string(text_of(wheel, "METADATA"))
    assert (metadata["Name"], metadata["Version"]) == ("photo-check", VERSION)
    assert SpecifierSet(metadata["Requires-Python"]) == SpecifierSet(">=3.11,<3.14")
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    listed = {Requirement(line) for line in lines if line and not line.startswith("#")}
    required = {Requirement(line) for line in metadata.get_all("Requires-Dist", [])}
    assert {each for each in required if "extra" not in str(each.marker)} == listed
    assert set(metadata.get_all("Provides-Extra", [])) == {"export", "parquet", "ray"}
    scripts = configparser.ConfigParser()
    scripts.read_string(text_of(wheel, "entry_points.txt"))
    assert dict(scripts["console_scripts"]) == {"photo-check": "detector.__main__:main"}


def test_it_is_imported_from_any_folder(installed: Path, tmp_path: Path) -> None:
    out = run(installed, tmp_path, "-c", "import detector; print(detector.__file__, *dir(detector))")
    path, *offered = out.split()
    assert Path(path).is_relative_to(installed)
    assert {"Detector", "DetectorError", "Report", "Verdict", "load_detector"} <= set(offered)


def test_the_program_has_its_own_name_and_finds_weights_and_examples(installed: Path, tmp_path: Path) -> None:
    script = tmp_path / "photo-check"
    script.write_text("import sys; from detector.__main__ import main; sys.exit(main())", encoding="utf-8")
    assert run(installed, tmp_path, str(script), "--help").startswith("usage: photo-check ")
    models = json.loads(run(installed, tmp_path, str(script), "models", "--json"))
    assert str(models).count("local") >= 1, models
    code = (
        "from detector.weights.store import WeightStore; from detector.web.gallery import read_examples; "
        "store = WeightStore(); files = [model.file for model in store.manifest.models.values()]; "
        "print(*(store.locate(file).path for file in files), *(example.path for example in read_examples()))"
    )
    for path in run(installed, tmp_path, "-c", code).split():
        assert Path(path).is_relative_to(installed), path


def test_the_self_check_compares_versions_with_the_installed_list(installed: Path, tmp_path: Path) -> None:
    code = "from detector import self_check; print(self_check._versions()); print(self_check._cure())"
    out = run(installed, tmp_path, "-c", code)
    assert "tensorflow" in out and "requirements.txt" not in out
