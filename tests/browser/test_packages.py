"""The programs of others: fixed, compared with their hash, and each fault a sentence with its cure."""

from __future__ import annotations

import io
import tarfile
import urllib.error
from pathlib import Path
from typing import NoReturn

import pytest

from detector.browser.packages import PACKAGES, Package, PackageMissing, files_of

SMALL = PACKAGES[-1]


def tarball(folder: Path, package: Package, content: bytes) -> None:
    with tarfile.open(folder / package.tarball, "w:gz") as archive:
        for name in package.files:
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def test_another_file_than_the_registered_one_is_refused(tmp_path: Path) -> None:
    tarball(tmp_path, SMALL, b"something else")
    with pytest.raises(PackageMissing, match=r"is not the file that it must be.*https://registry"):
        files_of(SMALL, tmp_path)


def test_a_missing_tarball_is_named_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(PackageMissing, match=r"npm pack @litertjs/wasm-utils@"):
        files_of(SMALL, tmp_path)


def test_without_a_network_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> NoReturn:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    with pytest.raises(PackageMissing, match=rf"no route to host.*{SMALL.tarball} with --packages"):
        files_of(SMALL)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_addresses_and_names_are_those_of_the_registry(package: Package) -> None:
    last = package.name.split("/")[-1]
    assert package.address == f"https://registry.npmjs.org/{package.name}/-/{last}-{package.version}.tgz"
    assert package.tarball == f"{package.name[1:].replace('/', '-')}-{package.version}.tgz"


@pytest.mark.slow
def test_the_packages_are_what_they_must_be_and_report_to_nobody(tarballs: Path | None) -> None:
    """From 1.0 on tasks-vision sends reports to an address of Google's; the one that is used knows no address to send to."""
    for package in PACKAGES:
        files = files_of(package, tarballs)
        assert set(files) == {f"{package.folder}/{name}" for name in package.files.values()}
        for name, content in files.items():
            assert b"odml.pa." not in content and b"sendBeacon" not in content, name
