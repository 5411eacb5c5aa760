"""The texts of the page around a result: its form, its progress, and what it answers without one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detector.sentences import Sentence

__all__ = [
    "ACCEPTED_CLIPS",
    "ACCEPTED_IMAGES",
    "CAUTIONS",
    "CHECK",
    "CHECK_CLIP",
    "CHOOSE",
    "CHOOSE_CLIP",
    "DOWNLOAD",
    "DROP",
    "LANGUAGE",
    "MARK",
    "MARKED",
    "NOT_UPLOADED",
    "NO_CLIP",
    "NO_PHOTO",
    "OPENING",
    "OTHER_FILE",
    "PHOTO_TAB",
    "PURPOSE",
    "STAGES",
    "STARTS_BY_ITSELF",
    "STOP",
    "STOPPED",
    "TIP",
    "TITLE",
    "UNFINISHED",
    "UPLOADING",
    "VIDEO_TAB",
    "WAITING",
    "progress_facts",
    "time_left",
]

TITLE = Sentence("Check a photo or video for signs of face manipulation")
PURPOSE = Sentence(
    "Every face in your photo or video is compared with what computer models have learned from genuine faces and from altered "
    "or generated ones (“deepfakes”)."
)
CAUTIONS = (
    Sentence("A result is an estimate, not evidence: do not use it to accuse anyone."),
    Sentence("Only faces are examined, and many altered ones are missed."),
    Sentence("Your file goes only to the computer that runs this page and is deleted there within minutes."),
)
LANGUAGE = Sentence("Language")
PHOTO_TAB, VIDEO_TAB = Sentence("Photo"), Sentence("Video")
CHOOSE = Sentence("Your photo")
DROP = Sentence("Drop a photo here\nor press to choose one")
CHECK = Sentence("Check this photo")
ACCEPTED_IMAGES = Sentence("JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF, up to 50 MB and 40 million pixels.")
TIP = Sentence("Best is the original file, with faces that are large, sharp, well lit and turned towards the camera.")
CHOOSE_CLIP = Sentence("Your video")
CHECK_CLIP = Sentence("Check this video")
ACCEPTED_CLIPS = Sentence("MP4, MOV, MKV, WebM, AVI or MPEG, up to 200 MB and 4 hours.")
OPENING = Sentence("Opening the video.")
STOP = Sentence("Stop")
UPLOADING = Sentence("Uploading…")
STARTS_BY_ITSELF = Sentence("The check starts by itself as soon as the upload has ended.")
STOPPED = Sentence("The check was stopped. Nothing was kept; press the button to start again.")
NO_CLIP = Sentence("No video was chosen yet. Add one above, then press the button again.")
MARK = Sentence("Make a video with the marks drawn in")
MARKED = Sentence("Your video with numbered boxes and the scores of single frames")
DOWNLOAD = Sentence("Download the report (JSON)")
WAITING = Sentence("Looking for faces and scoring them. This usually takes a few seconds.")
NO_PHOTO = Sentence("No photo was chosen yet. Add one above, then press the button again.")
NOT_UPLOADED = Sentence("The file is not, or no longer, among the uploads. Upload the file again.")
UNFINISHED = Sentence(
    "The check did not finish. Uploaded files are deleted after a few minutes, so this one may be gone, or the "
    "program may be busy or at fault. Choose the file again, then press the button."
)
OTHER_FILE = Sentence("You can choose another file above and press the button again.")
STAGES: Mapping[str, str] = MappingProxyType(
    {
        "starting": Sentence("Starting the program that checks files, which takes some seconds"),
        "reading": Sentence("Looking for faces and scoring them, frame by frame"),
        "showing": Sentence("Preparing the pictures of each person"),
        "writing": Sentence("Drawing the marks into the video"),
    }
)


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
