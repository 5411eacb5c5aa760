"""Every sentence of the page in one place, so that they can be read together and changed without touching the layout.

The constants are English; ``language`` shows them in others. A field such as ``{medium}`` is filled by the functions
below, so that a photo and a video share their sentences.

They never call a picture real, fake, authentic or verified: a score says what a face looks like to a model, not what it
is. Like ``records`` and ``errors``, this module knows no stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from detector.records import (
    Appearance,
    Bands,
    ClipCounts,
    ErrorRate,
    FaceQuality,
    InputInfo,
    ModelInfo,
    Moment,
    QualityGates,
    RegionCheck,
    Stability,
    Verdict,
)
from detector.sentences import Sentence, joined

__all__ = [
    "CAUTIONS",
    "CHECK",
    "CHECK_CLIP",
    "CHOOSE",
    "CHOOSE_CLIP",
    "CLIP_LIMITS",
    "CROP",
    "CROP_NOT_SCORED",
    "DECIDES",
    "DOWNLOAD",
    "DROP",
    "EACH_VIEW",
    "FACE_BY_FACE",
    "FACE_NOT_ANALYSED",
    "FACTS",
    "FILE",
    "FILE_SHA256",
    "HEADLINES",
    "HOW_OFTEN",
    "HOW_TO",
    "HOW_TO_READ",
    "HOW_TO_READ_CLIP",
    "LANGUAGE",
    "LEGEND_ALT",
    "LIMITS_OF_RESULT",
    "LOWERED",
    "MARK",
    "MARKED",
    "MEANS",
    "MEANS_NOT",
    "MEANS_SHAKY",
    "MODEL",
    "MOMENTS",
    "NEXT",
    "NOT_SCORED",
    "NOT_UPLOADED",
    "NO_CLIP",
    "NO_PHOTO",
    "NO_RECORD",
    "ON_SCALE",
    "OPACITY",
    "OPENING",
    "OTHER_FILE",
    "PERSON_BY_PERSON",
    "PHOTO_LIMITS",
    "PHOTO_TAB",
    "PURPOSE",
    "RAISED",
    "READ_HEATMAPS",
    "REGION_NAMES",
    "SCALE_HIGH",
    "SCALE_LOW",
    "SCORE",
    "SCORES_OF_MODELS",
    "STAGES",
    "STAND_OUT",
    "STARTS_BY_ITSELF",
    "STOP",
    "STOPPED",
    "STRONG",
    "TIMELINE",
    "TIP",
    "TITLE",
    "UNFINISHED",
    "UPLOADING",
    "VERSIONS",
    "VIDEO",
    "VIDEO_TAB",
    "VIEW_NAMES",
    "WAITING",
    "WEAK",
    "WEIGHTS_SHA256",
    "WHAT_IT_DOES_NOT",
    "WHAT_IT_MEANS",
    "WHAT_NEXT",
    "band_facts",
    "base_rate",
    "clip_facts",
    "clock",
    "file_facts",
    "found_facts",
    "gate_facts",
    "model_facts",
    "moment_facts",
    "numbered",
    "of_kind",
    "picture_facts",
    "progress_facts",
    "quality_facts",
    "region_facts",
    "score_meaning",
    "score_of",
    "score_text",
    "seen_facts",
    "stability_facts",
    "strength",
    "time_left",
    "timeline_text",
    "track_record",
    "view_facts",
]

TITLE = "Check a photo or video for signs of face manipulation"
PURPOSE = (
    "Every face in your photo or video is compared with what computer models have learned from genuine faces and from altered "
    "or generated ones (“deepfakes”)."
)
CAUTIONS = (
    "A result is an estimate, not evidence: do not use it to accuse anyone.",
    "Only faces are examined, and many altered ones are missed.",
    "Your file goes only to the computer that runs this page and is deleted there within minutes.",
)
CHOOSE = "Your photo"
DROP = "Drop a photo here\nor press to choose one"
CHECK = "Check this photo"
PHOTO_TAB, VIDEO_TAB = "Photo", "Video"
CHOOSE_CLIP = "Your video"
PHOTO_LIMITS = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF, up to 50 MB and 40 million pixels."
TIP = "Best is the original file, with faces that are large, sharp, well lit and turned towards the camera."
CLIP_LIMITS = "MP4, MOV, MKV, WebM, AVI or MPEG, up to 200 MB and 4 hours."
OPENING = "Opening the video."
CHECK_CLIP = "Check this video"
STOP = "Stop"
UPLOADING = "Uploading…"
STARTS_BY_ITSELF = "The check starts by itself as soon as the upload has ended."
STOPPED = "The check was stopped. Nothing was kept; press the button to start again."
NO_CLIP = "No video was chosen yet. Add one above, then press the button again."
MARK = "Make a video with the marks drawn in"
MARKED = "Your video with numbered boxes and the scores of single frames"
DOWNLOAD = "Download the report (JSON)"

WAITING = "Looking for faces and scoring them. This usually takes a few seconds."
NO_PHOTO = "No photo was chosen yet. Add one above, then press the button again."
NOT_UPLOADED = "The file is not, or no longer, among the uploads. Upload the file again."
UNFINISHED = (
    "The check did not finish. Uploaded files are deleted after a few minutes, so this one may be gone, or the "
    "program may be busy or at fault. Choose the file again, then press the button."
)
NOT_SCORED = "No score was made, so this tells you nothing about the {medium}, in either direction."
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
        Verdict.INCONCLUSIVE: "The check allows no statement in either direction; the reason stands above.",
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
MEANS_SHAKY = (
    "Saved again, at half the size, mirrored or cropped a little differently, the {medium} still looks the same to a person, "
    "but the models then come to different verdicts. So none is given."
)
"""What "inconclusive" means where the score does not hold."""
MEANS_NOT: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: "It does not mean that something is wrong with the {medium}, or that nothing is.",
        Verdict.NO_CLEAR_SIGNS: (
            "It does not mean that the {medium} is unaltered. Good or new methods, and changes outside the faces, are "
            "missed."
        ),
        Verdict.INCONCLUSIVE: "It does not mean that the {medium} is half suspicious, nor that it is fine.",
        Verdict.SOME_SIGNS: ("It does not mean that the {medium} is altered: genuine ones get this result too."),
        Verdict.STRONG_SIGNS: (
            "It is not proof. Filters, make-up, strong compression or screenshots can lead to it in a genuine {medium}."
        ),
    }
)

NEXT: Mapping[Verdict, tuple[str, ...]] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: (
            "Look for the original file: larger, sharper and less compressed than a copy from a chat or a screenshot.",
            "Ask where the {medium} comes from; that often says more than any check of its pixels.",
        ),
        Verdict.NO_CLEAR_SIGNS: (
            "Judge the source and the context as carefully as you would without this result.",
            "If much depends on it, ask someone with experience, or the person shown.",
        ),
        Verdict.INCONCLUSIVE: (
            "Try the original file, or another {medium} of the same scene.",
            "Treat it as a {medium} that has not been checked: look for its source and for other reports of the event.",
        ),
        Verdict.SOME_SIGNS: (
            "Look for the oldest copy with a reverse image search and compare the faces.",
            "Ask who made the {medium}, and try the original file here.",
            "Do not share it as proof of anything, and do not accuse anyone because of it.",
        ),
        Verdict.STRONG_SIGNS: (
            "Look for the oldest copy with a reverse image search and compare the faces.",
            "Ask who made the {medium}, and show it to someone with experience before you act on it.",
            "Do not share it further, and do not accuse anyone because of this result alone.",
        ),
    }
)

NO_RECORD = "How often genuine and altered {medium}s get this result was not measured."

# What stands around the values.
WHAT_IT_MEANS, WHAT_IT_DOES_NOT = "What this means", "What this does not mean"
HOW_OFTEN, WHAT_NEXT = "How often this happens", "What you can do next"
FACE_BY_FACE, PERSON_BY_PERSON = "Face by face", "Person by person"
WEAK, STRONG = "weak", "strong"
SCORE, ON_SCALE = "Score", "on a scale of 0 to 1"
SCORES_OF_MODELS, DECIDES = "Score of each model:", "(decides)"
LIMITS_OF_RESULT, FACTS = "Limits of this result", "Facts for repeating this result"
FILE, VIDEO, FILE_SHA256 = "File", "Video", "SHA-256 of the file"
MODEL, WEIGHTS_SHA256, VERSIONS = "Model that decides", "SHA-256 of its weights", "Versions"
LANGUAGE = "Language"

SCALE_LOW = "looks like the genuine faces the models were shown"
SCALE_HIGH = "looks like the altered or generated ones"
TIMELINE = (
    "The score of each frame that was looked at, by its time in the video. Rings mark the highest; hatching, when the face "
    "was not found."
)
STAND_OUT = (
    "Single frames score much higher than the whole video. An alteration of a short part can be lost in the result: look at "
    "the times below."
)
MOMENTS = "The frames with the highest scores:"
HOW_TO_READ_CLIP = (
    "A score of a person is made over all frames; a single frame can score much higher or lower by chance.",
    "The lines across the timeline are the cuts between verdicts for a single frame.",
)

OPACITY = "Strength of the colour"
VIEW_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "as_is": "as it is",
        "mirrored": "mirrored",
        "jpeg": "saved again as JPEG",
        "half_size": "at half the size",
        "shifted": "cropped slightly differently",
    }
)
EACH_VIEW = "Score after each change"
REGION_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "eyes": "the eyes",
        "nose": "the nose",
        "mouth": "the mouth",
        "left_cheek": "the cheek on the left",
        "right_cheek": "the cheek on the right",
        "forehead": "the forehead",
        "chin": "the chin",
        "outline": "the outline of the face",
        "surroundings": "what surrounds the face",
    }
)

CROP = "Crop that was scored"
CROP_NOT_SCORED = "Crop, not scored"
RAISED = "Raised the score"
LOWERED = "Lowered the score"
READ_HEATMAPS = "The colour shows where the model looked, not where the {medium} was edited."
HOW_TO = "How to read this"
LEGEND_ALT = "Colour scale of the heatmaps, from weak on the left to strong on the right"
HOW_TO_READ = (
    "“Crop that was scored”: exactly the pixels the model was given, nothing else.",
    "“Raised the score”: places that pushed the score up, towards altered or generated faces.",
    "“Lowered the score”: places that pushed it down, towards genuine faces.",
    "The colour scale is fixed and the same for every {medium}. Faint colour means weak evidence; no colour means none.",
    "The maps are coarse and can point at a place for the wrong reason. They say something about the model only.",
    "A part of the face is named only if blurring it out changes the score clearly more than blurring out random places.",
    "The bar on the scale spans the scores after small changes: saved again, half the size, mirrored, cropped differently.",
)


def band_facts(bands: Bands) -> Sentence:
    """Say at which scores one verdict ends and the next begins."""
    low, some, strong = bands.no_clear_signs_below, bands.some_signs_from, bands.strong_signs_from
    parts = [Sentence("Scores below {cut:.2f} read “{verdict}”", cut=low, verdict=HEADLINES[Verdict.NO_CLEAR_SIGNS])]
    rising = [(low, Verdict.INCONCLUSIVE)] if low < some else []
    rising.append((some, Verdict.SOME_SIGNS))
    if strong is not None:
        rising.append((strong, Verdict.STRONG_SIGNS))
    parts += [Sentence("from {cut:.2f} “{verdict}”", cut=cut, verdict=HEADLINES[verdict]) for cut, verdict in rising]
    facts: list[str] = [_listed(parts), Sentence("The small marks on the scale stand at these scores.")]
    if bands.signs_need_sharpness > 0:
        facts.append(
            Sentence(
                "A face with a sharpness below {limit:.0f} shows no signs, whatever its score: blurred genuine faces score "
                "high too.",
                limit=bands.signs_need_sharpness,
            )
        )
    return joined(*facts)


def _listed(parts: Sequence[Sentence]) -> Sentence:
    """One sentence of parts, commas between."""
    fields = {f"part{number}": part for number, part in enumerate(parts)}
    return Sentence(", ".join(f"{{{name}}}" for name in fields) + ".", **fields)


STAGES: Mapping[str, str] = MappingProxyType(
    {
        "starting": "Starting the program that checks files, which takes some seconds",
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


_MEDIA: Mapping[str, Sentence] = MappingProxyType({"image": Sentence("photo"), "video": Sentence("video")})


def of_kind(template: str, kind: str) -> Sentence:
    """A sentence said of a photo ("image") or of a video."""
    return Sentence(template, medium=_MEDIA.get(kind, _MEDIA["image"]))


def file_facts(info: InputInfo) -> Sentence:
    """A file's name, kind and size."""
    return Sentence(
        "{name}, {format}, {bytes} bytes, {width} × {height} pixels",
        name=info.name,
        format=info.format,
        bytes=info.bytes,
        width=info.width,
        height=info.height,
    )


