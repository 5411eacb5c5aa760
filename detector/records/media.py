"""Pictures and clips as decoded, and what is known of their files."""

from __future__ import annotations

from dataclasses import dataclass

from detector.records.arrays import UInt8Image, check_rgb

__all__ = ["ClipCounts", "Frame", "InputInfo", "LoadedImage"]


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
    kind: str
    """"image" or "video"."""
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
    """Frames that were looked at."""
