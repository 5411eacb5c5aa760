"""Files of several still pictures: the pages of a TIFF, a burst in HEIC. Each is decoded as ``images`` decodes a single one."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from detector.errors import MediaError
from detector.media.containers import identify
from detector.media.decoder_errors import decoder_errors
from detector.media.decoding import MAX_FILE_BYTES, PILLOW_FORMAT
from detector.media.images import decode_image, read_file
from detector.media.tiff import NEW_SUBFILE_TYPE, tiff_pages
from detector.records import LoadedImage

__all__ = ["MOST_PAGES", "Pages", "read_pages"]

_SMALLER_OR_MASK = 0b101
"""Bits of that tag: a preview of another page, a mask of its transparency."""
MOST_PAGES = 24
"""Pictures of one file that are looked at; spread over it where there are more."""
MOST_COUNTED = 500
"""Pages of which it is asked whether they are previews."""


def read_pages(path: str | os.PathLike[str], name: str | None = None) -> Pages:
    """Open a file of one picture or several, such as the pages of a TIFF or a burst in HEIC; errors as of ``read_image``."""
    data = read_file(path)
    shown = os.fspath(path) if name is None else name
    kind = identify(data)
    pages = [0] if kind not in ("TIFF", "HEIC") or not data else _pages_in(data, kind)
    return Pages(data, shown, pages)


@dataclass(frozen=True)
class Pages:
    """Pictures of one file, decoded one by one as they are iterated over."""

    data: bytes
    name: str
    places: Sequence[int]
    """Of the pictures in the file, without previews and masks."""

    @property
    def chosen(self) -> list[int]:
        """Those that are read: all of a few, else ``MOST_PAGES`` spread over the file."""
        count = len(self.places)
        if count <= MOST_PAGES:
            return list(self.places)
        return [self.places[(2 * number + 1) * count // (2 * MOST_PAGES)] for number in range(MOST_PAGES)]

    def __iter__(self) -> Iterator[LoadedImage]:
        for page in self.chosen:
            yield decode_image(self.data, self.name, page if len(self.places) > 1 else None)


def _pages_in(data: bytes, kind: str) -> list[int]:
    """Places of the pictures that are shown to a reader; [0] where ``decode_image`` will say what is wrong."""
    try:
        count = tiff_pages(data) if kind == "TIFF" else 0
        if count == 1 or len(data) > MAX_FILE_BYTES:
            return [0]
        with decoder_errors(kind), Image.open(io.BytesIO(data), formats=(PILLOW_FORMAT.get(kind, kind),)) as image:
            if kind == "HEIC":
                return list(range(getattr(image, "n_frames", 1)))
            if count > MOST_COUNTED:
                return list(range(count))
            found = []
            for page in range(count):
                image.seek(page)
                subfile = getattr(image, "tag_v2", {}).get(NEW_SUBFILE_TYPE, 0)
                if not (isinstance(subfile, int) and subfile & _SMALLER_OR_MASK):
                    found.append(page)
            return found or [0]
    except MediaError:
        return [0]