def model_facts(model: ModelInfo) -> Sentence:
    """Which weights decided."""
    return Sentence(
        "{name} ({architecture}), revision {revision}",
        name=model.name,
        architecture=model.architecture,
        revision=model.revision,
    )


def found_facts(found: int, analysed: int, kind: str) -> Sentence:
    """Say how many faces or people there are and how many were analysed."""
    if kind == "video":
        one = Sentence("1 person found, {analysed} analysed.", analysed=analysed)
        many = Sentence("{count} people found, {analysed} analysed.", count=found, analysed=analysed)
    else:
        one = Sentence("1 face found, {analysed} analysed.", analysed=analysed)
        many = Sentence("{count} faces found, {analysed} analysed.", count=found, analysed=analysed)
    return one if found == 1 else many


def picture_facts(kind: str, faces: int, when: float | None, size: tuple[int, int] | None = None) -> Sentence:
    """Say what the large picture shows; with its size, as a caption, else as a text in its place."""
    what = Sentence("Your video at {time}", time=clock(when or 0.0)) if kind == "video" else Sentence("Your photo")
    if size is None:
        if faces == 1:
            return Sentence("{what} with 1 numbered face", what=what)
        return Sentence("{what} with {count} numbered faces", what=what, count=faces)
    width, height = size
    if not faces:
        return Sentence("{what}, {width} × {height} pixels.", what=what, width=width, height=height)
    return Sentence(
        "{what}, {width} × {height} pixels; the numbers are those of the cards below.",
        what=what,
        width=width,
        height=height,
    )


