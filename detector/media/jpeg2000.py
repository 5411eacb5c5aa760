"""JPEG 2000: a codestream (ITU-T T.800) by itself or in the boxes of JP2."""

from __future__ import annotations

from detector.media.structure import ENDS_EARLY, HOLLOW, is_hollow
from detector.sentences import Sentence

__all__ = ["JP2_BOX", "JPEG2000_START", "jpeg2000_damage"]

JP2_BOX = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
JPEG2000_START = b"\xff\x4f\xff\x51"
_END_MARK = b"\xff\xd9"


def jpeg2000_damage(data: bytes) -> Sentence | None:
    """Check that the codestream has its end mark, which no picture data contain, and no hollow tail before it.

    What lies between is the decoder's to check, which refuses what it cannot decode as a whole.
    """
    start = data.find(JPEG2000_START)
    end = data.rfind(_END_MARK, max(start, 0))
    if start < 0 or end < 0:
        return ENDS_EARLY
    return HOLLOW if is_hollow(data, start, end) else None
