"""What a reader should know of the frames of a clip that were not looked at as they are."""

from __future__ import annotations

from dataclasses import dataclass

from detector.sentences import Sentence

__all__ = ["COMBED", "HDR", "MOST_BEYOND", "SCALED", "STRETCHED", "UNENDED", "LostFrames", "notes_on"]

COMBED = Sentence("The clip is interlaced, each picture holding two moments in alternate rows; it was deinterlaced.")
HDR = Sentence("The clip is HDR; its brightness and colours were brought to those of an ordinary clip (tone mapping).")
SCALED = Sentence("The clip is larger than is needed; its frames were scaled down to 4096 pixels while they were read.")
STRETCHED = Sentence("The clip's pixels are not square; it was stretched to the shape in which it is shown.")
UNENDED = Sentence("The file lacks the mark at its end, so frames may be missing from it.")

MOST_BEYOND = 0.1
"""Share of a file that may follow its last frame: tables, and sound that goes on."""


@dataclass(frozen=True)
class LostFrames:
    """Frames of a clip that could not be looked at, beside those that could."""

    decoded: int
    undecodable: int
    too_large: int
    beside: int
    """Frames of further video tracks."""
    beyond: float
    """Share of the file in parts without a track that is read, or behind the last frame of one."""


def notes_on(lost: LostFrames, *, sizes: int) -> list[Sentence]:
    """Sentences for the reader; none where all is as it should be.

    Args:
        lost: what was counted.
        sizes: how many sizes the frames have.
    """
    notes = []
    if lost.undecodable:
        notes.append(
            Sentence(
                "{lost} of {all} frames on the way could not be decoded, so the clip is damaged in part; they were left "
                "out.",
                lost=lost.undecodable,
                all=lost.undecodable + lost.decoded,
            )
        )
    if lost.too_large:
        notes.append(
            Sentence.plural(
                "1 frame is too large to be read and was left out.",
                "{count} frames are too large to be read and were left out.",
                lost.too_large,
            )
        )
    if lost.beside:
        notes.append(
            Sentence(
                "The file holds several video tracks, of which only the largest was looked at ({count} frames of others "
                "were not).",
                count=lost.beside,
            )
        )
    if lost.beyond > MOST_BEYOND:
        notes.append(
            Sentence(
                "{share:.0f} % of the file belong to another recording, which was not looked at. Save it as one "
                "MP4 (H.264) and try again.",
                share=100 * lost.beyond,
            )
        )
    if sizes > 1:
        notes.append(
            Sentence("The size of the picture changes within the clip; all of it was looked at, scaled to one size.")
        )
    return notes