def time_left(seconds: float) -> Sentence:
    """Say how long something will still take, no more exactly than is known."""
    if seconds < 5:
        return Sentence("Nearly done.")
    if seconds < 55:
        return Sentence("About {count} seconds left.", count=5 * round(seconds / 5))
    minutes = max(1, round(seconds / 60))
    return Sentence("About 1 minute left.") if minutes == 1 else Sentence("About {count} minutes left.", count=minutes)


def progress_facts(stage: str, done: int, total: int) -> Sentence:
    """Say what is being done and, once there is a total, how far it is; ``stage`` is a key of ``STAGES``."""
    if not total:
        return Sentence("{stage}.", stage=STAGES[stage])
    return Sentence("{stage}: {done} of {total}.", stage=STAGES[stage], done=done, total=total)


def seen_facts(seen: Appearance) -> Sentence:
    """Say when and how often a person was seen."""
    text = Sentence(
        "Seen from {first} to {last}, in {seen} of the {frames} frames looked at; {scored} could be scored.",
        first=clock(seen.first_s),
        last=clock(seen.last_s),
        seen=len(seen.points),
        frames=seen.frames,
        scored=sum(point.p_fake is not None for point in seen.points),
    )
    if not seen.gaps:
        return text
    if len(seen.gaps) == 1:
        return joined(text, Sentence("Out of sight once in between."))
    return joined(text, Sentence("Out of sight {count} times in between.", count=len(seen.gaps)))


