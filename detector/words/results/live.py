"""The texts of a live check: its form, what is said while it runs, and what stands in the way of a camera."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detector.sentences import Sentence

__all__ = [
    "CAMERA_CAUSES",
    "LIVE_CAMERA",
    "LIVE_CROP",
    "LIVE_ENDED",
    "LIVE_ENDED_BY_TIME",
    "LIVE_HINT",
    "LIVE_LIMITS_HEAD",
    "LIVE_NO_FACE",
    "LIVE_NO_RESULT",
    "LIVE_SCORE",
    "LIVE_START",
    "LIVE_STARTING",
    "LIVE_STOP",
    "LIVE_TIMELINE",
    "WAYS",
    "WAY_CAMERA",
    "WAY_FILE",
    "live_facts",
    "live_hint",
    "live_timeline_text",
    "seconds_ago",
]

WAYS = Sentence("What to check")
WAY_FILE, WAY_CAMERA = Sentence("A video"), Sentence("The camera, live")
LIVE_CAMERA = Sentence("Your camera")
LIVE_START, LIVE_STOP = Sentence("Start the camera"), Sentence("Turn the camera off")
LIVE_HINT = Sentence(
    "Follows the largest face in front of your camera. Pictures go to the computer that runs this page and are kept nowhere."
)
LIVE_STARTING = Sentence("Waiting for the camera. Your browser may ask whether this page may use it.")
LIVE_NO_RESULT = Sentence("No result yet")
LIVE_NO_FACE = Sentence("We see no face. Move it into the middle of the picture, with light from the front.")
LIVE_SCORE = Sentence("Score of the last minute")
LIVE_CROP = Sentence("The face that is followed")
LIVE_TIMELINE = Sentence("One dot a second. Grey: the face was not found.")
LIVE_LIMITS_HEAD = Sentence("What to keep in mind")
LIVE_ENDED = Sentence("The camera is off. Nothing of its pictures was kept.")
LIVE_ENDED_BY_TIME = Sentence(
    "The longest time for a live check is over, so the camera was turned off. Start it again if you need more."
)

CAMERA_CAUSES: Mapping[str, Sentence] = MappingProxyType(
    {
        "denied": Sentence("The camera is blocked. Allow it for this page in your browser, then start it again."),
        "none": Sentence("No camera was found. Connect one, then start it again."),
        "busy": Sentence("The camera cannot be opened. Close other programs that use it, then start it again."),
        "insecure": Sentence(
            "Browsers give a camera only to pages with https or on this computer. Open this page by its https address, or on "
            "the computer that runs it."
        ),
        "missing": Sentence("This browser has no access to cameras. Open the page in another browser."),
    }
)
"""By the names that ``page_live.js`` gives them."""


def live_hint(most_s: int) -> Sentence:
    """How long a live check lasts at most."""
    return Sentence.plural(
        "A check ends by itself after 1 minute.", "A check ends by itself after {count} minutes.", round(most_s / 60)
    )


def live_facts(running: str, rate: float) -> Sentence:
    """How long it has run, and how fast it looks.

    Args:
        running: the time, as ``clock`` writes it.
        rate: scored faces a second.
    """
    return Sentence.plural(
        "Running for {time}; 1 picture of this face a second is checked.",
        "Running for {time}; {count} pictures of this face a second are checked.",
        round(rate),
        time=running,
    )


def live_timeline_text(least: str | None, most: str | None) -> Sentence:
    """What the timeline shows, for those who cannot see it; the scores are as ``score_text`` writes them."""
    if least is None or most is None:
        return Sentence("Scores over the last minute: none could be made")
    return Sentence("Scores over the last minute: from {low} to {high}", low=least, high=most)


def seconds_ago(seconds: int, over: bool) -> Sentence:
    """A place on the time axis.

    Args:
        seconds: before its end.
        over: whether the check has ended.
    """
    if over:
        return Sentence("{seconds} s before", seconds=seconds) if seconds else Sentence("end")
    return Sentence("{seconds} s ago", seconds=seconds) if seconds else Sentence("now")
