"""Every sentence of the page in one place, so that they can be read together and changed without touching the layout.

They never call a picture real, fake, authentic or verified: a score says what a face looks like to a model, not what it
is. Like ``records`` and ``errors``, this module knows no stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from detector.records import Appearance, Bands, ClipCounts, ErrorRate, FaceQuality, InputInfo, QualityGates, Verdict

__all__ = [
    "BUSY",
    "CAUTIONS",
    "CHECK",
    "CHECK_CLIP",
    "CHOOSE",
    "CHOOSE_CLIP",
    "CLIP_LIMITS",
    "CROP",
    "CROP_NOT_SCORED",
    "DOWNLOAD",
    "DROP",
    "FACE_NOT_ANALYSED",
    "HEADLINES",
    "HOW_TO",
    "HOW_TO_READ",
    "HOW_TO_READ_CLIP",
    "LEGEND_ALT",
    "LOWERED",
    "MARK",
    "MARKED",
    "MEANS",
    "MEANS_NOT",
    "MODEL_NAMES",
    "MOMENTS",
    "NOT_SCORED",
    "NOT_UPLOADED",
    "NO_CLIP",
    "NO_PHOTO",
    "NO_ROOM",
    "OPENING",
    "OTHER_FILE",
    "PHOTO_TAB",
    "PURPOSE",
    "RAISED",
    "READ_HEATMAPS",
    "SCALE_HIGH",
    "SCALE_LOW",
    "STAGES",
    "STOP",
    "STOPPED",
    "TIMELINE",
    "TITLE",
    "TOO_MANY",
    "UNFINISHED",
    "UPLOAD_TOO_LARGE",
    "UPLOAD_TOO_SLOW",
    "VIDEO_TAB",
    "WAITING",
    "band_facts",
    "clip_facts",
    "clock",
    "count",
    "gate_facts",
    "of_kind",
    "quality_facts",
    "score_text",
    "seen_facts",
    "strength",
    "time_left",
    "track_record",
]

TITLE = "Check a photo or video for signs of face manipulation"
PURPOSE = (
    "Every face in your photo or video is compared with what computer models have learned from genuine faces and from altered "
    "or generated ones (“deepfakes”)."
)
CAUTIONS = (
    "A result is an estimate, not evidence: do not use it to accuse anyone.",
    "Only faces are examined, and a photo or video without clear signs may still be altered.",
    "The file goes only to the computer that runs this page and is deleted there within a few minutes.",
)
CHOOSE = "Your photo"
DROP = "Drop a photo here\nor press to choose one"
CHECK = "Check this photo"
PHOTO_TAB, VIDEO_TAB = "Photo", "Video"
CHOOSE_CLIP = "Your video"
CLIP_LIMITS = "MP4, MOV, MKV, WebM, AVI or MPEG, up to 200 MB and 4 hours."
OPENING = "Opening the video."
CHECK_CLIP = "Check this video"
STOP = "Stop"
STOPPED = "The check was stopped. Nothing was kept; press the button to start again."
NO_CLIP = "No video was chosen yet. Add one above, then press the button again."
MARK = "Make a video with the marks drawn in"
MARKED = "Your video with numbered boxes and the scores of single frames"
DOWNLOAD = "Download the report (JSON)"

WAITING = "Looking for faces and scoring them. This usually takes a few seconds."
NO_PHOTO = "No photo was chosen yet. Add one above, then press the button again."
NOT_UPLOADED = "The file is not, or no longer, among the uploads. Upload the photo again."
UNFINISHED = (
    "The check did not finish. Uploaded photos are deleted after a few minutes, so this one may be gone, or the "
    "program may be busy or at fault. Choose the photo again, then press the button."
)
BUSY = "Too many people are using this page at the moment. Please try again in a minute; your file was not checked."
TOO_MANY = "Too many files came from your connection within a minute. Please wait a minute, then try again."
NO_ROOM = (
    "There is no room for another file at the moment. Uploads are deleted after a few minutes: please try again then."
)
UPLOAD_TOO_LARGE = (
    "This file is too large: at most 200 MB are taken. Cut out the part that matters, or save a smaller copy."
)
UPLOAD_TOO_SLOW = "The upload took too long and was ended. Try again with a better connection, or with a smaller copy."
NOT_SCORED = "No score was made, so this tells you nothing about the photo, in either direction."
OTHER_FILE = "You can choose another file above and press the button again."

HEADLINES: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: "Could not check this file",
        Verdict.NO_CLEAR_SIGNS: "No clear signs found",
        Verdict.INCONCLUSIVE: "Inconclusive",
        Verdict.SOME_SIGNS: "Some signs of manipulation",
        Verdict.STRONG_SIGNS: "Strong signs of manipulation",
    }
)
FACE_NOT_ANALYSED = "Not analysed"

MEANS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: NOT_SCORED,
        Verdict.NO_CLEAR_SIGNS: (
            "No face that could be analysed looks clearly like the altered or generated faces the models were shown."
        ),
        Verdict.INCONCLUSIVE: "The highest score lies where genuine and altered faces cannot be told apart.",
        Verdict.SOME_SIGNS: (
            "At least one face looks more like the altered or generated faces the models were shown than like the "
            "genuine ones."
        ),
        Verdict.STRONG_SIGNS: (
            "At least one face looks much more like the altered or generated faces the models were shown than like the "
            "genuine ones."
        ),
    }
)
MEANS_NOT: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: "It does not mean that something is wrong with the photo, or that nothing is.",
        Verdict.NO_CLEAR_SIGNS: (
            "It does not mean that the photo is unaltered. Good or new methods, and changes outside the faces, are "
            "missed."
        ),
        Verdict.INCONCLUSIVE: "It does not mean that the photo is half suspicious, nor that it is fine.",
        Verdict.SOME_SIGNS: (
            "It does not mean that the photo is altered. Genuine photos get this result too; find out where the photo "
            "comes from before you draw a conclusion."
        ),
        Verdict.STRONG_SIGNS: (
            "It is not proof. Filters, make-up, strong compression or screenshots can lead to it in a genuine photo. "
            "Look for the source, and ask someone with experience."
        ),
    }
)

SCALE_LOW = "looks like the genuine faces the models were shown"
SCALE_HIGH = "looks like the altered or generated ones"
MODEL_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "cnn": "small network",
        "resnet": "residual network",
        **dict.fromkeys(
            (f"resnet_{cell}{end}" for cell in ("lstm", "gru", "bilstm") for end in ("", "_attention")),
            "residual network with a memory over time",
        ),
    }
)

TIMELINE = "The score of each frame that was looked at. Rings mark the highest; hatching, when the face was not found."
MOMENTS = "The frames with the highest scores:"
HOW_TO_READ_CLIP = (
    "A score of a person is made over all frames; a single frame can score much higher or lower by chance.",
    "The lines across the timeline are the cuts between verdicts for a single frame.",
)

CROP = "Crop that was scored"
CROP_NOT_SCORED = "Crop, not scored"
RAISED = "Raised the score"
LOWERED = "Lowered the score"
READ_HEATMAPS = "The colour shows where the model looked, not where the photo was edited."
HOW_TO = "How to read this"
LEGEND_ALT = "Colour scale of the heatmaps, from weak on the left to strong on the right"
HOW_TO_READ = (
    f"“{CROP}”: exactly the pixels the model was given, nothing else.",
    f"“{RAISED}”: places that pushed the score up, towards altered or generated faces.",
    f"“{LOWERED}”: places that pushed it down, towards genuine faces.",
    "The colour scale is fixed and the same for every photo. Faint colour means weak evidence; no colour means none.",
    "The maps are coarse and can point at a place for the wrong reason. They say something about the model only.",
)


def band_facts(bands: Bands) -> str:
    """Say at which scores one verdict ends and the next begins."""
    low, some, strong = bands.no_clear_signs_below, bands.some_signs_from, bands.strong_signs_from
    text = f"Scores below {low:.2f} read “{HEADLINES[Verdict.NO_CLEAR_SIGNS]}”"
    if low < some:
        text += f", from {low:.2f} “{HEADLINES[Verdict.INCONCLUSIVE]}”"
    text += f", from {some:.2f} “{HEADLINES[Verdict.SOME_SIGNS]}”"
    if strong is not None:
        text += f", from {strong:.2f} “{HEADLINES[Verdict.STRONG_SIGNS]}”"
    return f"{text}. The small marks on the scale stand at these scores."


STAGES: Mapping[str, str] = MappingProxyType(
    {
        "reading": "Looking for faces and scoring them, frame by frame",
        "showing": "Preparing the pictures of each person",
        "writing": "Drawing the marks into the video",
    }
)


def clock(seconds: float) -> str:
    """Write a time of a clip as "0:07.4" or "1:02:07.4"."""
    whole, tenths = divmod(round(seconds * 10), 10)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}.{tenths}" if hours else f"{rest // 60}:{rest % 60:02}.{tenths}"


def count(number: int, noun: str) -> str:
    """Write "1 face", "3 faces" or "2 people"."""
    many = "people" if noun == "person" else f"{noun}s"
    return f"{number} {noun if number == 1 else many}"


def of_kind(sentence: str, kind: str) -> str:
    """A sentence about a photo, said of a video where the file is one."""
    return sentence.replace("photo", "video") if kind == "video" else sentence


def time_left(seconds: float) -> str:
    """Say how long something will still take, no more exactly than is known."""
    if seconds < 5:
        return "Nearly done."
    if seconds < 55:
        return f"About {5 * round(seconds / 5)} seconds left."
    minutes = max(1, round(seconds / 60))
    return f"About {count(minutes, 'minute')} left."


def seen_facts(seen: Appearance) -> str:
    """Say when and how often a person was seen."""
    scored = sum(point.p_fake is not None for point in seen.points)
    text = (
        f"Seen from {clock(seen.first_s)} to {clock(seen.last_s)}, in {len(seen.points)} of the {seen.frames} frames "
        f"looked at; {scored} could be scored."
    )
    if seen.gaps:
        text += f" Out of sight {'once' if len(seen.gaps) == 1 else f'{len(seen.gaps)} times'} in between."
    return text


def clip_facts(info: InputInfo, counts: ClipCounts) -> str:
    """Say what a clip holds and what was looked at."""
    rate = f", {info.fps:.3g} frames a second" if info.fps else ""
    lost = f", {counts.undecodable} could not be decoded" if counts.undecodable else ""
    return (
        f"{clock(info.duration_s or 0.0)} long{rate}, {info.codec}; {counts.sampled} of {counts.in_file} frames were "
        f"looked at{lost}"
    )


def quality_facts(quality: FaceQuality) -> str:
    """Say what was measured on a face."""
    if abs(quality.yaw) < 0.2:
        pose = "facing the camera"
    elif abs(quality.yaw) <= 0.6:
        pose = "turned a little to the side"
    else:
        pose = "turned far to the side"
    tilt = round(abs(quality.roll_deg))
    tilted = f", tilted by {tilt}°" if tilt >= 5 else ""
    return (
        f"About this face: {quality.size_px:.0f} pixels across, {pose}{tilted}, "
        f"brightness {quality.brightness:.0f} of 255, sharpness {quality.sharpness:.0f}."
    )


def gate_facts(gates: QualityGates) -> str:
    """Say which faces are analysed at all."""
    sharp = f", sharpness at least {gates.min_sharpness:.0f}" if gates.min_sharpness > 0 else ""
    return (
        f"A face is analysed if it is at least {gates.min_size_px:.0f} pixels across and not turned too far away, with "
        f"a brightness from {gates.min_brightness:.0f} to {gates.max_brightness:.0f}{sharp}."
    )


def score_text(score: float) -> str:
    """Write a score with two decimals, and never as 0.00 or 1.00, which would read as certain."""
    return f"{min(max(score, 0.01), 0.99):.2f}"


def strength(peak: float) -> str:
    """Say the highest value of a heatmap in words, for those who cannot see it or have no other map to compare with."""
    if peak <= 0.0:
        return "no place stood out"
    return f"strongest place: {max(1, round(100 * peak))} % of full colour"


def track_record(record: Sequence[ErrorRate], verdict: Verdict) -> str:
    """How often the tests behind the manifest gave this verdict; empty if they did not measure it."""
    genuine, fake = sum(rate.genuine for rate in record), sum(rate.fake for rate in record)
    rates = [rate for rate in record if rate.verdict is verdict]
    if not rates or not genuine or not fake:
        return ""
    of_genuine, of_fake = sum(rate.genuine for rate in rates) / genuine, sum(rate.fake for rate in rates) / fake
    text = (
        f"In tests, {_of_hundred(of_genuine)} of 100 genuine faces got this result, and {_of_hundred(of_fake)} of 100 "
        f"altered or generated ones (measured on {genuine} and {fake} faces; on your own photos it may be worse)."
    )
    flagged = 0.1 * of_fake + 0.9 * of_genuine
    if verdict in (Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS) and flagged > 0:
        text += (
            f" If 1 face in 10 were altered, then {_of_hundred(0.1 * of_fake / flagged)} of 100 faces with this result "
            "would in fact be altered."
        )
    return text


def _of_hundred(share: float) -> str:
    hundred = 100 * share
    if 0 < hundred < 0.5:
        return "fewer than 1"
    if 99.5 <= hundred < 100:
        return "more than 99"
    return f"about {hundred:.0f}" if hundred else "none"