def clip_facts(info: InputInfo, counts: ClipCounts) -> Sentence:
    """Say what a clip holds and what was looked at."""
    parts = [Sentence("{time} long", time=clock(info.duration_s or 0.0))]
    if info.fps:
        # In 24.97 and in 25 alike: three digits, and no zeros that say nothing.
        parts.append(Sentence("{rate} frames a second", rate=f"{info.fps:.3g}"))
    parts.append(
        Sentence(
            "{codec}; {sampled} of {all} frames were looked at",
            codec=info.codec,
            sampled=counts.sampled,
            all=counts.in_file,
        )
    )
    if counts.undecodable:
        parts.append(Sentence("{count} could not be decoded", count=counts.undecodable))
    return _listed(parts)


def quality_facts(quality: FaceQuality) -> Sentence:
    """Say what was measured on a face."""
    if abs(quality.yaw) < 0.2:
        pose = Sentence("facing the camera")
    elif abs(quality.yaw) <= 0.6:
        pose = Sentence("turned a little to the side")
    else:
        pose = Sentence("turned far to the side")
    tilt = round(abs(quality.roll_deg))
    if tilt >= 5:
        pose = Sentence("{pose}, tilted by {tilt}°", pose=pose, tilt=tilt)
    return Sentence(
        "About this face: {size:.0f} pixels across, {pose}, brightness {brightness:.0f} of 255, sharpness {sharpness:.0f}.",
        size=quality.size_px,
        pose=pose,
        brightness=quality.brightness,
        sharpness=quality.sharpness,
    )


