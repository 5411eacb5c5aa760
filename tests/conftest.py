"""What all tests share: public-domain portraits, a folder of small random models, markers for what may be absent."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from tests import ROOT
from tests.support import browsing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from detector import Detector
    from detector.faces.finder import FaceFinder

# Before TensorFlow is first imported, by whichever test.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# What a test keeps of the examples goes with it.
# Gradio looks for a free port from here on, and two processes that look at the same time may take the same one.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
os.environ.setdefault("GRADIO_SERVER_PORT", str(7860 + 100 * _WORKER))
os.environ["DETECTOR_CACHE_DIR"] = tempfile.mkdtemp(prefix="photo-check-tests-")
atexit.register(shutil.rmtree, os.environ["DETECTOR_CACHE_DIR"], ignore_errors=True)

SHIPPED = ROOT / "weights"
DATA = ROOT.parent / "shared" / "data"

MARKERS = {
    "needs_weights": "needs the shipped image models (weights/manifest.json and the files it names)",
    "needs_data": "needs the face data in ../shared/data",
}


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}; skipped with a reason where absent")
    config.addinivalue_line("markers", "slow: takes long; left out unless asked for by -m, as .ci/run does")
    config.addinivalue_line("markers", "needs_training: needs requirements-train.txt; set by itself, see below")


LONGEST = (
    "test_first_minute.py",
    "test_browser.py",
    "test_hostile.py",
    "test_faults.py",
    "test_exports.py",
    "test_starts.py",
    "test_browser_beside.py",
    "test_sequences.py",
    "test_gradcam.py",
    "test_browser_clip.py",
    "test_inference.py",
    "test_kinds.py",
    "test_shipped.py",
    "test_isolation.py",
    "test_networks.py",
    "test_clip.py",
    "test_sub_path.py",
    "test_mcp.py",
    "test_printed.py",
    "test_gate_served.py",
    "test_evaluate.py",
    "test_refused.py",
    "test_document.py",
    "test_hostile_weights.py",
)
"""Files that take longest. They come first, so that two processes, which take a file at a time, end at about the same time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, and mark the tests of modules that need PyTorch, so that what the README's command skipped
    can be asked for alone."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
    needs: dict[Path, bool] = {}
    for item in items:
        if item.path not in needs:
            needs[item.path] = 'importorskip("torch"' in item.path.read_text(encoding="utf-8")
        if needs[item.path]:
            item.add_marker("needs_training")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("needs_weights") is not None and (missing := _missing_weights()):
        pytest.skip(missing)
    if item.get_closest_marker("needs_data") is not None and not (DATA / "faces.tsv").is_file():
        pytest.skip(f"no face data: {DATA / 'faces.tsv'} does not exist")


def _missing_weights() -> str:
    """Why the shipped models cannot be used; empty if they can."""
    models = json.loads((SHIPPED / "manifest.json").read_text(encoding="utf-8"))["models"]
    if not models:
        return "weights/manifest.json lists no model yet"
    absent = [entry["file"]["name"] for entry in models.values() if not (SHIPPED / entry["file"]["name"]).is_file()]
    return f"not in weights/: {', '.join(absent)}" if absent else ""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; started once in each process that runs tests."""
    with browsing.launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def profiles(browser: Browser) -> browsing.Profiles:
    """Of ``browser``."""
    return browsing.Profiles(browser)


@pytest.fixture
def visit(profiles: browsing.Profiles) -> Iterator[browsing.OpenPage]:
    """Opens pages in ``browser``, each as a new visitor."""
    with browsing.visits_of(profiles) as open_page:
        yield open_page


@pytest.fixture(scope="session")
def finder() -> Iterator[FaceFinder]:
    """The real one, with the shipped models."""
    from detector.models.loading import open_finder
    from detector.weights.store import WeightStore

    with open_finder(WeightStore(SHIPPED)) as found:
        yield found


@pytest.fixture(scope="session")
def astronaut() -> NDArray[np.uint8]:
    """Eileen Collins (NASA, public domain), one face; (512, 512, 3) uint8 RGB."""
    rgb: NDArray[np.uint8] = skimage.data.astronaut()
    return rgb


@pytest.fixture(scope="session")
def hopper() -> NDArray[np.uint8]:
    """Grace Hopper (US Navy, public domain), one face; (600, 512, 3) uint8 RGB."""
    with Image.open(Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg") as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.fixture(scope="session")
def portrait(astronaut: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The astronaut as a PNG file."""
    path = tmp_path_factory.mktemp("photos") / "astronaut.png"
    Image.fromarray(astronaut).save(path)
    return path


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights folder with the shipped face detectors and two small random models, "tiny" (default) and "other"."""
    import keras

    from detector.models.networks import build
    from detector.records import Bands, Calibration, CropSpec, ErrorRate, ModelSpec, Verdict, WeightFile
    from detector.weights.manifest import update_manifest
    from detector.weights.store import load_manifest

    folder = tmp_path_factory.mktemp("weights")
    values = json.loads((SHIPPED / "manifest.json").read_text(encoding="utf-8"))
    values |= {"models": {}, "hub": None, "default": {"image": "tiny"}}
    (folder / "manifest.json").write_text(json.dumps(values), encoding="utf-8")
    for file in load_manifest(folder).face_detectors.values():
        shutil.copy(SHIPPED / file.name, folder / file.name)
    for name, size, margin in (("tiny", 32, 0.3), ("other", 48, 0.1)):
        keras.utils.set_random_seed(size)
        path = folder / f"{name}.weights.h5"
        build("cnn", size).save_weights(path)
        spec = ModelSpec(
            name=name,
            architecture="cnn",
            kind="image",
            file=WeightFile(path.name, path.stat().st_size, _sha256(path)),
            crop=CropSpec(size=size, margin=margin),
            calibration=Calibration(),
            bands=Bands(0.4, 0.6, 0.9),
            heatmap_full_scale=0.05,
            track_record=(ErrorRate(Verdict.NO_CLEAR_SIGNS, genuine=90, fake=20),),
            trained_with="random weights of the tests",
            trained_at_commit="0" * 40,
        )
        update_manifest(folder, model=spec)
    return folder


@pytest.fixture(scope="session")
def tiny_detector(tiny_weights: Path) -> Iterator[Detector]:
    """The whole pipeline over ``tiny_weights``, loaded once."""
    from detector import load_detector

    with load_detector(tiny_weights) as detector:
        yield detector


@pytest.fixture(scope="session")
def shipped_detector() -> Iterator[Detector]:
    """The whole pipeline over the shipped weights, loaded once; for tests marked ``needs_weights``."""
    from detector import load_detector

    with load_detector(SHIPPED) as detector:
        yield detector


@pytest.fixture(scope="session")
def clip_weights(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``tiny_weights`` with rules for clips: six frames, and the mean of "tiny" decides."""
    from detector.records import Bands, Calibration, ClipRules, FrameMean
    from detector.weights.manifest import update_manifest

    folder = shutil.copytree(tiny_weights, tmp_path_factory.mktemp("clip_weights") / "weights")
    mean = FrameMean(Calibration(), Bands(0.4, 0.6, None), (), "random weights of the tests")
    update_manifest(folder, clips=ClipRules(6, 1, 3, 0.2, None, {"tiny": mean}))
    return folder


@pytest.fixture(scope="session")
def tiny_detector_for_clips(clip_weights: Path) -> Iterator[Detector]:
    """The same pipeline over ``clip_weights``."""
    from detector import load_detector

    with load_detector(clip_weights) as detector:
        yield detector


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
