"""The texts of the page around a result: its form, its progress, and what it answers without one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detector.sentences import Sentence

__all__ = [
    "ACCEPTED_CLIPS",
    "ACCEPTED_IMAGES",
    "CAMERA_DENIED",
    "CAUTION",
    "CHECK",
    "CHECK_ALL",
    "CHECK_CLIP",
    "CHOOSE",
    "CHOOSE_CLIP",
    "DOWNLOAD",
    "DROP",
    "GOES_ON",
    "GO_ON",
    "KEPT",
    "LANGUAGE",
    "LIMITED",
    "LIMITED_HEAD",
    "MANY_READERS",
    "MARK",
    "MARKED",
    "NAME",
    "NOT_UPLOADED",
    "NO_CLIP",
    "NO_FILES",
    "NO_PHOTO",
    "NO_PREVIEW",
    "OPENING",
    "OTHER_FILE",
    "PHOTO_TAB",
    "PRIVACY",
    "PURPOSE",
    "SAMPLES",
    "SAVE_LIST",
    "SECONDS_LEFT",
    "SEVERAL",
    "STAGES",
    "STARTING",
    "STARTS_BY_ITSELF",
    "STOP",
    "STOPPED",
    "STOPPED_ALTOGETHER",
    "STOPPED_AWAY",
    "TIP",
    "TITLE",
    "TOGETHER_TOO_LARGE",
    "UNFINISHED",
    "UPLOADING",
    "UPLOAD_BROKE_OFF",
    "VIDEO_TAB",
    "WAITING",
    "beyond_the_most",
    "files_left",
    "progress_facts",
    "several_hint",
    "time_left",
]

NAME = Sentence("Photo check")
TITLE = Sentence("Photo check: is this face altered or AI-made?")
PURPOSE = Sentence("Looks for signs that a face in your photo or video was altered or made by AI.")
CAUTION = Sentence("A result is an estimate, not proof. Do not accuse anyone because of it.")
PRIVACY = Sentence("Your file stays on the computer that runs this page, and is deleted there within minutes.")
LANGUAGE = Sentence("Language")
PHOTO_TAB, VIDEO_TAB = Sentence("Photo"), Sentence("Video")
CHOOSE = Sentence("Your photo")
DROP = Sentence("Drop a photo here\nor press to choose one")
CHECK = Sentence("Check this photo")
ACCEPTED_IMAGES = Sentence("JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP, GIF or JPEG 2000, up to 100 MB and 200 megapixels.")
TIP = Sentence("Use the original file, with large, sharp, well-lit faces.")
CHOOSE_CLIP = Sentence("Your video")
CHECK_CLIP = Sentence("Check this video")
ACCEPTED_CLIPS = Sentence("MP4, MOV, MKV, WebM, AVI, MPEG, WMV and others, up to 200 MB and 4 hours.")
SAMPLES = Sentence("No photo at hand? Try one of these:")
NO_PREVIEW = Sentence("Your browser cannot show this kind of file. It can be checked all the same.")
CAMERA_DENIED = Sentence("The camera is blocked. Allow it for this page in your browser, or choose a file.")
OPENING = Sentence("Opening the video.")
STOP = Sentence("Stop")
UPLOADING = Sentence("Uploading…")
UPLOAD_BROKE_OFF = Sentence("The upload broke off. Please choose the file again.")
TOGETHER_TOO_LARGE = Sentence("Together these files are too large: the most is 200 MB. Choose fewer of them at once.")
STARTS_BY_ITSELF = Sentence("The check starts by itself as soon as the upload has ended.")
STOPPED = Sentence("The check was stopped. Press the button to start again.")
NO_CLIP = Sentence("Choose a video first.")
MARK = Sentence("Make a video with the marks drawn in")
MARKED = Sentence("Your video with numbered boxes and scores")
DOWNLOAD = Sentence("Report for programs (JSON)")
WAITING = Sentence("Looking for faces and checking them. This takes a few seconds.")
STARTING = Sentence("Starting up: the models are loading. Your check begins as soon as they are ready.")
NO_PHOTO = Sentence("Choose a photo first.")
NOT_UPLOADED = Sentence("This file is no longer available. Please upload it again.")
UNFINISHED = Sentence("The check did not finish. Please choose the file again, then press the button.")
KEPT = Sentence("This is the result of your last check.")
GOES_ON = Sentence("Your video is still being checked. The result will appear here.")
STOPPED_ALTOGETHER = Sentence("The check was stopped. Choose the video again, then press the button.")
STOPPED_AWAY = Sentence(
    "The check of your video was stopped, since the page was closed. Choose the video again, then press the button."
)
LIMITED = Sentence(
    "You made many checks in a short time. What you chose is still here, and you can check it in a moment."
)
MANY_READERS = Sentence(
    "Too many people are using this page right now. What you chose is still here, and you can check it in a moment."
)
LIMITED_HEAD = Sentence("Please wait a moment")
SECONDS_LEFT = Sentence("Seconds left:")
GO_ON = Sentence("You can check again now.")
OTHER_FILE = Sentence("You can choose another file above.")
SEVERAL = Sentence("Several")
CHECK_ALL = Sentence("Check these files")
NO_FILES = Sentence("Choose files first.")
SAVE_LIST = Sentence("Save the list (CSV)")
STAGES: Mapping[str, str] = MappingProxyType(
    {
        "starting": Sentence("Starting up, which takes some seconds"),
        "reading": Sentence("Looking for faces and checking them, frame by frame"),
        "showing": Sentence("Preparing the pictures of each person"),
        "writing": Sentence("Drawing the marks into the video"),
    }
)


def several_hint(most: int) -> Sentence:
    """How many files are checked at once."""
    return Sentence.plural(
        "One photo or video at a time. You get a list, with a line for it.",
        "Up to {count} photos and videos. You get a list of them, the worst first.",
        most,
    )


def beyond_the_most(most: int) -> Sentence:
    """Why a file of a longer list was left out."""
    return Sentence.plural(
        "Only one file is checked at a time, so this one was not. Choose it again for the next list.",
        "Only {count} files are checked at a time, so this one was not. Choose it again for the next list.",
        most,
    )


def files_left(count: int) -> Sentence:
    """How many of several files are still to be checked."""
    return Sentence.plural("1 file left.", "{count} files left.", count)


def progress_facts(stage: str, done: int, total: int) -> Sentence:
    """Describe what is being done and, once there is a total, how far it is; ``stage`` is a key of ``STAGES``."""
    if not total:
        return Sentence("{stage}.", stage=STAGES[stage])
    return Sentence("{stage}: {done} of {total}.", stage=STAGES[stage], done=done, total=total)


def time_left(seconds: float) -> Sentence:
    """Describe how long something will still take, no more exactly than is known."""
    if seconds < 5:
        return Sentence("Nearly done.")
    if seconds < 55:
        return Sentence("About {count} seconds left.", count=5 * round(seconds / 5))
    minutes = max(1, round(seconds / 60))
    return Sentence.plural("About 1 minute left.", "About {count} minutes left.", minutes)
