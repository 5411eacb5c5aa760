"""Whether a file is whole, judged from its bytes alone: what the formats have in common. No decoder is involved and no pixel is
made; each format has a module of its own.

``images`` asks before it decodes, because decoders are forgiving where a detector must not be: Pillow skips the
checksum of a PNG's pixels, and no decoder of JPEG, WebP, AVIF or HEIC notices that the end of a file was never written
and holds only zeros. A picture that lacks a part must not be scored as if it were whole.

The ``*_damage`` functions return a phrase that completes "This file is damaged (...)", or None where nothing is wrong.
They check structure; damage inside well-formed structure is left to the decoder.

A stranger can also make a whole file of millions of empty parts, over which decoders and these modules would think for
minutes. So every walk ends after ``MOST_PARTS``, far more than any program writes, with ``MediaTooLarge``.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from detector.errors import MediaTooLarge
from detector.sentences import Sentence

__all__ = ["ENDS_EARLY", "HOLLOW", "HOLLOW_TAIL_BYTES", "MOST_PARTS", "PARSER_ERRORS", "counted", "is_hollow"]

ENDS_EARLY = Sentence("it ends too early")
HOLLOW = Sentence("its end was never written and holds only zeros")
HOLLOW_TAIL_BYTES = 512
"""Compressed picture data do not end in this many zero bytes; a copy that broke off after space was set aside does."""
MOST_PARTS = 100_000
"""Chunks, segments, boxes, frames or pages in a file; the largest files that are read have some ten thousand."""
PARSER_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
    struct.error,
    zlib.error,
)
"""What Pillow and its plugins let out on hostile bytes: much of their parsing is plain Python."""


def counted(what: Sentence, most: int = MOST_PARTS) -> Iterator[int]:
    """Count the parts of a file.

    Raises:
        MediaTooLarge: more than anybody needs.
    """
    yield from range(most)
    raise MediaTooLarge(
        Sentence(
            "The file consists of more than {most} {what}, which no camera or program writes. "
            "Save the picture anew, for example as JPEG, and try again.",
            most=most,
            what=what,
        )
    )


def is_hollow(data: bytes, start: int, end: int) -> bool:
    """Whether the span ends in zeros where compressed data cannot."""
    tail = data[max(start, end - HOLLOW_TAIL_BYTES) : end]
    return len(tail) == HOLLOW_TAIL_BYTES and not any(tail)
