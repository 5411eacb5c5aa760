"""The arrows: which room may import which, and which library may be used where. Read from the source, so that an import
inside a function or under a condition counts as well.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import ROOT, in_new_python

PACKAGE = sorted((ROOT / "detector").rglob("*.py"))
TRAINING = sorted((ROOT / "train").rglob("*.py"))
SOURCES = [*PACKAGE, *TRAINING, *sorted(ROOT.glob("app*.py"))]

RECORDS = {"detector.records", "detector.errors", "detector.sentences"}
STAGES = {
    f"detector.{stage}"
    for stage in [
        "media",
        "video",
        "clip_writer",
        "faces",
        "tracks",
        "models",
        "inference",
        "sequences",
        "gradcam",
        "overlay",
        "timeline",
        "regions",
        "verdict",
        "weights",
        "report",
        "provenance",
    ]
}
# The rooms that know the stages: loading (models with their checks), pipeline (a picture's way), clip (a clip's way) and
# annotation (a clip's way back into a file).
ALLOWED: dict[str, set[str]] = {
    "detector.records": set(),
    "detector.errors": set(),
    "detector.sentences": set(),
    **dict.fromkeys(STAGES, RECORDS),
    # The two decoders have parts in rooms of their own, which know no stage and which no other stage knows.
    "detector.files": RECORDS,
    "detector.colour": RECORDS,
    "detector.containers": RECORDS,
    "detector.media": RECORDS | {"detector.files", "detector.colour", "detector.containers"},
    "detector.clip_formats": set(),
    "detector.frames": RECORDS,
    "detector.clip_scan": RECORDS | {"detector.clip_formats"},
    # It opens a clip for its sound, as safely as video does for its pictures.
    "detector.clip_writer": RECORDS | {"detector.clip_formats", "detector.clip_scan"},
    "detector.video": RECORDS
    | {"detector.files", "detector.containers", "detector.clip_formats", "detector.clip_scan", "detector.frames"},
    # What a file says about itself: its entries, its signed manifest, and what both mean.
    "detector.metadata": RECORDS | {"detector.containers", "detector.clip_formats", "detector.clip_scan"},
    "detector.credentials": RECORDS | {"detector.metadata"},
    "detector.provenance": RECORDS | {"detector.metadata", "detector.credentials"},
    "detector.manifest": RECORDS,
    # Explains what it runs itself, so that scores and maps come from one pass.
    "detector.gradcam": RECORDS | {"detector.inference"},
    "detector.weights": RECORDS | {"detector.manifest"},
    # Base modules like records: loading models is noisy wherever it is done.
    "detector.console": set(),
    "detector.faces": RECORDS | {"detector.console", "detector.copies"},
    "detector.copies": set(),
    "detector.memory": set(),
    "detector.inference": RECORDS | {"detector.copies", "detector.memory"},
    # What the page says and how it is laid out.
    "detector.words": RECORDS,
    "detector.words_about": RECORDS,
    "detector.feedback": RECORDS,
    "detector.page_about": RECORDS
    | {"detector.words", "detector.words_about", "detector.language", "detector.page_parts"},
    "detector.german": {"detector.german_sharing", "detector.german_server"},
    "detector.words_server": RECORDS,
    "detector.words_gradio": RECORDS | {"detector.words", "detector.words_server"},
    "detector.german_server": {"detector.words_server", "detector.words_gradio"},
    "detector.german_sharing": set(),
    "detector.language": RECORDS | {"detector.german"},
    "detector.page_parts": RECORDS | {"detector.words", "detector.language"},
    "detector.page_clip": RECORDS | {"detector.words", "detector.language", "detector.page_parts"},
    "detector.words_provenance": RECORDS,
    "detector.words_report": RECORDS,
    "detector.words_examples": RECORDS | {"detector.words"},
    "detector.page_provenance": RECORDS | {"detector.words_provenance", "detector.language"},
    "detector.plain_text": RECORDS
    | {"detector.words", "detector.words_provenance", "detector.words_report", "detector.language"},
    "detector.page": RECORDS
    | {"detector.words_report", "detector.page_provenance", "detector.plain_text"}
    | {"detector.words", "detector.language", "detector.page_parts", "detector.page_clip"},
    "detector.page_document": RECORDS
    | {"detector.words_report", "detector.language", "detector.page", "detector.report"},
    # Draws and encodes what the page shows.
    "detector.pictures": RECORDS | {"detector.media", "detector.overlay", "detector.timeline", "detector.page"},
    # The examples, what was said of them, and the cache of that.
    "detector.gallery": RECORDS
    | {
        "detector.language",
        "detector.page",
        "detector.page_parts",
        "detector.pictures",
        "detector.report",
        "detector.words",
    }
    | {"detector.words_examples"},
    # "detector" itself is asked for its version.
    "detector.loading": RECORDS | STAGES,
    # Small changes of a face and what they do to its score; all that the deciding model looks at.
    "detector.stability": RECORDS | STAGES,
    "detector.looks": RECORDS | STAGES | {"detector.loading", "detector.stability"},
    # A thread that makes items ahead, of whatever kind.
    "detector.ahead": set(),
    # It is lent a finder and asks where to look.
    "detector.following": RECORDS | {"detector.loading"},
    "detector.clip": RECORDS
    | STAGES
    | {"detector.loading", "detector.stability", "detector.ahead", "detector.following"},
    "detector.annotation": RECORDS | STAGES,
    "detector.pipeline": RECORDS
    | STAGES
    | {"detector.loading", "detector.looks", "detector.memory", "detector.stability", "detector.clip", "detector"},
    # The pipeline in a process of its own; the rooms that load TensorFlow are imported in that process only.
    "detector.isolation": RECORDS
    | {"detector.annotation", "detector.console", "detector.manifest", "detector.memory", "detector.pipeline"}
    | {"detector.words_server"},
    # Tries a part of each room; the whole of it through the isolated pipeline.
    "detector.self_check": RECORDS
    | {"detector.clip_scan", "detector.clip_writer", "detector.isolation", "detector.media", "detector.weights"},
    "detector": RECORDS | {"detector.pipeline"},
}
"""What each module of the package may import of it. ``__main__``, ``app`` and ``train`` may import all of it."""

NETWORKS = {
    *("detector.inference", "detector.models", "detector.sequences", "detector.gradcam", "detector.weights"),
    "train",
}
"""Where networks are made, run, explained and trained."""
HOMES: dict[str, set[str]] = {
    # The other rooms of the page take it from there.
    "gradio": {"app_gradio"},
    # Training needs landmarks for its pseudo-fakes; what is scored comes from detector.faces there too.
    "mediapipe": {"detector.faces", "train.landmarks"},
    # colour converts what media decoded, and opens nothing; metadata opens pictures for their entries and decodes none.
    "PIL": {"detector.media", "detector.colour", "detector.metadata"},
    "pillow_heif": {"detector.media", "detector.metadata"},
    "c2pa": {"detector.credentials"},
    "defusedxml": {"detector.metadata"},
    # media asks FFmpeg for its opinion of a JPEG; video and frames read clips, clip_writer writes them. train.codec
    # compresses stills the way a video would, in memory.
    # metadata reads a clip's tags.
    "av": {"detector.media", "detector.video", "detector.clip_scan", "detector.frames", "detector.clip_writer"}
    | {"detector.metadata", "train.codec"},
    "tensorflow": NETWORKS,
    "keras": NETWORKS,
    # The gate before the page knows the web, and neither the page nor a picture.
    "limits": {"app_server"},
    "huggingface_hub": {"detector.weights", "train.publish"},
    "cv2": {"detector.media", "detector.faces", "detector.tracks", "detector.overlay", "detector.timeline", "train"}
    # Blurs what is to be hidden.
    | {"detector.regions"},
    "imageio": set(),
    "matplotlib": {"train.curves", "train.figures"},
    "sklearn": {"train.probe"},
    "skimage": set(),
    # Training only: who analyses a picture need not install it.
    "torch": {"train"},
}
"""Where a library may be imported; "train" stands for all of it. Tests may use what they like."""

DECODERS = {"imread", "imdecode", "imreadmulti", "imdecodemulti", "imwrite", "imencode", "VideoCapture", "VideoWriter"}
"""Words of cv2 that read or write media, which only ``media`` may do."""
DEGRADES = {"train.augment": {"imencode", "imdecode"}, "train.degrade": {"imencode"}}
"""Compress pixels in memory to age them: there and back, or into the bytes of a file that the detector then reads."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def imports(source: str, module: str) -> Iterator[tuple[int, str, str | None]]:
    """(line, imported module, name taken from it) of every import anywhere in a source text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, None
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise AssertionError(f"{module}:{node.lineno}: a relative import; name the package")
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if is_module(inner):
                    yield node.lineno, inner, None
                else:
                    yield node.lineno, node.module or "", alias.name
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__"):
                raise AssertionError(f"{module}:{node.lineno}: an import that cannot be read from the source")


def faults(source: str, module: str) -> list[str]:
    """Every import or decoder word in a source text that breaks an arrow."""
    found = []
    top = module.split(".")[0]
    for line, imported, _ in imports(source, module):
        library = imported.split(".")[0]
        if library in ("app", "train", "tests") and top == "detector":
            found.append(f"{module}:{line}: the package imports {imported}")
        if (
            library == "detector"
            and top == "detector"
            and module != "detector.__main__"
            and imported not in ALLOWED[module]
        ):
            found.append(f"{module}:{line}: imports {imported}")
        if library in HOMES and not {module, top} & HOMES[library]:
            found.append(f"{module}:{line}: imports {library}, whose place is {sorted(HOMES[library]) or 'nowhere'}")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in DECODERS and module != "detector.media":
            if node.attr in DEGRADES.get(module, set()):
                continue
            found.append(f"{module}:{node.lineno}: {node.attr}, which only detector.media may use")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_the_arrows_hold(path: Path) -> None:
    assert not faults(path.read_text(encoding="utf-8"), module_name(path))


def test_every_module_has_its_place_in_the_table() -> None:
    modules = {module_name(path) for path in PACKAGE} - {"detector.__main__"}
    assert modules == set(ALLOWED), "a new room must be given its arrows here, and a removed one taken out"


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("detector.faces", "def f():\n    from detector import media"),
        ("detector.faces", "def f():\n    import detector.models as m"),
        ("detector.faces", "if True:\n    from detector.media import read_image"),
        ("detector.records", "from detector.errors import DetectorError"),
        ("detector.verdict", "from detector import load_detector"),
        ("detector.report", "import app"),
        ("detector.pipeline", "import train.fit"),
        ("detector.pipeline", "def f():\n    import tensorflow.keras"),
        ("detector.overlay", "import cv2\ncv2.imread('x')"),
        ("detector.page", "from detector.overlay import legend"),
        ("app", "import cv2"),
        ("app", "from keras import Model"),
        ("train.fit", "import huggingface_hub"),
        ("train.data", "from PIL import Image"),
        ("train.fit", "import mediapipe"),
        ("detector.models", "import torch"),
        ("train.augment", "import cv2\ncv2.imread('x')"),
        ("train.data", "import cv2\ncv2.VideoCapture('x')"),
    ],
)
def test_a_broken_arrow_would_be_seen(module: str, source: str) -> None:
    assert faults(source, module)


@pytest.mark.parametrize(
    "source", ["import importlib\nimportlib.import_module('x')", "__import__('x')", "from . import media"]
)
def test_an_import_that_cannot_be_followed_is_refused(source: str) -> None:
    with pytest.raises(AssertionError, match=r"detector\.faces"):
        faults(source, "detector.faces")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("detector.pipeline", "from detector import __version__\nfrom detector.media import read_image"),
        ("detector.__main__", "from detector import words, load_detector"),
        ("train.fit", "import keras\nfrom detector import media"),
        ("train.publish", "import huggingface_hub"),
        ("app_gradio", "import gradio"),
    ],
)
def test_what_is_meant_to_be_is_not_refused(module: str, source: str) -> None:
    assert not faults(source, module)


@pytest.mark.parametrize("path", [path for path in PACKAGE if path.name != "__main__.py"], ids=module_name)
def test_what_is_public_is_listed_once_in_order_and_exists(path: Path) -> None:
    module = importlib.import_module(module_name(path))
    public = module.__all__
    assert public == sorted(set(public), key=_isort_order)
    assert [name for name in public if not hasattr(module, name)] == []


def _isort_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, each by the alphabet: what ruff's RUF022 makes of ``__all__``."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_modules_take_only_public_words_of_each_other(path: Path) -> None:
    module = module_name(path)
    private = [
        f"{module}:{line}: {imported}.{name}"
        for line, imported, name in imports(path.read_text(encoding="utf-8"), module)
        if name is not None
        and imported.split(".")[0] == "detector"
        and name not in importlib.import_module(imported).__all__
    ]
    assert not private


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, detector\n"
        "libraries = {'tensorflow', 'keras', 'mediapipe', 'cv2', 'PIL', 'av', 'gradio', 'huggingface_hub'}\n"
        "heavy = libraries & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert set(detector.__all__) <= set(dir(detector))\n"
        "try:\n    detector.nonsense\nexcept AttributeError: pass\nelse: raise AssertionError\n"
    )
    in_new_python(code)


def needed_at_import(path: Path) -> set[str]:
    """What importing a file imports, through the modules of ``train`` and to the first name of a library."""
    found: set[str] = set()
    waiting = [path]
    while waiting:
        tree = ast.parse(waiting.pop().read_text(encoding="utf-8"))
        tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        for _, imported, _ in imports(ast.unparse(tree), str(path)):
            if imported.split(".")[0] != "train":
                found.add(imported.split(".")[0])
            elif imported not in found:
                found.add(imported)
                waiting.append(ROOT / (imported.replace(".", "/") + ".py"))
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "tests").glob("test_*.py")), ids=lambda path: str(path.stem))
def test_tests_of_training_can_be_collected_without_its_extras(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    missing = needed_at_import(path) & {"torch", "sklearn", "onnx"}
    assert all(f'importorskip("{library}"' in source for library in missing), (
        f"{path.name} needs {missing}, which the README's test command does not install"
    )
