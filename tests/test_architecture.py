"""Who may import whom: the floors of the packages, and the homes of the libraries. Read from the source, so that an import
inside a function or under a condition counts as well.
"""

from __future__ import annotations

import ast
import functools
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT
from tests.support.running import in_new_python

PACKAGE = sorted((ROOT / "detector").rglob("*.py"))
TRAINING = sorted((ROOT / "train").rglob("*.py"))
SOURCES = [*PACKAGE, *TRAINING, ROOT / "app.py"]

FLOORS: dict[str, tuple[str, ...]] = {
    "detector": (
        "arguments errors sentences paths validation version",  # the ground floor
        "records runtime",
        "media faces weights verdict words",
        "origin drawing models",
        "probes",
        "pipeline report",
        "worker web",
        "self_check scan",
        "commands",
        "__main__",
    ),
    "train": ("command_line lineage metrics", "data", "fakes", "fitting", "measuring", "card", "overnight", "__main__"),
}
"""The packages from the bottom up. Each may import those below it, and those beside it that ``BESIDE`` names."""
BESIDE: dict[str, set[str]] = {
    "detector.errors": {"sentences"},
    "detector.web": {"worker"},
}

HOMES: dict[str, set[str]] = {
    "gradio": {"detector.web"},
    # Training needs landmarks for its pseudo-fakes; what is scored comes from detector.faces there too.
    "mediapipe": {"detector.faces", "train.data.landmarks"},
    # origin opens pictures for their entries and decodes none.
    "PIL": {"detector.media", "detector.origin"},
    "pillow_heif": {"detector.media", "detector.origin"},
    "c2pa": {"detector.origin"},
    "defusedxml": {"detector.origin"},
    # origin reads a clip's tags; train.fakes.codec compresses stills the way a video would, in memory.
    "av": {"detector.media", "detector.origin", "train.fakes.codec"},
    "tensorflow": {"detector.models", "detector.weights", "train"},
    "keras": {"detector.models", "detector.weights", "train"},
    "limits": {"detector.web"},
    "babel": {"detector.words"},
    "pydantic": {"detector.validation", "detector.weights", "detector.report", "train"},
    "pydantic_core": {"detector.validation", "detector.weights", "detector.report", "train"},
    "filelock": {"detector.scan", "detector.web", "train"},
    # For scans only, and optional: of the Parquet table, and of clusters.
    "pyarrow": {"detector.scan"},
    "ray": {"detector.scan"},
    # HTML comes from the report's templates.
    "jinja2": {"detector.report"},
    "huggingface_hub": {"detector.weights", "train.card"},
    # probes blurs what is to be hidden.
    "cv2": {"detector.media", "detector.faces", "detector.drawing", "detector.probes", "train"},
    "imageio": set(),
    "matplotlib": {"train.fitting", "train.card"},
    # heads fits with bounds (L-BFGS-B), metrics ranks.
    "scipy": {"train.metrics", "train.fitting.heads"},
    "sklearn": {"train.measuring", "train.metrics"},
    "skimage": set(),
    "tqdm": {"detector.commands"},
    # Training only: who analyses a picture need not install it.
    "torch": {"train"},
    "onnx": {"detector.models", "train"},
    "onnxruntime": {"detector.models"},
}
"""Where a library may be imported; a package stands for all of it. Tests may use what they like."""

