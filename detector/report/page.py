"""Report -> the HTML of the page, as pure functions from records to strings. The words are in ``detector.words.results``.

No web framework and no drawing here: pictures come in as encoded bytes and go out as data URIs, so that a result needs
no file on the server and nothing from the network. Everything that comes from a file or a model is escaped.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from pathlib import Path

from detector.paths import PACKAGE
from detector.records import FaceResult, FrameMean, Manifest, ModelSpec, QualityGates, Report, Verdict
from detector.report.page_clip import boxes_now, person_card
from detector.report.page_origin import provenance_block
from detector.report.page_parts import FacePictures, data_uri, figure, icon, meter, model_scores, place, second_look
from detector.report.plain_text import plain_text
from detector.words import handover as words_report
from detector.words import results as words
from detector.words.language import ENGLISH, Language

__all__ = [
    "SCRIPT",
    "SCRIPT_FOR_CHOICES",
    "SCRIPT_FOR_GRADIO",
    "STYLESHEET",
    "FacePictures",
    "Pictures",
    "introduction",
    "notice",
    "refusal",
    "result",
]

STYLESHEET = PACKAGE / "report" / "page.css"
SCRIPT = PACKAGE / "web" / "page.js"
"""One function without arguments, to be called once on the page."""
SCRIPT_FOR_CHOICES = PACKAGE / "web" / "page_choice.js"
"""One function, to be called once on the page with the parts of each tab (``web.choice.install``)."""
SCRIPT_FOR_GRADIO = PACKAGE / "web" / "page_gradio.js"
"""One function, to be called once on the page with ``words_gradio.table``."""


@dataclass(frozen=True)
class Pictures:
    """Everything a result shows, encoded."""

    photo: bytes | None
    """JPEG of the upright input, of any size with its proportions; None if the report carries no frame."""
    faces: tuple[FacePictures, ...]
    """One for each face of the report, in its order."""
    legend: bytes | None = None
    """PNG strip of the heatmap's colour, weak on the left, with its strength as opacity."""


def introduction(say: Language = ENGLISH) -> str:
    """The head of the page: what it cannot do and who sees the file, then what it does."""
    cautions = "".join(f"<li>{escape(say(sentence))}</li>" for sentence in words.CAUTIONS)
    return (
        f'<header class="fc-intro"><h1>{say(words.TITLE)}</h1><ul>{cautions}</ul><p>{say(words.PURPOSE)}</p></header>'
    )


def notice(sentence: str, say: Language = ENGLISH) -> str:
    """A sentence in place of a result: while one is being made, or when there is nothing to make one of."""
    return f'<section class="fc-card fc-notice" role="status"><p>{escape(say(sentence))}</p></section>'


def refusal(sentence: str, name: str | None = None, say: Language = ENGLISH, kind: str = "image") -> str:
    """A calm card for a file that could not be checked.

    Args:
        sentence: cause and cure, as plain text.
        name: of the file, if there is one.
        say: the reader's language.
        kind: "image" or "video", as the reader knows it.
    """
    about = f'<p class="fc-file">{say(words.FILE)}: {escape(name)}</p>' if name else ""
    return (
        f'<section class="fc-result"><div class="fc-card fc-verdict fc-not_analysed">'
        f"{_headline(say, Verdict.NOT_ANALYSED)}<p>{escape(say(sentence))}</p>{about}"
        f"<p>{say(words.of_kind(words.NOT_SCORED, kind))} {say(words.OTHER_FILE)}</p></div></section>"
    )


def result(report: Report, pictures: Pictures, manifest: Manifest, report_json: str, say: Language = ENGLISH) -> str:
    """The whole result of one photo or video.

    Args:
        report: as ``Detector.analyze`` returns it.
        pictures: encoded pictures, one ``FacePictures`` for each face of the report.
        manifest: thresholds and measured rates come from here.
        report_json: the report as JSON, for the download link.
        say: the reader's language.

    Raises:
        ValueError: the number of pictures is not that of the faces.
    """
    if len(pictures.faces) != len(report.faces):
        raise ValueError(f"page.result: expected {len(report.faces)} face pictures, got {len(pictures.faces)}")
    rule = _rule(report, manifest)
    clip = report.input.kind == "video"
    cards = "".join(
        person_card(say, number, face, shown, report.model.name, rule.bands if rule else None, manifest)
        if clip
        else _face_card(say, number, face, shown, report.model.name, manifest)
        for number, (face, shown) in enumerate(zip(report.faces, pictures.faces, strict=True), start=1)
    )
    reading = _how_to_read(say, pictures, rule, manifest.gates, clip)
    faces = (
        f'<h3>{say(words.PERSON_BY_PERSON if clip else words.FACE_BY_FACE)}</h3>{reading}<div class="fc-faces">{cards}</div>'
        if cards
        else ""
    )
    return (
        f'<section class="fc-result">{_verdict_card(say, report, rule, manifest)}{_photo(say, report, pictures.photo)}{faces}'
        f"{provenance_block(say, report.provenance)}{_facts(say, report, report_json)}"
        f'<pre class="fc-plain" hidden>{escape(plain_text(report, say))}</pre></section>'
    )