def gate_facts(gates: QualityGates) -> Sentence:
    """Say which faces are analysed at all."""
    given: dict[str, object] = {"size": gates.min_size_px, "low": gates.min_brightness, "high": gates.max_brightness}
    if gates.min_sharpness > 0:
        return Sentence(
            "A face is analysed if it is at least {size:.0f} pixels across and not turned too far away, with "
            "a brightness from {low:.0f} to {high:.0f} and a sharpness of at least {sharp:.0f}.",
            **given,
            sharp=gates.min_sharpness,
        )
    return Sentence(
        "A face is analysed if it is at least {size:.0f} pixels across and not turned too far away, with "
        "a brightness from {low:.0f} to {high:.0f}.",
        **given,
    )


def stability_facts(stability: Stability, clip: bool = False) -> Sentence:
    """Say whether the score holds, and between what it moves."""
    span = {"low": score_text(stability.lowest), "high": score_text(stability.highest)}
    if stability.holds:
        text = Sentence(
            "The score holds: small changes that mean nothing to a person move it between {low} and {high}, and the verdict "
            "stays the same.",
            **span,
        )
    else:
        text = Sentence(
            "The score does not hold: small changes that mean nothing to a person move it between {low} and {high}, and the "
            "verdict changes with it.",
            **span,
        )
    return joined(text, Sentence("Estimated from a few frames.")) if clip else text


def view_facts(name: str, score: float) -> Sentence:
    """One change and the score after it."""
    return Sentence("{view}: {score}", view=VIEW_NAMES[name], score=score_text(score))


def region_facts(check: RegionCheck, p_fake: float) -> Sentence:
    """Name the hottest region with both changes, or say why none is named."""
    by_chance = max(check.elsewhere, key=lambda score: abs(score - p_fake))
    scores = {
        "before": score_text(p_fake),
        "hidden": score_text(check.hidden),
        "chance": score_text(by_chance),
        "count": len(check.elsewhere),
    }
    if check.matters:
        return Sentence(
            "What mattered most here: {region}. With it blurred out, the score goes from {before} to {hidden}; with any of "
            "{count} random places of the same size blurred out, to {chance} at most.",
            region=REGION_NAMES[check.hottest],
            **scores,
        )
    return Sentence(
        "No part of the face can be named. With the most strongly coloured part blurred out, the score goes from {before} to "
        "{hidden}; with a random place of the same size blurred out, it goes as far as {chance}.",
        **{name: value for name, value in scores.items() if name != "count"},
    )


def numbered(number: int, clip: bool = False) -> Sentence:
    """ "Face 2", or "Person 2" in a clip."""
    return Sentence("Person {number}", number=number) if clip else Sentence("Face {number}", number=number)


def score_of(number: int, clip: bool = False) -> Sentence:
    """What a scale shows, for those who cannot see it."""
    return Sentence("Score of {one}", one=numbered(number, clip))