DECODERS = {"imread", "imdecode", "imreadmulti", "imdecodemulti", "imwrite", "imencode", "VideoCapture", "VideoWriter"}
"""Names of cv2 that read or write media, which only ``detector.media`` may do."""
DEGRADES = {
    "train.fakes.align": {"imencode", "imdecode"},
    "train.fakes.augment": {"imencode", "imdecode"},
    "train.measuring.degrade": {"imencode"},
}
"""Compress pixels in memory to age them: there and back, or into the bytes of a file that the detector then reads."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


@functools.cache
def parsed(source: str) -> ast.Module:
    """A source text as a tree, which nobody may change: several tests read each."""
    return ast.parse(source)


def imports(source: str, module: str) -> Iterator[tuple[int, str, str | None]]:
    """(line, imported module, name taken from it) of every import anywhere in a source text."""
    for node in ast.walk(parsed(source)):
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


def floor_of(module: str) -> tuple[str, int]:
    """The package a module belongs to, "detector.media" of "detector.media.images", and its floor.

    Raises:
        AssertionError: it has none.
    """
    top, _, rest = module.partition(".")
    package = rest.partition(".")[0]
    for floor, packages in enumerate(FLOORS[top]):
        if package in packages.split():
            return f"{top}.{package}", floor
    raise AssertionError(f"{module}: no floor; give its package one in FLOORS")


def may_import(module: str, imported: str) -> bool:
    """Whether the floors allow it, for two modules of the same of ``FLOORS``."""
    if imported == module.partition(".")[0] or module == imported.partition(".")[0]:
        # The package's own face: its version, and what it re-exports.
        return True
    (here, floor), (there, below) = floor_of(module), floor_of(imported)
    return here == there or below < floor or there.partition(".")[2] in BESIDE.get(here, set())


def faults(source: str, module: str) -> list[str]:
    """Every import or decoder name in a source text that breaks a rule."""
    found = []
    top = module.split(".")[0]
    prefixes = {module} | {module[:i] for i, c in enumerate(module) if c == "."}
    for line, imported, _ in imports(source, module):
        library = imported.split(".")[0]
        if library in ("app", "train", "tests") and top == "detector":
            found.append(f"{module}:{line}: the package imports {imported}")
        if library == top and library in FLOORS and not may_import(module, imported):
            found.append(f"{module}:{line}: imports {imported}")
        if library in HOMES and not prefixes & HOMES[library]:
            found.append(f"{module}:{line}: imports {library}, whose place is {sorted(HOMES[library]) or 'nowhere'}")
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Attribute) and node.attr in DECODERS and "detector.media" not in prefixes:
            if node.attr in DEGRADES.get(module, set()):
                continue
            found.append(f"{module}:{node.lineno}: {node.attr}, which only detector.media may use")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_imports_go_down(path: Path) -> None:
    assert not faults(path.read_text(encoding="utf-8"), module_name(path))


def test_every_floor_names_what_exists() -> None:
    for top, floors in FLOORS.items():
        there = {
            path.stem for path in (ROOT / top).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
        }
        assert there - {"__init__"} == set(" ".join(floors).split()), top


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("detector.faces.finder", "def f():\n    from detector.media import images"),
        ("detector.faces.finder", "def f():\n    import detector.models.networks as m"),
        ("detector.faces.finder", "if True:\n    from detector.media.images import read_image"),
        ("detector.records", "from detector.verdict.faces import judge_face"),
        ("detector.origin.provenance", "from detector.verdict.faces import judge_face\nimport keras"),
        ("detector.words.results", "from detector.media.images import read_image"),
        ("detector.report.serialise", "import app"),
        ("detector.report.page", "from detector.web import gallery"),
        ("detector.pipeline.detector", "import train.fitting.fit"),
        ("detector.pipeline.detector", "from detector.report import page"),
        ("detector.pipeline.detector", "def f():\n    import tensorflow.keras"),
        ("detector.drawing.overlay", "import cv2\ncv2.imread('x')"),
        ("detector.drawing.overlay", "from detector.models import loading"),
        ("app", "import cv2"),
        ("app", "from keras import Model"),
        ("train.fitting.fit", "import huggingface_hub"),
        ("train.fitting.fit", "from train.measuring import gates"),
        ("train.data.cache", "from PIL import Image"),
        ("train.fitting.fit", "import mediapipe"),
        ("detector.models.networks", "import torch"),
        ("train.fakes.augment", "import cv2\ncv2.imread('x')"),
        ("train.data.cache", "import cv2\ncv2.VideoCapture('x')"),
    ],
)
def test_an_import_that_goes_up_would_be_seen(module: str, source: str) -> None:
    assert faults(source, module)


@pytest.mark.parametrize(
    "source", ["import importlib\nimportlib.import_module('x')", "__import__('x')", "from . import media"]
)
def test_an_import_that_cannot_be_followed_is_refused(source: str) -> None:
    with pytest.raises(AssertionError, match=r"detector\.faces"):
        faults(source, "detector.faces.finder")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "detector.pipeline.detector",
            "from detector import __version__\nfrom detector.media.images import read_image",
        ),
        ("detector.__main__", "from detector.words import results\nfrom detector import load_detector"),
        ("train.fitting.fit", "import keras\nfrom detector.media import images"),
        ("train.card.publish", "import huggingface_hub"),
        ("detector.web.photo_tab", "import gradio"),
    ],
)
def test_what_is_meant_to_be_is_not_refused(module: str, source: str) -> None:
    assert not faults(source, module)


@pytest.mark.parametrize(
    "path", [path for path in PACKAGE if path.name not in ("__main__.py", "__init__.py")], ids=module_name
)
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
        "assert {*detector.__all__, 'errors', 'records'} == set(dir(detector))\n"
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


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("test_*.py")), ids=lambda path: str(path.stem))
def test_tests_of_training_can_be_collected_without_its_extras(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    missing = needed_at_import(path) & {"torch", "onnx"}
    assert all(f'importorskip("{library}"' in source for library in missing), (
        f"{path.name} needs {missing}, which the README's test command does not install"
    )
