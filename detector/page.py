"""Report -> the HTML of the page, as pure functions from records to strings. The words are in ``detector.words``.

No web framework and no drawing here: pictures come in as encoded bytes and go out as data URIs, so that a result needs
no file on the server and nothing from the network. Everything that comes from a file or a model is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import MappingProxyType

from detector import words
from detector.records import Bands, Box, FaceResult, Manifest, ModelSpec, QualityGates, Report, Verdict

__all__ = ["STYLESHEET", "FacePictures", "Pictures", "introduction", "notice", "refusal", "result"]

STYLESHEET = Path(__file__).with_name("page.css")

# Shape and words carry the meaning; colour only repeats it.
_ICONS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: '<circle cx="12" cy="12" r="9" stroke-dasharray="3.5 3"/><path d="M8 12h8"/>',
        Verdict.NO_CLEAR_SIGNS: '<circle cx="11" cy="11" r="7"/><path d="M16.2 16.2 21 21"/>',
        Verdict.INCONCLUSIVE: '<circle cx="12" cy="12" r="9"/>'
        '<path d="M9.3 9.3a2.8 2.8 0 1 1 3.9 2.6c-.8.4-1.2.9-1.2 1.9M12 16.8v.4"/>',
        Verdict.SOME_SIGNS: '<path d="M12 3.5 21.5 20h-19z"/><path d="M12 10v4.6M12 17.1v.4"/>',
        Verdict.STRONG_SIGNS: '<path d="M8 2.8h8L21.2 8v8L16 21.2H8L2.8 16V8z"/>'
        '<path d="M9.8 7.6v5.6M9.8 16v.4M14.2 7.6v5.6M14.2 16v.4"/>',
    }
)


@dataclass(frozen=True)
class FacePictures:
    """One face, encoded; the maps are None where no heatmap was made."""

    crop: bytes
    """PNG, so that it is the scored crop to the last pixel."""
    towards_fake: bytes | None = None
    """JPEG."""
    towards_real: bytes | None = None
    """JPEG."""


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
    """The whole result of one photo.

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
    spec = manifest.models.get(report.model.name)
    cards = "".join(
        _face_card(number, face, shown, report.model.name, manifest)
        for number, (face, shown) in enumerate(zip(report.faces, pictures.faces, strict=True), start=1)
    )
    faces = (
        f'<h3>Face by face</h3>{_how_to_read(pictures, spec, manifest.gates)}<div class="fc-faces">{cards}</div>'
        if cards
        else ""
    )
    return (
        f'<section class="fc-result">{_verdict_card(report, spec)}{_photo(report, pictures.photo)}{faces}'
        f"{_facts(report, report_json)}</section>"
    )


def _verdict_card(report: Report, spec: ModelSpec | None) -> str:
    analysed = sum(face.p_fake is not None for face in report.faces)
    count = f"{words.count(len(report.faces), 'face')} found, {analysed} analysed." if report.faces else ""
    notes = "".join(f'<p class="fc-note">{escape(note)}</p>' for note in report.input.notes)
    rates = words.track_record(spec.track_record, report.verdict) if spec else ""
    record = f"<dt>How often this happens</dt><dd>{rates}</dd>" if rates else ""
    return (
        f'<div class="fc-card fc-verdict fc-{report.verdict.value}">{_headline(report.verdict)}'
        f'<p class="fc-file">File: {escape(report.input.name)}. {count}</p>'
        f"<p>{escape(report.reason)}</p>{notes}"
        f"<dl><dt>What this means</dt><dd>{words.MEANS[report.verdict]}</dd>"
        f"<dt>What this does not mean</dt><dd>{words.MEANS_NOT[report.verdict]}</dd>{record}</dl></div>"
    )


def _photo(report: Report, photo: bytes | None) -> str:
    if photo is None:
        return ""
    width, height = report.input.width, report.input.height
    boxes = "".join(
        f'<span class="fc-box fc-{face.verdict.value}" aria-hidden="true" '
        f'style="{_place(face.crop.detection.box, width, height)}"><b>{number}</b></span>'
        for number, face in enumerate(report.faces, start=1)
    )
    numbers = "; the numbers are those of the cards below" if report.faces else ""
    return (
        f'<figure class="fc-photo"><div><img src="{_data_uri(photo)}" '
        f'alt="Your photo with {words.count(len(report.faces), "numbered face")}">{boxes}</div>'
        f"<figcaption>Your photo, {width} × {height} pixels{numbers}.</figcaption></figure>"
    )


def _face_card(number: int, face: FaceResult, shown: FacePictures, decides: str, manifest: Manifest) -> str:
    name = words.FACE_NOT_ANALYSED if face.verdict is Verdict.NOT_ANALYSED else words.HEADLINES[face.verdict]
    spec = manifest.models.get(decides)
    score = "" if face.p_fake is None else _meter(face.p_fake, f"Score of face {number}", spec.bands if spec else None)
    return (
        f'<article class="fc-card fc-face fc-{face.verdict.value}" aria-labelledby="fc-face-{number}">'
        f'<h4 id="fc-face-{number}"><span class="fc-number">Face {number}</span> '
        f'<span class="fc-name">{_icon(face.verdict)} {name}</span></h4>'
        f'<div class="fc-pictures">{_face_figures(number, face, shown)}</div>'
        f'<div class="fc-words">{score}<p>{escape(face.reason)}</p>{_model_scores(face, decides, manifest)}'
        f'<p class="fc-quality">{words.quality_facts(face.crop.quality)}</p></div></article>'
    )