def score_meaning(score: float) -> Sentence:
    """A score with what its scale means."""
    return Sentence(
        "{score} on a scale from 0 ({low}) to 1 ({high})", score=score_text(score), low=SCALE_LOW, high=SCALE_HIGH
    )


def timeline_text(number: int, scores: Sequence[float]) -> Sentence:
    """What a timeline shows, for those who cannot see it."""
    who = numbered(number, clip=True)
    if not scores:
        return Sentence("Scores of {one} over the time of the video: none could be made", one=who)
    return Sentence(
        "Scores of {one} over the time of the video: from {low} to {high}",
        one=who,
        low=score_text(min(scores)),
        high=score_text(max(scores)),
    )


def moment_facts(moment: Moment) -> Sentence:
    """When a frame is and what it scored."""
    return Sentence("at {time}, score {score}", time=clock(moment.time_s), score=score_text(moment.p_fake))


def score_text(score: float) -> str:
    """Write a score with two decimals, and never as 0.00 or 1.00, which would read as certain."""
    return f"{min(max(score, 0.01), 0.99):.2f}"


def strength(peak: float) -> Sentence:
    """Say the highest value of a heatmap in words, for those who cannot see it or have no other map to compare with."""
    if peak <= 0.0:
        return Sentence("no place stood out")
    return Sentence("strongest place: {share} % of full colour", share=max(1, round(100 * peak)))


_FEW = 100
"""Test faces of each kind below which "so many of 100" would say more than was measured."""


def track_record(record: Sequence[ErrorRate], verdict: Verdict) -> str:
    """How often the tests behind the manifest gave this verdict; empty if they did not measure it."""
    counts = _counts(record, verdict)
    if counts is None:
        return ""
    of_genuine, of_fake, genuine, fake = counts
    if min(genuine, fake) < _FEW:
        return Sentence(
            "In tests, {real} of {reals} genuine faces got this result, and {altered} of {fakes} altered or generated ones. So "
            "few faces tell little, and on your own files it may be worse.",
            real=round(of_genuine * genuine),
            reals=genuine,
            altered=round(of_fake * fake),
            fakes=fake,
        )
    return Sentence(
        "In tests, {real} of 100 genuine faces got this result, and {altered} of 100 altered or generated ones "
        "(measured on {reals} and {fakes} faces; on your own files it may be worse).",
        real=_of_hundred(of_genuine),
        altered=_of_hundred(of_fake),
        reals=genuine,
        fakes=fake,
    )


def base_rate(record: Sequence[ErrorRate], verdict: Verdict) -> str:
    """What the track record means where 1 face in 10 is altered; empty where it was not measured, or on too few faces.

    Never having met a case is no reason to say "none" or "all" of the faces out there.
    """
    counts = _counts(record, verdict)
    if counts is None:
        return ""
    of_genuine, of_fake, genuine, fake = counts
    if min(genuine, fake) < _FEW or not of_genuine or not of_fake:
        return ""
    all_with = 0.1 * of_fake + 0.9 * of_genuine
    share = _of_hundred(0.1 * of_fake / all_with)
    if verdict in (Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS):
        return Sentence(
            "If 1 face in 10 were altered, then {count} of 100 faces with this result would in fact be altered.",
            count=share,
        )
    return Sentence(
        "If 1 face in 10 were altered, then {count} of 100 faces with this result would be altered all the same.",
        count=share,
    )


def _counts(record: Sequence[ErrorRate], verdict: Verdict) -> tuple[float, float, int, int] | None:
    """Shares of genuine and of altered test faces with this verdict, and how many there were of each."""
    genuine, fake = sum(rate.genuine for rate in record), sum(rate.fake for rate in record)
    rates = [rate for rate in record if rate.verdict is verdict]
    if not rates or not genuine or not fake:
        return None
    return sum(rate.genuine for rate in rates) / genuine, sum(rate.fake for rate in rates) / fake, genuine, fake


def _of_hundred(share: float) -> Sentence:
    hundred = 100 * share
    if 0 < hundred < 0.5:
        return Sentence("fewer than 1")
    if 99.5 <= hundred < 100:
        return Sentence("more than 99")
    return Sentence("about {count:.0f}", count=hundred) if hundred else Sentence("none")
