"""Report -> the HTML of the page: what is shown, and in which order. How it is written stands in ``templates``.

No web framework and no drawing here: pictures come in as encoded bytes and go out as data URIs, so that a result needs
no file on the server and nothing from the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from detector.paths import PACKAGE
from detector.records import Bands, Box, FrameMean, KnownKind, Manifest, ModelSpec, QualityGates, Report, Verdict
from detector.report.page_cards import FaceCard, FacePictures, face_card
from detector.report.page_clip import boxes_now, person_card
from detector.report.plain_text import plain_text
from detector.report.scale import gauge
from detector.report.templates import render
from detector.verdict.files import WORST_FIRST
from detector.version import LICENCE
from detector.words import export
from detector.words import results as words
from detector.words.language import ENGLISH, Language

__all__ = [
    "STYLESHEET",
    "Pictures",
    "footer",
    "hint",
    "introduction",
    "limit",
    "notice",
    "refusal",
    "refused_upload",
    "result",
]

STYLESHEET = PACKAGE / "report" / "page.css"


@dataclass(frozen=True)
class Pictures:
    """Everything a result shows, encoded."""

    photo: bytes | None
    """JPEG of the upright input, of any size with its proportions; None if the report carries no frame."""
    faces: tuple[FacePictures, ...]
    """One for each face of the report, in its order."""
    legend: bytes | None = None
    """PNG strip of the heatmaps' scale; None where there is no heatmap."""


@dataclass(frozen=True)
class MarkedBox:
    """A face's place on the photo, as shares of its width and height; what lies beyond the edge is cut off."""

    number: int
    verdict: Verdict
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Photo:
    """The photo, or a frame of the video, with its faces marked."""

    picture: bytes
    alt: str
    caption: str
    boxes: tuple[MarkedBox, ...]


def introduction(say: Language = ENGLISH, known: Sequence[KnownKind] = ()) -> str:
    """The head of the page: what it is, what it finds and what not, and what happens to the file.

    Args:
        say: the reader's language.
        known: kinds of fakes that the model was tested on.
    """
    return render("introduction.html", say, knows=words.knowledge(known))


def footer(model: str, revision: str, version: str, say: Language = ENGLISH) -> str:
    """The last lines of the page: versions, licence, source, and what happens to a file."""
    return render("footer.html", say, model=model, revision=revision[:12], version=version, licence=LICENCE)


def notice(sentence: str, say: Language = ENGLISH) -> str:
    """A sentence in place of a result: while one is being made, or when there is nothing to make one of."""
    return render("notice.html", say, sentence=sentence)


def limit(seconds: int, say: Language = ENGLISH, *, busy: bool = False) -> str:
    """A card in place of a result for somebody who asked too often, or while too many others ask (``busy``), with the seconds
    left, which a script counts down."""
    return render("limit.html", say, seconds=seconds, sentence=words.MANY_READERS if busy else words.LIMITED)


def hint(*sentences: str, say: Language = ENGLISH, status: bool = False) -> str:
    """A small line beside what it explains.

    Args:
        sentences: one after another.
        say: the reader's language.
        status: whether it answers what the reader did, so that screen readers read it aloud.
    """
    return render("hint.html", say, sentences=sentences, status=status)


def refusal(
    sentence: str, name: str | None = None, say: Language = ENGLISH, kind: str = "image", *, ids: str = "fc"
) -> str:
    """A calm card for a file that could not be checked.

    Args:
        sentence: cause and cure, as plain text.
        name: of the file, if there is one.
        say: the reader's language.
        kind: "image" or "video", as the reader knows it.
        ids: beginning of the ids of its elements, of which a page may hold each once.
    """
    return render("refusal.html", say, sentence=sentence, name=name, kind=kind, ids=ids)