def _rule(report: Report, manifest: Manifest) -> ModelSpec | FrameMean | None:
    """Where bands and measured rates of the report stand in the manifest."""
    if report.input.kind == "video" and manifest.clips is not None:
        mean = manifest.clips.frame_mean.get(report.model.name)
        if mean is not None:
            return mean
    return manifest.models.get(report.model.name)


def _verdict_card(say: Language, report: Report, spec: ModelSpec | FrameMean | None, manifest: Manifest) -> str:
    kind = report.input.kind
    analysed = sum(face.p_fake is not None for face in report.faces)
    count = say(words.found_facts(len(report.faces), analysed, kind)) if report.faces else ""
    notes = "".join(f'<p class="fc-note">{escape(say(note))}</p>' for note in report.input.notes)
    explained = [
        (words.WHAT_IT_MEANS, say(words.of_kind(_meaning(report), kind))),
        (words.WHAT_IT_DOES_NOT, say(words.of_kind(words.MEANS_NOT[report.verdict], kind))),
    ]
    record = spec.track_record if spec else ()
    rates = words.track_record(record, report.verdict), words.base_rate(record, report.verdict)
    if report.p_fake is not None:
        measured = " ".join(say(rate) for rate in rates if rate) or say(words.of_kind(words.NO_RECORD, kind))
        explained.append((words.HOW_OFTEN, measured))
    terms = "".join(f"<dt>{say(term)}</dt><dd>{escape(text)}</dd>" for term, text in explained)
    steps = "".join(f"<li>{escape(say(words.of_kind(step, kind)))}</li>" for step in words.NEXT[report.verdict])
    return (
        f'<div class="fc-card fc-verdict fc-{report.verdict.value}">{_headline(say, report.verdict)}'
        f'<p class="fc-file">{say(words.FILE)}: {escape(report.input.name)}. {count}</p>'
        f"<p>{escape(say(report.reason))}</p>{_stand_out(say, report, manifest)}{notes}"
        f"<dl>{terms}<dt>{say(words.WHAT_NEXT)}</dt><dd><ul>{steps}</ul></dd></dl></div>"
    )


def _stand_out(say: Language, report: Report, manifest: Manifest) -> str:
    """Where a video shows no signs as a whole, but single frames do: that there is more to see than the verdict."""
    if report.verdict not in (Verdict.NO_CLEAR_SIGNS, Verdict.INCONCLUSIVE):
        return ""
    seen = [
        face.over_time
        for face in report.faces
        if face.over_time is not None and face.over_time.scored_by in manifest.models
    ]
    if not any(
        moment.p_fake >= bands.some_signs_from and moment.crop.quality.sharpness >= bands.signs_need_sharpness
        for person in seen
        for bands in [manifest.models[person.scored_by].bands]
        for moment in person.moments
    ):
        return ""
    return f"<p><strong>{escape(say(words.STAND_OUT))}</strong></p>"


def _meaning(report: Report) -> str:
    """What the verdict means; where small changes turn it, that is the reason, whatever the score."""
    stability = None if report.deciding is None else report.faces[report.deciding].stability
    shaky = stability is not None and stability.decided
    return words.MEANS_SHAKY if shaky and report.verdict is Verdict.INCONCLUSIVE else words.MEANS[report.verdict]


def _photo(say: Language, report: Report, photo: bytes | None) -> str:
    if photo is None:
        return ""
    width, height = report.input.width, report.input.height
    clip = report.input.kind == "video"
    shown = (
        boxes_now(report)
        if clip
        else [(number, face, face.crop.detection.box) for number, face in enumerate(report.faces, start=1)]
    )
    boxes = "".join(
        f'<span class="fc-box fc-{face.verdict.value}" aria-hidden="true" '
        f'style="{place(box, width, height)}"><b>{number}</b></span>'
        for number, face, box in shown
    )
    when = report.preview.time_s if report.preview is not None else None
    kind = report.input.kind
    alt = say(words.picture_facts(kind, len(shown), when))
    caption = say(words.picture_facts(kind, len(shown), when, (width, height)))
    return (
        f'<figure class="fc-photo"><div><img src="{data_uri(photo)}" '
        f'alt="{escape(alt)}">{boxes}</div><figcaption>{caption}</figcaption></figure>'
    )


