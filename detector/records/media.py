"""Pictures and clips as decoded, and what is known of their files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from detector.records.arrays import UInt8Image, check_rgb

__all__ = ["ClipCounts", "Frame", "InputInfo", "LoadedImage", "MediaKind", "Preview"]

MediaKind = Literal["image", "video"]
"""What a file is, and what a model is for."""


@dataclass(frozen=True)
class Frame:
    """One decoded, upright picture."""

    rgb: UInt8Image
    """(H, W, 3) uint8 RGB."""
    index: int = 0
    """Position in decoding order; 0 for a still image."""
    time_s: float | None = None
    """Presentation time in seconds; None for a still image."""

    def __post_init__(self) -> None:
        check_rgb(self.rgb, "Frame.rgb")


@dataclass(frozen=True)
class InputInfo:
    """What is known of the input file itself."""

    name: str
    """Base name as given by the user, without folders."""
    sha256: str
    """Hex digest of the file's bytes."""
    kind: MediaKind
    format: str
    """Container as found in the bytes, for example "JPEG"."""
    bytes: int
    width: int
    """Pixels, after orientation is applied."""
    height: int
    notes: tuple[str, ...] = ()
    """Sentences for the user, such as "Only the first of 12 frames was read."."""
    duration_s: float | None = None
    """Length of a clip as measured from its time stamps, seconds; None for a picture."""
    fps: float | None = None
    """Frames per second as measured, on average; None for a picture and for a clip of one frame."""
    codec: str | None = None
    """FFmpeg's name of a clip's coding, such as "h264"."""


@dataclass(frozen=True)
class LoadedImage:
    """A still image with its file's facts."""

    frame: Frame
    info: InputInfo
    stored_size: tuple[int, int] | None = None
    """(width, height) in the file, upright, where the picture was made smaller; None for that of the frame."""


@dataclass(frozen=True)
class ClipCounts:
    """What became of a clip's frames."""

    in_file: int
    """Frames that the file holds, by its packets."""
    decoded: int
    """Frames decoded: the wanted ones, and those on the way to one that had to be."""
    undecodable: int
    """Frames on the way that could not be decoded."""
    sampled: int
    """Frames that were analysed."""


@dataclass(frozen=True)
class Preview:
    """The picture that stands beside a result: the photo made smaller, or one frame of a clip."""

    rgb: UInt8Image | None
    """(H, W, 3) uint8 RGB, upright, at most some 1600 pixels a side; None where only the facts were kept."""
    scale: float
    """Pixels of the preview a pixel of the picture, in (0, 1]: boxes times this are places in the preview."""
    time_s: float | None = None
    """Of a clip: the frame's time, seconds from its beginning; None for a photo."""
    sample: int | None = None
    """Of a clip: the running number of the sampled frame (``TimePoint.sample``); None for a photo."""

    def __post_init__(self) -> None:
        if self.rgb is not None:
            check_rgb(self.rgb, "Preview.rgb")
        if not 0.0 < self.scale <= 1.0:
            raise ValueError(f"Preview.scale: expected a number in (0, 1], got {self.scale!r}")