def refused_upload(causes: Mapping[str, str], say: Language = ENGLISH, *, ids: str) -> str:
    """The card for a file that was not even taken, hidden until a script shows it with one of the causes.

    Args:
        causes: sentence with cause and cure by the script's name for it.
        say: the reader's language.
        ids: beginning of the ids of its elements, of which a page may hold each once.
    """
    return render("refused_upload.html", say, causes=causes, ids=ids)


def result(
    report: Report,
    pictures: Pictures,
    manifest: Manifest,
    report_json: str,
    say: Language = ENGLISH,
    *,
    known: Sequence[KnownKind] = (),
    ids: str = "fc",
    printed: bool = False,
) -> str:
    """The whole result of one photo or video.

    Args:
        report: as ``Detector.analyze`` returns it.
        pictures: encoded pictures, one ``FacePictures`` for each face of the report.
        manifest: thresholds and measured rates come from here.
        report_json: the report as JSON, for the download link.
        say: the reader's language.
        known: kinds of fakes that the model was tested on, as ``knowledge.known_kinds`` gives them.
        ids: beginning of the ids of its elements, of which a page may hold each once.
        printed: for a file or paper, where nothing can be unfolded or moved.

    Raises:
        ValueError: the number of pictures is not that of the faces.
    """
    if len(pictures.faces) != len(report.faces):
        raise ValueError(f"page.result: expected {len(report.faces)} face pictures, got {len(pictures.faces)}")
    rule = _rule(report, manifest)
    kind = report.input.kind
    bands = rule.bands if rule else None
    lead = None if report.deciding is None else report.faces[report.deciding]
    with_heatmaps = pictures.legend is not None
    return render(
        "result.html",
        say,
        report=report,
        kind=kind,
        headline=words.file_headline(report),
        gauge=None if lead is None else gauge(lead, words.score_of_file(kind), bands),
        stand_out=_frames_stand_out(report, manifest),
        photo=None if pictures.photo is None else _photo(report, pictures.photo),
        knows=words.knowledge(known) if report.verdict in _QUIET else None,
        meaning=words.of_kind(_meaning(report), kind),
        rates=_rates(report, rule),
        steps=[words.of_kind(step, kind) for step in words.NEXT[report.verdict]],
        cards=_cards(report, pictures, bands, manifest),
        with_heatmaps=with_heatmaps,
        legend=pictures.legend,
        reading=_how_to_read(kind, with_heatmaps, bands, manifest.gates),
        facts=_facts(report),
        download=f"{_stem(report)}-report.json",
        report_json=report_json,
        text=plain_text(report, say),
        ids=ids,
        printed=printed,
    )


_QUIET = (Verdict.NO_CLEAR_SIGNS, Verdict.INCONCLUSIVE)
"""Verdicts beside which it must stand what would have been found."""


def _rule(report: Report, manifest: Manifest) -> ModelSpec | FrameMean | None:
    """Where bands and measured rates of the report stand in the manifest."""
    if report.input.kind == "video" and manifest.clips is not None:
        mean = manifest.clips.frame_mean.get(report.model.name)
        if mean is not None:
            return mean
    return manifest.models.get(report.model.name)


def _rates(report: Report, rule: ModelSpec | FrameMean | None) -> list[str]:
    """How often such a verdict is wrong; empty where there is no score."""
    if report.p_fake is None:
        return []
    record = rule.track_record if rule else ()
    rates = words.track_record(record, report.verdict), words.base_rate(record, report.verdict)
    return [rate for rate in rates if rate] or [words.of_kind(words.NO_RECORD, report.input.kind)]


def _frames_stand_out(report: Report, manifest: Manifest) -> bool:
    """Whether a video shows no signs as a whole, but single frames do."""
    if report.verdict not in _QUIET:
        return False
    seen = [
        face.over_time
        for face in report.faces
        if face.over_time is not None and face.over_time.scored_by in manifest.models
    ]
    return any(
        moment.p_fake >= bands.some_signs_from and moment.crop.quality.sharpness >= bands.signs_need_sharpness
        for person in seen
        for bands in [manifest.models[person.scored_by].bands]
        for moment in person.moments
    )


