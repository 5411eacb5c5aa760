"""What a reader should know of a picture file beside its pixels: other pictures in it."""

from __future__ import annotations

from detector.media.gif import scan_gif
from detector.media.png import png_frames
from detector.sentences import Sentence

__all__ = ["UNENDED", "note_other_pictures"]

UNENDED = Sentence("The file lacks the mark at its end; the picture in it is whole.")


def note_other_pictures(data: bytes, kind: str, opened_as: str | None, frames: int, notes: list[str]) -> None:
    """Say so where a file holds more pictures than the one that was read."""
    if kind == "GIF":
        frames = scan_gif(data).frames
    elif kind == "PNG":
        frames, still_is_first = png_frames(data)
        if not still_is_first:
            notes.append(
                Sentence(
                    "Only the still picture was read, not the animation of {frames} frames beside it.", frames=frames
                )
            )
            return
    if frames > 1 and (kind == "HEIC" or opened_as == "MPO"):
        notes.append(Sentence("Only the main one of {frames} pictures in the file was read.", frames=frames))
    elif frames > 1 and kind == "TIFF":
        notes.append(Sentence("Only the first of {frames} pages was read.", frames=frames))
    elif frames > 1:
        notes.append(Sentence("Only the first of {frames} frames was read.", frames=frames))
