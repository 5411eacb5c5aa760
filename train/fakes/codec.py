"""A still compressed as a frame of a video would be."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np

__all__ = ["through_h264"]


def through_h264(rgb: np.ndarray, crf: int, frames: int = 5, preset: str = "medium") -> np.ndarray:
    """Encode a still as a short clip and take one frame back.

    The clip pans by one pixel a frame, since frames that stand still would let the encoder improve the same picture from
    frame to frame; the one in the middle, which is not moved, is taken back.

    Args:
        rgb: (H, W, 3) uint8 RGB, 2 pixels a side at least.
        crf: constant rate factor; higher is worse.
        frames: length of the clip. Two already hold one frame that is predicted from another.
        preset: of x264; slower ones compress better at the same quality.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        RuntimeError: the codec gave back another number of frames than it was given.
    """
    height, width = rgb.shape[:2]
    # 4:2:0 needs even sides.
    padded = cv2.copyMakeBorder(rgb, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    encoder = av.CodecContext.create("libx264", "w")
    encoder.height, encoder.width = padded.shape[:2]
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
    encoder.options = {"crf": str(crf), "preset": preset, "threads": "1"}
    packets = []
    for index in range(frames):
        move = np.array([[1, 0, index - frames // 2], [0, 1, 0]], np.float32)
        moved = cv2.warpAffine(padded, move, padded.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        frame = av.VideoFrame.from_ndarray(moved, format="rgb24")
        frame.pts = index
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    decoded = [frame for packet in packets for frame in decoder.decode(packet)] + decoder.decode(None)
    if len(decoded) != frames:
        raise RuntimeError(f"through_h264: {frames} frames went in and {len(decoded)} came out; reinstall av")
    return np.ascontiguousarray(decoded[frames // 2].to_ndarray(format="rgb24")[:height, :width])