def _meaning(report: Report) -> str:
    """What the verdict means; where small changes turn it, that is the reason, whatever the score."""
    stability = None if report.deciding is None else report.faces[report.deciding].stability
    shaky = stability is not None and stability.decided
    return words.MEANS_SHAKY if shaky and report.verdict is Verdict.INCONCLUSIVE else words.MEANS[report.verdict]


def _photo(report: Report, picture: bytes) -> Photo:
    kind, width, height = report.input.kind, report.input.width, report.input.height
    shown = (
        boxes_now(report)
        if kind == "video"
        else [(number, face, face.crop.detection.box) for number, face in enumerate(report.faces, start=1)]
    )
    when = report.preview.time_s if report.preview is not None else None
    analysed = sum(face.p_fake is not None for face in report.faces)
    found = words.found_facts(len(report.faces), analysed, kind) if report.faces else ""
    return Photo(
        picture=picture,
        alt=words.picture_facts(kind, len(shown), when),
        caption=words.picture_caption(report.input, found, when),
        boxes=tuple(_marked(number, face.verdict, box, width, height) for number, face, box in shown),
    )


def _marked(number: int, verdict: Verdict, box: Box, width: int, height: int) -> MarkedBox:
    left, right = max(0.0, box.left) / width, min(float(width), box.right) / width
    top, bottom = max(0.0, box.top) / height, min(float(height), box.bottom) / height
    return MarkedBox(number, verdict, left, top, right - left, bottom - top)


def _cards(report: Report, pictures: Pictures, bands: Bands | None, manifest: Manifest) -> Sequence[FaceCard]:
    """The one that decides first, then the more suspicious before the less."""

    def suspicion(index: int) -> tuple[bool, int, float, int]:
        face = report.faces[index]
        rank = WORST_FIRST.index(face.verdict)
        return (index != report.deciding, rank, -(face.p_fake or 0.0), index)

    decides, seconds = report.model.name, report.input.duration_s or 0.0
    only = len(report.faces) == 1
    made: list[FaceCard] = []
    for index in sorted(range(len(report.faces)), key=suspicion):
        face, shown, leads = report.faces[index], pictures.faces[index], index == report.deciding or only
        if report.input.kind == "video":
            card: FaceCard = person_card(
                index + 1, face, shown, decides, bands, manifest, leads=leads, duration_s=seconds
            )
        else:
            card = face_card(index + 1, face, shown, decides, manifest, leads=leads)
        made.append(card)
    return made


def _how_to_read(kind: str, with_heatmaps: bool, bands: Bands | None, gates: QualityGates) -> list[str]:
    sentences: list[str] = []
    if with_heatmaps:
        sentences += [words.of_kind(line, kind) for line in words.HOW_TO_READ]
    if kind == "video":
        sentences += words.HOW_TO_READ_CLIP
    if bands:
        sentences.append(words.band_facts(bands))
    return [*sentences, words.gate_facts(gates)]


def _facts(report: Report) -> list[tuple[str, str]]:
    """Name and value of what is needed to repeat the check."""
    info, model = report.input, report.model
    rows: Mapping[str, str] = {
        words.FILE: words.file_facts(info),
        **({words.VIDEO: words.clip_facts(info, report.counts)} if report.counts is not None else {}),
        words.FILE_SHA256: info.sha256,
        words.MODEL: words.model_facts(model),
        words.WEIGHTS_SHA256: model.sha256,
        words.VERSIONS: ", ".join(f"{name} {version}" for name, version in report.versions.items()),
        **({export.DATE: report.made_at} if report.made_at else {}),
        export.OPTIONS: export.options_text(report.options),
    }
    return list(rows.items())


def _stem(report: Report) -> str:
    """Beginning of a file name: that of the input, of harmless letters alone."""
    kept = "".join(letter for letter in Path(report.input.name).stem if letter.isalnum() or letter in "-_ ")
    return kept[:60].strip() or ("video" if report.input.kind == "video" else "photo")
