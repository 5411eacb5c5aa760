"""Frames of a camera as browsers send them: one small JPEG after another, which nobody keeps."""

from __future__ import annotations

import io

from PIL import Image

from detector.errors import MediaTooLarge, UnsupportedMedia
from detector.media.containers import identify
from detector.media.decoder_errors import decoder_errors
from detector.media.images import decode_image
from detector.records import UInt8Image
from detector.sentences import Sentence

__all__ = ["MOST_BYTES", "MOST_PIXELS", "decode_camera_frame"]

MOST_BYTES = 2 << 20
"""Of one frame; the page asks the camera for 640 by 480, which is 0.1 MB."""
MOST_PIXELS = 1920 * 1440


def decode_camera_frame(data: bytes) -> UInt8Image:
    """Decode one frame.

    Args:
        data: a JPEG file.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        MediaTooLarge: more than ``MOST_BYTES`` or ``MOST_PIXELS``; nothing was decoded.
        UnsupportedMedia: not a JPEG.
        DamagedMedia: not decodable as a whole.
    """
    if len(data) > MOST_BYTES:
        raise MediaTooLarge(_TOO_LARGE)
    if identify(data) != "JPEG":
        raise UnsupportedMedia(
            Sentence("The camera's picture did not arrive as JPEG. Reload the page and start the camera again.")
        )
    with decoder_errors("JPEG"), Image.open(io.BytesIO(data), formats=("JPEG",)) as header:
        width, height = header.size
    if width * height > MOST_PIXELS:
        raise MediaTooLarge(_TOO_LARGE)
    return decode_image(data).frame.rgb


_TOO_LARGE = Sentence("The camera's picture is too large to be checked live. Set the camera to 1920 by 1440 or less.")