def _face_figures(number: int, face: FaceResult, shown: FacePictures) -> str:
    figures = _figure(shown.crop, number, words.CROP if face.p_fake is not None else words.CROP_NOT_SCORED)
    if face.heatmap is not None and shown.towards_fake is not None and shown.towards_real is not None:
        figures += _figure(shown.towards_fake, number, words.RAISED, float(face.heatmap.towards_fake.max()))
        figures += _figure(shown.towards_real, number, words.LOWERED, float(face.heatmap.towards_real.max()))
    return figures


def _figure(picture: bytes, number: int, caption: str, peak: float | None = None) -> str:
    strength = "" if peak is None else words.strength(peak)
    alt = f"Face {number}: {caption}{', ' if strength else ''}{strength}"
    return (
        f'<figure><img src="{_data_uri(picture)}" alt="{escape(alt)}">'
        f"<figcaption>{caption} <small>{strength}</small></figcaption></figure>"
    )


def _meter(score: float, label: str, bands: Bands | None = None) -> str:
    text = words.score_text(score)
    cuts = (bands.no_clear_signs_below, bands.some_signs_from, bands.strong_signs_from) if bands else ()
    ticks = "".join(f'<i style="left:{100 * cut:.1f}%"></i>' for cut in cuts if cut is not None)
    return (
        f'<div class="fc-score"><p>Score <strong>{text}</strong> <span>on a scale of&nbsp;0&nbsp;to&nbsp;1</span></p>'
        f'<div class="fc-meter" role="meter" aria-label="{label}" aria-valuemin="0" aria-valuemax="1" '
        f'aria-valuenow="{score:.4f}" '
        f'aria-valuetext="{text} on a scale from 0 ({words.SCALE_LOW}) to 1 ({words.SCALE_HIGH})">{ticks}'
        f'<span style="left:{100 * score:.1f}%"></span></div>'
        f'<div class="fc-ends" aria-hidden="true"><span><b>0</b> {words.SCALE_LOW}</span>'
        f"<span><b>1</b> {words.SCALE_HIGH}</span></div></div>"
    )


def _model_scores(face: FaceResult, decides: str, manifest: Manifest) -> str:
    if not face.models:
        return ""
    rows = "".join(
        f"<li>{_model_name(name, manifest)}: <strong>{words.score_text(score)}</strong>"
        f"{' (decides)' if name == decides else ''}</li>"
        for name, score in sorted(face.models.items(), key=lambda item: (item[0] != decides, item[0]))
    )
    return f'<p class="fc-models">Score of each model:</p><ul class="fc-models">{rows}</ul>'


def _model_name(name: str, manifest: Manifest) -> str:
    spec = manifest.models.get(name)
    kind = words.MODEL_NAMES.get(spec.architecture) if spec else None
    return escape(f"{kind} ({name})" if kind else name)


def _how_to_read(pictures: Pictures, spec: ModelSpec | None, gates: QualityGates) -> str:
    sentences = [words.band_facts(spec.bands)] if spec else []
    sentences.append(words.gate_facts(gates))
    heatmaps = ""
    if any(face.towards_fake for face in pictures.faces):
        sentences[:0] = words.HOW_TO_READ
        heatmaps = f"<p>{words.READ_HEATMAPS}</p>"
        if pictures.legend is not None:
            heatmaps += (
                f'<figure class="fc-legend"><img src="{_data_uri(pictures.legend)}" alt="{words.LEGEND_ALT}">'
                f'<figcaption aria-hidden="true"><span>weak</span><span>strong</span></figcaption></figure>'
            )
    lines = "".join(f"<li>{sentence}</li>" for sentence in sentences)
    return f'<div class="fc-read">{heatmaps}<details><summary>{words.HOW_TO}</summary><ul>{lines}</ul></details></div>'


def _facts(report: Report, report_json: str) -> str:
    info, model = report.input, report.model
    rows = {
        "File": f"{info.name}, {info.format}, {info.bytes} bytes, {info.width} × {info.height} pixels",
        "SHA-256 of the file": info.sha256,
        "Model that decides": f"{model.name} ({model.architecture}), revision {model.revision}",
        "SHA-256 of its weights": model.sha256,
        "Versions": ", ".join(f"{name} {version}" for name, version in report.versions.items()),
    }
    facts = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows.items())
    limits = "".join(f"<li>{escape(limit)}</li>" for limit in report.limits)
    about = f"<details><summary>Limits of this result</summary><ul>{limits}</ul></details>" if limits else ""
    stem = (
        "".join(letter for letter in Path(info.name).stem if letter.isalnum() or letter in "-_ ")[:60].strip()
        or "photo"
    )
    uri = f"data:application/json;base64,{base64.b64encode(report_json.encode()).decode()}"
    return (
        f'{about}<details><summary>Facts for repeating this result</summary><dl class="fc-facts">{facts}</dl></details>'
        f'<p><a class="fc-download" download="{escape(stem)}-report.json" href="{uri}">{words.DOWNLOAD}</a></p>'
    )


def _headline(verdict: Verdict) -> str:
    # Focusable from script, so that a screen reader and the keyboard land on a new result.
    return f'<h2 id="fc-verdict" tabindex="-1">{_icon(verdict)} <span>{words.HEADLINES[verdict]}</span></h2>'


def _icon(verdict: Verdict) -> str:
    return (
        '<svg class="fc-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{_ICONS[verdict]}</svg>'
    )


def _place(box: Box, width: int, height: int) -> str:
    """CSS position of a box on the photo; what lies beyond the edge is cut off."""
    left, right = max(0.0, box.left) / width, min(float(width), box.right) / width
    top, bottom = max(0.0, box.top) / height, min(float(height), box.bottom) / height
    parts = {"left": left, "top": top, "width": right - left, "height": bottom - top}
    return ";".join(f"{name}:{100 * share:.2f}%" for name, share in parts.items())


def _data_uri(picture: bytes) -> str:
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
