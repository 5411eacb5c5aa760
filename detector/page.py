"""Report -> the HTML of the page, as pure functions from records to strings. The words are in ``detector.words``.

No web framework and no drawing here: pictures come in as encoded bytes and go out as data URIs, so that a result needs
no file on the server and nothing from the network. Everything that comes from a file or a model is escaped.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from pathlib import Path

from detector import words
from detector.page_clip import boxes_now, person_card
from detector.page_parts import FacePictures, data_uri, figure, icon, meter, model_scores, place
from detector.records import FaceResult, FrameMean, Manifest, ModelSpec, QualityGates, Report, Verdict

__all__ = ["STYLESHEET", "FacePictures", "Pictures", "introduction", "notice", "refusal", "result"]

STYLESHEET = Path(__file__).with_name("page.css")


@dataclass(frozen=True)
class Pictures:
    """Everything a result shows, encoded."""

    photo: bytes | None
    """JPEG of the upright input, of any size with its proportions; None if the report carries no frame."""
    faces: tuple[FacePictures, ...]
    """One for each face of the report, in its order."""
    legend: bytes | None = None
    """PNG strip of the heatmap scale, weak on the left."""


def introduction() -> str:
    """The head of the page: what it does and what it cannot do."""
    cautions = "".join(f"<li>{escape(sentence)}</li>" for sentence in words.CAUTIONS)
    return f'<header class="fc-intro"><h1>{words.TITLE}</h1><p>{words.PURPOSE}</p><ul>{cautions}</ul></header>'


def notice(sentence: str) -> str:
    """A sentence in place of a result: while one is being made, or when there is nothing to make one of."""
    return f'<section class="fc-card fc-notice" role="status"><p>{escape(sentence)}</p></section>'


def refusal(sentence: str, name: str | None = None) -> str:
    """A calm card for a file that could not be checked.

    Args:
        sentence: cause and cure, as plain text.
        name: of the file, if there is one.
    """
    about = f'<p class="fc-file">File: {escape(name)}</p>' if name else ""
    return (
        f'<section class="fc-result"><div class="fc-card fc-verdict fc-not_analysed">'
        f"{_headline(Verdict.NOT_ANALYSED)}<p>{escape(sentence)}</p>{about}"
        f"<p>{words.NOT_SCORED} {words.OTHER_FILE}</p></div></section>"
    )


def result(report: Report, pictures: Pictures, manifest: Manifest, report_json: str) -> str:
    """The whole result of one photo or video.

    Args:
        report: as ``Detector.analyze`` returns it.
        pictures: encoded pictures, one ``FacePictures`` for each face of the report.
        manifest: thresholds and measured rates come from here.
        report_json: the report as JSON, for the download link.

    Raises:
        ValueError: the number of pictures is not that of the faces.
    """
    if len(pictures.faces) != len(report.faces):
        raise ValueError(f"page.result: expected {len(report.faces)} face pictures, got {len(pictures.faces)}")
    rule = _rule(report, manifest)
    clip = report.input.kind == "video"
    cards = "".join(
        person_card(number, face, shown, report.model.name, rule.bands if rule else None, manifest)
        if clip
        else _face_card(number, face, shown, report.model.name, manifest)
        for number, (face, shown) in enumerate(zip(report.faces, pictures.faces, strict=True), start=1)
    )
    reading = _how_to_read(pictures, rule, manifest.gates, clip)
    faces = (
        f'<h3>{"Person by person" if clip else "Face by face"}</h3>{reading}<div class="fc-faces">{cards}</div>'
        if cards
        else ""
    )
    return (
        f'<section class="fc-result">{_verdict_card(report, rule)}{_photo(report, pictures.photo)}{faces}'
        f"{_facts(report, report_json)}</section>"
    )


def _rule(report: Report, manifest: Manifest) -> ModelSpec | FrameMean | None:
    """Where bands and measured rates of the report stand in the manifest."""
    if report.input.kind == "video" and manifest.clips is not None:
        mean = manifest.clips.frame_mean.get(report.model.name)
        if mean is not None:
            return mean
    return manifest.models.get(report.model.name)


def _verdict_card(report: Report, spec: ModelSpec | FrameMean | None) -> str:
    kind = report.input.kind
    analysed = sum(face.p_fake is not None for face in report.faces)
    found = words.count(len(report.faces), "person" if kind == "video" else "face")
    count = f"{found} found, {analysed} analysed." if report.faces else ""
    notes = "".join(f'<p class="fc-note">{escape(note)}</p>' for note in report.input.notes)
    rates = words.of_kind(words.track_record(spec.track_record, report.verdict), kind) if spec else ""
    record = f"<dt>How often this happens</dt><dd>{rates}</dd>" if rates else ""
    return (
        f'<div class="fc-card fc-verdict fc-{report.verdict.value}">{_headline(report.verdict)}'
        f'<p class="fc-file">File: {escape(report.input.name)}. {count}</p>'
        f"<p>{escape(report.reason)}</p>{notes}"
        f"<dl><dt>What this means</dt><dd>{words.of_kind(words.MEANS[report.verdict], kind)}</dd>"
        f"<dt>What this does not mean</dt><dd>{words.of_kind(words.MEANS_NOT[report.verdict], kind)}</dd>{record}</dl></div>"
    )


def _photo(report: Report, photo: bytes | None) -> str:
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
    numbers = "; the numbers are those of the cards below" if shown else ""
    what = "Your photo"
    if clip:
        when = words.clock(report.frame.time_s or 0.0) if report.frame is not None else ""
        what = f"Your video at {when}"
    return (
        f'<figure class="fc-photo"><div><img src="{data_uri(photo)}" '
        f'alt="{what} with {words.count(len(shown), "numbered face")}">{boxes}</div>'
        f"<figcaption>{what}, {width} × {height} pixels{numbers}.</figcaption></figure>"
    )


def _face_card(number: int, face: FaceResult, shown: FacePictures, decides: str, manifest: Manifest) -> str:
    name = words.FACE_NOT_ANALYSED if face.verdict is Verdict.NOT_ANALYSED else words.HEADLINES[face.verdict]
    spec = manifest.models.get(decides)
    score = "" if face.p_fake is None else meter(face.p_fake, f"Score of face {number}", spec.bands if spec else None)
    return (
        f'<article class="fc-card fc-face fc-{face.verdict.value}" aria-labelledby="fc-face-{number}">'
        f'<h4 id="fc-face-{number}"><span class="fc-number">Face {number}</span> '
        f'<span class="fc-name">{icon(face.verdict)} {name}</span></h4>'
        f'<div class="fc-pictures">{_face_figures(number, face, shown)}</div>'
        f'<div class="fc-words">{score}<p>{escape(face.reason)}</p>{model_scores(face, decides, manifest)}'
        f'<p class="fc-quality">{words.quality_facts(face.crop.quality)}</p></div></article>'
    )


def _face_figures(number: int, face: FaceResult, shown: FacePictures) -> str:
    figures = figure(shown.crop, number, words.CROP if face.p_fake is not None else words.CROP_NOT_SCORED)
    if face.heatmap is not None and shown.towards_fake is not None and shown.towards_real is not None:
        figures += figure(shown.towards_fake, number, words.RAISED, float(face.heatmap.towards_fake.max()))
        figures += figure(shown.towards_real, number, words.LOWERED, float(face.heatmap.towards_real.max()))
    return figures


def _how_to_read(pictures: Pictures, spec: ModelSpec | FrameMean | None, gates: QualityGates, clip: bool) -> str:
    sentences = [words.band_facts(spec.bands)] if spec else []
    sentences.append(words.gate_facts(gates))
    heatmaps = ""
    kind = "video" if clip else "image"
    if clip:
        sentences[:0] = words.HOW_TO_READ_CLIP
    if any(face.towards_fake or face.moments for face in pictures.faces):
        sentences[:0] = [s for s in words.HOW_TO_READ if not (clip and words.LOWERED in s)]
        heatmaps = f"<p>{words.of_kind(words.READ_HEATMAPS, kind)}</p>"
        if pictures.legend is not None:
            heatmaps += (
                f'<figure class="fc-legend"><img src="{data_uri(pictures.legend)}" alt="{words.LEGEND_ALT}">'
                f'<figcaption aria-hidden="true"><span>weak</span><span>strong</span></figcaption></figure>'
            )
    lines = "".join(f"<li>{words.of_kind(sentence, kind)}</li>" for sentence in sentences)
    return f'<div class="fc-read">{heatmaps}<details><summary>{words.HOW_TO}</summary><ul>{lines}</ul></details></div>'


def _facts(report: Report, report_json: str) -> str:
    info, model = report.input, report.model
    rows = {
        "File": f"{info.name}, {info.format}, {info.bytes} bytes, {info.width} × {info.height} pixels",
        **({"Video": words.clip_facts(info, report.counts)} if report.counts is not None else {}),
        "SHA-256 of the file": info.sha256,
        "Model that decides": f"{model.name} ({model.architecture}), revision {model.revision}",
        "SHA-256 of its weights": model.sha256,
        "Versions": ", ".join(f"{name} {version}" for name, version in report.versions.items()),
    }
    facts = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows.items())
    limits = "".join(f"<li>{escape(limit)}</li>" for limit in report.limits)
    about = f"<details><summary>Limits of this result</summary><ul>{limits}</ul></details>" if limits else ""
    stem = "".join(letter for letter in Path(info.name).stem if letter.isalnum() or letter in "-_ ")[:60].strip() or (
        "video" if info.kind == "video" else "photo"
    )
    uri = f"data:application/json;base64,{base64.b64encode(report_json.encode()).decode()}"
    return (
        f'{about}<details><summary>Facts for repeating this result</summary><dl class="fc-facts">{facts}</dl></details>'
        f'<p><a class="fc-download" download="{escape(stem)}-report.json" href="{uri}">{words.DOWNLOAD}</a></p>'
    )


def _headline(verdict: Verdict) -> str:
    # Focusable from script, so that a screen reader and the keyboard land on a new result.
    return f'<h2 id="fc-verdict" tabindex="-1">{icon(verdict)} <span>{words.HEADLINES[verdict]}</span></h2>'
