"""Whether all of a picture is there, asked once more: Pillow leaves missing rows or blocks black, and is silent."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from detector.media.decoder_errors import GARBLED, damaged, quiet_decoders
from detector.media.jpeg2000 import jpeg2000_halved
from detector.media.jpeg_check import check_scans
from detector.media.png import png_lacks_rows
from detector.media.structure import PARSER_ERRORS
from detector.media.tiff import tiff_lacks_rows

__all__ = ["check_blocks", "check_strips", "second_opinion"]


@contextlib.contextmanager
def second_opinion(data: bytes, kind: str, smaller: int) -> Iterator[None]:
    """Look for missing parts of a JPEG or PNG in a thread beside what is done meanwhile; an error of that goes first.

    A large JPEG goes one after the other: two decoders at once would hold it twice.

    Raises:
        DamagedMedia: there are some.
    """
    if kind not in ("JPEG", "PNG"):
        yield
        return
    if kind == "JPEG" and smaller > 1:
        check_scans(data, smaller)
        yield
        return
    with ThreadPoolExecutor(1, "second opinion") as pool:
        checked = pool.submit(check_scans if kind == "JPEG" else _check_rows, data)
        yield
    checked.result()


def check_strips(image: Image.Image) -> None:
    """Refuse the page of a TIFF that is not decoded yet, if its directory names too few data for its size."""
    if tiff_lacks_rows(getattr(image, "tag_v2", {}), image.size):
        raise damaged("TIFF", GARBLED)


def check_blocks(data: bytes, image: Image.Image) -> None:
    """Refuse a JPEG 2000, decoded as ``image``, that looks the same without half of its data.

    Its data are then not those of the size that the header states: the decoder has lost its way in them and left out the rest.
    """
    with contextlib.suppress(*PARSER_ERRORS), quiet_decoders():
        halved = jpeg2000_halved(data)
        if halved is None:
            return
        with Image.open(io.BytesIO(halved), formats=("JPEG2000",)) as half:
            same = half.size == image.size and half.tobytes() == image.tobytes()
        if same:
            raise damaged("JPEG 2000", GARBLED)


def _check_rows(data: bytes) -> None:
    if png_lacks_rows(data):
        raise damaged("PNG", GARBLED)
