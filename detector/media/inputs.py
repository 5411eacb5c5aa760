"""What may be given in place of a path: bytes, an open file, a PIL picture, an array of pixels.

The readers of this package judge a file by its bytes, so each of these becomes a file for as long as it is read, without
loss of quality: bytes as they are, pixels as PNG.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detector.errors import DamagedMedia, UnsupportedMedia

if TYPE_CHECKING:
    from typing import BinaryIO

    from PIL import Image

__all__ = ["Source", "as_file"]

Source: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | NDArray[np.uint8]"
)
"""A path; the bytes of a file; a file opened in binary mode; a picture; or (H, W, 3) uint8 RGB."""

_PNG_MODES = {"1", "L", "LA", "I;16", "P", "RGB", "RGBA"}
"""Modes of Pillow that PNG holds without a change."""
_BLOCK = 1 << 20


@contextlib.contextmanager
def as_file(source: Source, name: str | None = None) -> Iterator[tuple[str | os.PathLike[str], str | None]]:
    """Give the path of the source and the name to show, as long as the context lasts.

    Args:
        source: a path is given back as it is. A file object is read from where it stands to its end, and stays open. A
            picture is written with its colour profile and its EXIF data, orientation included.
        name: of the file as the user knows it; default the source's own, where it has one.

    Returns:
        (path, name): the source's own path, or that of a private temporary file; name may be None for a path only.

    Raises:
        UnsupportedMedia: the source is something else.
        DamagedMedia: a picture that PIL has opened but cannot decode.
        OSError: the temporary file cannot be written, or the file object cannot be read.
    """
    if isinstance(source, str | os.PathLike):
        yield source, name
        return
    # A folder and not a NamedTemporaryFile, which Windows does not let anyone open a second time.
    with tempfile.TemporaryDirectory(prefix="source-") as folder:
        path = Path(folder) / "source"
        _write(source, path)
        yield path, name or _own_name(source)


def _write(source: object, path: Path) -> None:
    # Here and below: whoever gives paths to a detector in another process needs no decoder in this one.
    from PIL import Image

    if isinstance(source, bytes | bytearray | memoryview):
        path.write_bytes(source)
    elif isinstance(source, np.ndarray):
        _write_pixels(source, path)
    elif isinstance(source, Image.Image):
        _write_picture(source, path)
    elif hasattr(source, "read"):
        _write_stream(source, path)
    else:
        raise UnsupportedMedia(
            f"A {type(source).__name__} cannot be analysed: give a path, bytes, a file opened in binary mode, a "
            "PIL.Image.Image, or an (H, W, 3) uint8 RGB array."
        )


def _write_pixels(rgb: NDArray, path: Path) -> None:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
        raise UnsupportedMedia(
            f"The array has the shape {rgb.shape} and the type {rgb.dtype}: give a non-empty (H, W, 3) uint8 array in the "
            "order red, green, blue."
        )
    from PIL import Image

    _write_picture(Image.fromarray(np.ascontiguousarray(rgb)), path)


def _write_picture(picture: Image.Image, path: Path) -> None:
    try:
        kept = {"icc_profile": picture.info.get("icc_profile"), "exif": picture.getexif().tobytes()}
        if picture.mode not in _PNG_MODES:
            # The profile describes the mode that is left here.
            del kept["icc_profile"]
            picture = picture.convert("RGBA" if picture.mode in ("PA", "La", "RGBa") else "RGB")
            picture.info.pop("icc_profile", None)
        picture.save(path, "PNG", compress_level=1, **{key: value for key, value in kept.items() if value})
    except (OSError, SyntaxError, ValueError) as error:
        raise DamagedMedia(f"The picture cannot be decoded ({error}): use the original file.") from error


def _write_stream(stream: Any, path: Path) -> None:
    """Copy at most one byte more than is read of any file: whoever reads it then says that it is too large."""
    from detector.media.clip_kinds import MAX_FILE_BYTES

    left = MAX_FILE_BYTES + 1
    with path.open("wb") as file:
        while left > 0 and (block := stream.read(min(_BLOCK, left))):
            if not isinstance(block, bytes | bytearray):
                raise UnsupportedMedia('The file is open as text: open it in binary mode, as in open(path, "rb").')
            file.write(block)
            left -= len(block)


def _own_name(source: object) -> str:
    """The base name that a file object or an opened picture has; "unnamed" for others."""
    own = getattr(source, "filename", None) or getattr(source, "name", None)
    return os.path.basename(os.fspath(own)) if isinstance(own, str | os.PathLike) and own else "unnamed"
