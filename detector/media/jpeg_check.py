"""Whether a JPEG is whole, asked of decoders: libjpeg fills missing parts with grey or stray blocks, and Pillow cannot tell."""

from __future__ import annotations

import hashlib
import io

import av
import av.error
from PIL import Image

from detector.errors import MediaTooLarge
from detector.media.decoder_errors import GARBLED, damaged, quiet_decoders
from detector.media.jpeg import jpeg_for_second_opinion, jpeg_is_progressive
from detector.media.structure import PARSER_ERRORS, is_hollow
from detector.sentences import Sentence

__all__ = ["MAX_SCANNED", "check_passes", "check_scans", "with_end_mark"]

MAX_SCANNED = 2_500_000_000
"""Pixels times passes of a progressive JPEG: programs write some ten, of 200 megapixels too, and a hostile file thousands."""
_MOST_UNENDED = 60_000_000
"""Pixels of a JPEG without an end mark, which is decoded several times."""


def check_passes(passes: int, width: int, height: int) -> None:
    """Refuse a picture that would take too long to decode.

    Raises:
        MediaTooLarge: of more than ``MAX_SCANNED``.
    """
    if passes * width * height > MAX_SCANNED:
        raise MediaTooLarge(
            Sentence(
                "The picture has {width} x {height} pixels and is stored in up to {passes} passes, which would take "
                "too long to read. Save it anew as an ordinary JPEG and try again.",
                width=width,
                height=height,
                passes=passes,
            )
        )


def with_end_mark(data: bytes) -> bytes | None:
    """A JPEG that lacks nothing but its end mark, with it; None where parts of the picture are missing as well.

    What stands between the last part of a whole picture and the mark changes no pixel; where a part is missing, it is taken for
    that part.
    """
    data = data.rstrip(b"\xff")  # half of the mark, or fill bytes before it
    ended = data + b"\xff\xd9"
    if is_hollow(data, 0, len(data)):  # zeros in place of the rest are taken for it as well
        return None
    try:
        if jpeg_is_progressive(data):
            return ended  # whose last scan the second opinion will find damaged
        seen = []
        for filler in (b"", b"\x55" * 64, b"\xaa\x13" * 64):
            with quiet_decoders(), Image.open(io.BytesIO(data + filler + b"\xff\xd9"), formats=("JPEG",)) as image:
                if image.width * image.height > _MOST_UNENDED:
                    return None
                seen.append(hashlib.sha256(image.tobytes()).digest())
    except PARSER_ERRORS:
        return None
    return ended if len(set(seen)) == 1 else None


def check_scans(data: bytes, smaller: int = 1) -> None:
    """Refuse a JPEG with damaged scans, in which libjpeg paints grey or stray blocks and Pillow cannot tell.

    FFmpeg's decoder can be told to give up on the first error; on a picture without one it agrees with libjpeg.
    """
    stream = jpeg_for_second_opinion(data)
    if stream is None:
        return
    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.thread_count = 1
    fewer = {"lowres": str(min(3, smaller.bit_length() - 1))} if smaller > 1 else {}
    decoder.options = {"err_detect": "explode+bitstream+buffer", **fewer}
    try:
        decoder.decode(av.Packet(stream))
    except av.error.InvalidDataError as error:
        raise damaged("JPEG", GARBLED) from error
    except av.error.FFmpegError:
        return  # a variant that this decoder does not know: libjpeg's word stands
