"""The pieces of which cards are made, for pictures and clips alike: shapes, figures, the scale of a score, places on a photo.

Pure functions from records to strings, as in ``page``.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType

from detector.models.names import ARCHITECTURE_NAMES
from detector.records import Bands, Box, FaceResult, Manifest, Stability, Verdict
from detector.words import results as words
from detector.words.language import Language

__all__ = ["FacePictures", "data_uri", "figure", "icon", "meter", "model_name", "model_scores", "place", "second_look"]

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
    """PNG of the colour alone, with its strength as opacity, to be laid over the crop."""
    towards_real: bytes | None = None
    """The same."""
    timeline: bytes | None = None
    """PNG; of a person of a clip."""
    moments: tuple[tuple[bytes, bytes | None], ...] = ()
    """(crop, colour of what raised the score) of each moment of a person of a clip, encoded."""


def figure(
    say: Language,
    picture: bytes,
    number: int,
    caption: str,
    peak: float | None = None,
    clip: bool = False,
    colour: bytes | None = None,
) -> str:
    """A picture with its caption, and over it the colour of a heatmap with that ``peak``, if there is one."""
    caption, strength = say(caption), "" if peak is None else say(words.strength(peak))
    alt = f"{say(words.numbered(number, clip))}: {caption}{', ' if strength else ''}{strength}"
    shown = f'<img src="{data_uri(picture)}" alt="{escape(alt)}">'
    if colour is not None:
        shown = (
            f'<div class="fc-heat"><img src="{data_uri(picture)}" alt="">'
            f'<img class="fc-colour" src="{data_uri(colour)}" alt="{escape(alt)}"></div>'
        )
    return f"<figure>{shown}<figcaption>{caption} <small>{strength}</small></figcaption></figure>"


def meter(
    say: Language, score: float, label: str, bands: Bands | None = None, stability: Stability | None = None
) -> str:
    """The scale from 0 to 1 with the score, the cuts between verdicts, and the span of the scores after small changes."""
    text = say(words.score_text(score))
    cuts = (bands.no_clear_signs_below, bands.some_signs_from, bands.strong_signs_from) if bands else ()
    ticks = "".join(f'<i style="left:{100 * cut:.1f}%"></i>' for cut in cuts if cut is not None)
    if stability is not None:
        low, high = min(score, stability.lowest), max(score, stability.highest)
        ticks += f'<b class="fc-spread" style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></b>'
    return (
        f'<div class="fc-score"><p>{say(words.SCORE)} <strong>{text}</strong> <span>{say(words.ON_SCALE)}</span></p>'
        f'<div class="fc-meter" role="meter" aria-label="{escape(say(label))}" aria-valuemin="0" aria-valuemax="1" '
        f'aria-valuenow="{score:.4f}" '
        f'aria-valuetext="{say(words.score_meaning(score))}">{ticks}'
        f'<span style="left:{100 * score:.1f}%"></span></div>'
        f'<div class="fc-ends" aria-hidden="true"><span><b>0</b> {say(words.SCALE_LOW)}</span>'
        f"<span><b>1</b> {say(words.SCALE_HIGH)}</span></div></div>"
    )


def second_look(say: Language, face: FaceResult, clip: bool = False) -> str:
    """Whether the score holds, and which part of the face it depends on, each with its figures."""
    text = ""
    if face.stability is not None:
        views = "".join(
            f"<li>{escape(say(words.view_facts(name, score)))}</li>" for name, score in face.stability.scores.items()
        )
        # Where the score does not hold, its scores are the reason for the result.
        unfolded = "" if face.stability.holds else " open"
        text += (
            f"<p>{escape(say(words.stability_facts(face.stability, clip)))}</p>"
            f'<details class="fc-views"{unfolded}><summary>{say(words.EACH_VIEW)}</summary><ul>{views}</ul></details>'
        )
    if face.region is not None and face.p_fake is not None:
        text += f'<p class="fc-region">{escape(say(words.region_facts(face.region, face.p_fake)))}</p>'
    return text


def model_scores(say: Language, face: FaceResult, decides: str, manifest: Manifest) -> str:
    """What every model says of a face, the one that decides first."""
    if not face.models:
        return ""
    rows = "".join(
        f"<li>{model_name(say, name, manifest)}: <strong>{say(words.score_text(score))}</strong>"
        f"{' ' + say(words.DECIDES) if name == decides else ''}</li>"
        for name, score in sorted(face.models.items(), key=lambda item: (item[0] != decides, item[0]))
    )
    return f'<p class="fc-models">{say(words.SCORES_OF_MODELS)}</p><ul class="fc-models">{rows}</ul>'


def model_name(say: Language, name: str, manifest: Manifest) -> str:
    """The model's kind in words, with its name."""
    spec = manifest.models.get(name)
    kind = ARCHITECTURE_NAMES.get(spec.architecture) if spec else None
    return escape(f"{say(kind)} ({name})" if kind else name)


def icon(verdict: Verdict) -> str:
    """The verdict's shape."""
    return (
        '<svg class="fc-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{_ICONS[verdict]}</svg>'
    )


def place(box: Box, width: int, height: int) -> str:
    """CSS position of a box on the photo; what lies beyond the edge is cut off."""
    left, right = max(0.0, box.left) / width, min(float(width), box.right) / width
    top, bottom = max(0.0, box.top) / height, min(float(height), box.bottom) / height
    parts = {"left": left, "top": top, "width": right - left, "height": bottom - top}
    return ";".join(f"{name}:{100 * share:.2f}%" for name, share in parts.items())


def data_uri(picture: bytes) -> str:
    """A PNG or JPEG as an address that needs no file."""
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