def _face_card(
    say: Language, number: int, face: FaceResult, shown: FacePictures, decides: str, manifest: Manifest
) -> str:
    name = words.FACE_NOT_ANALYSED if face.verdict is Verdict.NOT_ANALYSED else words.HEADLINES[face.verdict]
    spec = manifest.models.get(decides)
    bands = spec.bands if spec else None
    score = "" if face.p_fake is None else meter(say, face.p_fake, words.score_of(number), bands, face.stability)
    return (
        f'<article class="fc-card fc-face fc-{face.verdict.value}" aria-labelledby="fc-face-{number}">'
        f'<h4 id="fc-face-{number}"><span class="fc-number">{say(words.numbered(number))}</span> '
        f'<span class="fc-name">{icon(face.verdict)} {say(name)}</span></h4>'
        f'<div class="fc-pictures">{_face_figures(say, number, face, shown)}</div>'
        f'<div class="fc-words">{score}<p>{escape(say(face.reason))}</p>'
        f"{second_look(say, face)}{model_scores(say, face, decides, manifest)}"
        f'<p class="fc-quality">{say(words.quality_facts(face.crop.quality))}</p></div></article>'
    )


def _face_figures(say: Language, number: int, face: FaceResult, shown: FacePictures) -> str:
    figures = figure(say, shown.crop, number, words.CROP if face.p_fake is not None else words.CROP_NOT_SCORED)
    if face.heatmap is not None and shown.towards_fake is not None and shown.towards_real is not None:
        for caption, colour, heat in (
            (words.RAISED, shown.towards_fake, face.heatmap.towards_fake),
            (words.LOWERED, shown.towards_real, face.heatmap.towards_real),
        ):
            figures += figure(say, shown.crop, number, caption, float(heat.max()), colour=colour)
    return figures


def _how_to_read(
    say: Language, pictures: Pictures, spec: ModelSpec | FrameMean | None, gates: QualityGates, clip: bool
) -> str:
    sentences: list[str] = [words.band_facts(spec.bands)] if spec else []
    sentences.append(words.gate_facts(gates))
    heatmaps = ""
    kind = "video" if clip else "image"
    if clip:
        sentences[:0] = words.HOW_TO_READ_CLIP
    if any(face.towards_fake or face.moments for face in pictures.faces):
        lines = [line for line in words.HOW_TO_READ if not (clip and words.LOWERED in line)]
        sentences[:0] = [words.of_kind(line, kind) for line in lines]
        heatmaps = f"<p>{say(words.of_kind(words.READ_HEATMAPS, kind))}</p>"
        if pictures.legend is not None:
            heatmaps += (
                f'<figure class="fc-legend"><div><img class="fc-colour" src="{data_uri(pictures.legend)}" '
                f'alt="{say(words.LEGEND_ALT)}"></div>'
                f'<figcaption aria-hidden="true"><span>{say(words.WEAK)}</span><span>{say(words.STRONG)}</span>'
                "</figcaption></figure>"
                f'<label class="fc-opacity"><span>{say(words.OPACITY)}</span> '
                f'<input type="range" min="0" max="100" step="5" value="50"></label>'
            )
    items = "".join(f"<li>{escape(say(sentence))}</li>" for sentence in sentences)
    return f'<div class="fc-read">{heatmaps}<details><summary>{say(words.HOW_TO)}</summary><ul>{items}</ul></details></div>'


def _facts(say: Language, report: Report, report_json: str) -> str:
    info, model = report.input, report.model
    rows: dict[str, str] = {
        words.FILE: words.file_facts(info),
        **({words.VIDEO: words.clip_facts(info, report.counts)} if report.counts is not None else {}),
        words.FILE_SHA256: info.sha256,
        words.MODEL: words.model_facts(model),
        words.WEIGHTS_SHA256: model.sha256,
        words.VERSIONS: ", ".join(f"{name} {version}" for name, version in report.versions.items()),
        **({words_report.DATE: report.made_at} if report.made_at else {}),
        words_report.OPTIONS: words_report.options_text(report.options),
    }
    facts = "".join(f"<dt>{say(name)}</dt><dd>{escape(say(value))}</dd>" for name, value in rows.items())
    limits = "".join(f"<li>{escape(say(limit))}</li>" for limit in report.limits)
    about = f"<details><summary>{say(words.LIMITS_OF_RESULT)}</summary><ul>{limits}</ul></details>" if limits else ""
    stem = "".join(letter for letter in Path(info.name).stem if letter.isalnum() or letter in "-_ ")[:60].strip() or (
        "video" if info.kind == "video" else "photo"
    )
    uri = f"data:application/json;base64,{base64.b64encode(report_json.encode()).decode()}"
    return (
        f'{about}<details><summary>{say(words.FACTS)}</summary><dl class="fc-facts">{facts}</dl></details>'
        f'<p><a class="fc-download" download="{escape(stem)}-report.json" href="{uri}">{say(words.DOWNLOAD)}</a></p>'
    )


def _headline(say: Language, verdict: Verdict) -> str:
    # Focusable from script, so that a screen reader and the keyboard land on a new result.
    return f'<h2 id="fc-verdict" tabindex="-1">{icon(verdict)} <span>{say(words.HEADLINES[verdict])}</span></h2>'
