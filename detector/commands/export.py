"""``export``: a model as a file for other programs, compared with the shipped one on faces; or as a page that runs it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from detector.commands.command import FAILED, OK, Load, add_command, printable
from detector.commands.inputs import WrongInput, expanded
from detector.paths import EXAMPLES

if TYPE_CHECKING:
    import numpy as np

    from detector.records import ModelSpec
    from detector.weights.store import WeightStore

__all__ = ["add_to", "run"]

_EXTRA = {"tf2onnx": "export", "onnx": "export", "onnxruntime": "export"}
_PAGE = "page"
_ENOUGH = 100
"""Faces from which on the ranges of int8 are measured well."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command and its arguments."""
    parser = add_command(
        commands,
        "export",
        run,
        summary="write a model as LiteRT or ONNX, or a page that runs it in a browser",
        description="Writes an image model, or the part of a video model that looks at single faces, as a file for other "
        "programs, and compares its scores with those of the original on faces. The file takes one crop, "
        "(1, size, size, 3) uint8 RGB, and gives the logit that the face is genuine, before calibration. With --format page it "
        "is a folder for any server of static files: a page that checks photos on the reader's own device.",
        example="python -m detector export --format onnx --out model.onnx",
    )
    parser.add_argument(
        "model", nargs="?", metavar="MODEL", help="name in the manifest (default: the default image model)"
    )
    parser.add_argument("--format", choices=("litert", "onnx", _PAGE), default="litert", help="default litert")
    parser.add_argument(
        "--precision", choices=("float32", "float16", "int8"), default="float32", help="default float32"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="default MODEL-PRECISION.tflite or .onnx, or the folder photo-check-page, here",
    )
    parser.add_argument(
        "--packages", type=Path, metavar="DIR",
        help="for a page: folder with the tarballs of the npm packages that it runs (default: fetched from the registry)",
    )  # fmt: skip
    parser.add_argument(
        "--photos", nargs="+", metavar="FILE", default=[str(EXAMPLES)],
        help=f"photos or folders of photos whose faces are compared; int8 measures its ranges on them and wants {_ENOUGH} "
        "faces or more (default: the examples)",
    )  # fmt: skip


def run(options: argparse.Namespace, load: Load) -> int:  # noqa: ARG001 - a model alone is loaded
    """Write the file and print the comparison."""
    from detector.weights.store import WeightStore

    store = WeightStore(options.weights)
    default = store.manifest.default_image_model
    name = options.model or default
    if (spec := store.manifest.models.get(name)) is None:
        known = ", ".join(store.manifest.models)
        print(f"error: there is no model named {printable(name)}; choose one of: {known}.", file=sys.stderr)
        return FAILED
    if options.format == _PAGE and (name != default or options.precision == "int8"):
        print(
            f"error: a page runs the default image model, {default}, in float32 or float16 (int8 changes verdicts).",
            file=sys.stderr,
        )
        return FAILED
    try:
        return _export(options, store, spec)
    except WrongInput as error:
        print(f"error: {error}", file=sys.stderr)
    except ImportError as error:
        if (extra := _EXTRA.get((error.name or "").partition(".")[0])) is None:
            raise
        print(
            f"error: --format {options.format} needs the package {error.name}. "
            f'Run: python -m pip install "photo-check[{extra}]"',
            file=sys.stderr,
        )
    return FAILED


def _export(options: argparse.Namespace, store: WeightStore, spec: ModelSpec) -> int:
    from detector.models.exports import ExportFormat, Precision, export, exportable, runner
    from detector.models.networks import load as load_network

    form = ExportFormat.LITERT if options.format == _PAGE else ExportFormat(options.format)
    precision = Precision(options.precision)
    crops = _crops(options.photos, store, spec)
    if not len(crops):
        print("error: no face was found in any of the photos; name others with --photos.", file=sys.stderr)
        return FAILED
    model = exportable(load_network(spec.architecture, spec.crop.size, store.locate(spec.file).path))
    content = export(model, form, precision, crops)
    if not _written(content, f"{spec.name}-{precision}{form.suffix}", options, store):
        return FAILED
    print(f"The model: {len(content) / 1e6:.1f} MB, input (1, {spec.crop.size}, {spec.crop.size}, 3) uint8 RGB")
    original = runner(export(model, ExportFormat.LITERT), ExportFormat.LITERT)
    print(_comparison(original, runner(content, form), crops))
    if precision is Precision.INT8 and len(crops) < _ENOUGH:
        print(f"The ranges of int8 were measured on {len(crops)} faces only; name more photos with --photos.")
    return OK


def _written(content: bytes, name: str, options: argparse.Namespace, store: WeightStore) -> bool:
    """Write the model, or the page that runs it, and say so; False after a sentence on what stood in the way."""
    is_page = options.format == _PAGE
    out = options.out or Path("photo-check-page" if is_page else name)
    try:
        if is_page:
            from detector.browser.folder import page_files, write_page
            from detector.browser.packages import PackageMissing

            try:
                files = page_files(store, content, name, options.packages)
            except PackageMissing as error:
                print(f"error: {error}", file=sys.stderr)
                return False
            write_page(files, out)
            size = sum(map(len, files.values()))
        else:
            out.write_bytes(content)
            size = len(content)
    except OSError as error:
        print(f"error: {printable(str(out))} cannot be written: {error.strerror}.", file=sys.stderr)
        return False
    print(f"{printable(str(out))}: {size / 1e6:.1f} MB")
    return True


def _crops(photos: list[str], store: WeightStore, spec: ModelSpec) -> np.ndarray:
    """(N, size, size, 3) uint8 RGB: the faces of the photos, as the model sees them."""
    import numpy as np

    from detector.errors import MediaError
    from detector.faces.crops import crop_face
    from detector.media.images import read_image
    from detector.models.loading import open_finder

    found = []
    with open_finder(store) as finder:
        for path in expanded(photos):
            try:
                frame = read_image(path).frame
            except MediaError:  # a video, or not a picture at all
                continue
            found += [crop_face(frame, face, spec.crop).rgb for face in finder.find(frame)]
    size = spec.crop.size
    return np.stack(found) if found else np.empty((0, size, size, 3), np.uint8)


def _comparison(
    original: Callable[[np.ndarray], np.ndarray], exported: Callable[[np.ndarray], np.ndarray], crops: np.ndarray
) -> str:
    import numpy as np

    outputs, seconds = [], []
    for one in (original, exported):
        one(crops[:1])
        began = time.perf_counter()
        outputs.append(one(crops))
        seconds.append(time.perf_counter() - began)
    what = "feature" if outputs[0].ndim == 2 else "logit"
    apart = float(np.abs(outputs[0] - outputs[1]).max())
    return (
        f"On {len(crops)} faces no {what} differs by more than {apart:.2g} from the original's in float32; "
        f"it takes {seconds[1] / seconds[0]:.2f} times as long here, on one thread."
    )
