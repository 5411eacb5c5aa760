"""The tab "About": how a face is checked, what was measured, and what fails. Pure functions from figures to strings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from detector.models.names import ARCHITECTURE_NAMES
from detector.records import Manifest, Verdict
from detector.report.page_parts import data_uri
from detector.words import about as about_words
from detector.words import results as words
from detector.words.language import ENGLISH, Language

__all__ = ["about"]


def about(
    manifest: Manifest, evaluation: Mapping[str, Any], figures: Mapping[str, bytes], say: Language = ENGLISH
) -> str:
    """All of the tab but the model card itself.

    Args:
        manifest: its default image model is the one described.
        evaluation: as ``train/measuring/evaluate.py`` writes it (``evaluation.json``); may be empty.
        figures: PNG by file name, as in ``weights/figures``; may be empty.
        say: the reader's language.
    """
    w = about_words
    name = manifest.default_image_model
    of_model = evaluation.get("models", {}).get(name, {})
    measured = (
        _verdicts(say, manifest, evaluation)
        + _rates(say, about_words.TESTS_HEAD, about_words.SOURCES, of_model.get("by_source", {}))
        + _rates(say, about_words.WEAKER_HEAD, about_words.CHANGED, of_model.get("degradation", {}))
    )
    if not of_model:
        measured += f"<p>{say(w.NOT_MEASURED)}</p>"
    return (
        '<section class="fc-result fc-about">'
        f"<h2>{say(w.HOW_HEAD)}</h2>{_list(say, w.HOW_IT_WORKS, 'ol')}"
        f"<h2>{say(w.WHAT_FAILS)}</h2>{_list(say, _fails(manifest))}"
        f"{measured}{_models(say, manifest, evaluation)}{_figures(say, figures)}"
        f"<h2>{say(w.PRIVACY_HEAD)}</h2>{_list(say, w.PRIVACY)}</section>"
    )


def _fails(manifest: Manifest) -> list[str]:
    record = manifest.models[manifest.default_image_model].track_record
    fake = sum(rate.fake for rate in record)
    missed = sum(rate.fake for rate in record if rate.verdict in (Verdict.NO_CLEAR_SIGNS, Verdict.INCONCLUSIVE))
    return [*([about_words.misses(missed / fake)] if fake else []), *about_words.FAILS]


def _verdicts(say: Language, manifest: Manifest, evaluation: Mapping[str, Any]) -> str:
    w = about_words
    spec = manifest.models[manifest.default_image_model]
    genuine, fake = (sum(getattr(rate, kind) for rate in spec.track_record) for kind in ("genuine", "fake"))
    if not genuine or not fake:
        return ""
    rows = [
        (words.HEADLINES[rate.verdict], w.per_hundred(rate.genuine / genuine), w.per_hundred(rate.fake / fake))
        for rate in spec.track_record
        if rate.verdict is not Verdict.STRONG_SIGNS or spec.bands.strong_signs_from is not None
    ]
    table = _table(say, w.MEASURED_HEAD, (w.VERDICT, w.OF_GENUINE, w.OF_FAKE), rows)
    on = say(w.measured_on(genuine, fake, str(evaluation.get("date", "–"))[:10]))
    return f"<h2>{say(w.MEASURED_HEAD)}</h2>{table}<p>{escape(on)}</p>"


def _rates(say: Language, head: str, names: Mapping[str, str], rates: Mapping[str, Mapping[str, Any]]) -> str:
    """How many genuine and fake faces in a hundred are flagged, by kind; empty where nothing was measured."""
    w = about_words
    rows = [
        (names.get(kind, kind), w.per_hundred(row.get("false_positive_rate")), w.per_hundred(row.get("recall")))
        for kind, row in rates.items()
    ]
    if not rows:
        return ""
    table = _table(say, head, (w.KIND_OF_FACES, w.FLAGGED_GENUINE, w.FLAGGED_FAKE), rows)
    return f"<h3>{say(head)}</h3>{table}"


def _models(say: Language, manifest: Manifest, evaluation: Mapping[str, Any]) -> str:
    w = about_words
    rows = []
    for name, spec in manifest.models.items():
        kind = ARCHITECTURE_NAMES.get(spec.architecture)
        decides = f" {say(words.DECIDES)}" if name == manifest.default_image_model else ""
        pooled = evaluation.get("models", {}).get(name, {}).get("pooled", {})
        rows.append((f"{say(kind)} ({name}){decides}" if kind else f"{name}{decides}", w.pairs(pooled.get("auc"))))
    return f"<h2>{say(w.MODELS_HEAD)}</h2>{_table(say, w.MODELS_HEAD, (w.MODEL, w.PAIRS), rows)}"


def _figures(say: Language, figures: Mapping[str, bytes]) -> str:
    w = about_words
    shown = "".join(
        f'<figure class="fc-measured"><img src="{data_uri(figures[name])}" alt="{escape(say(text))}">'
        f"<figcaption>{escape(say(text))}</figcaption></figure>"
        for name, text in w.FIGURES.items()
        if name in figures
    )
    return f"<h2>{say(w.FIGURES_HEAD)}</h2>{shown}" if shown else ""


def _list(say: Language, sentences: Iterable[str], tag: str = "ul") -> str:
    items = "".join(f"<li>{escape(say(sentence))}</li>" for sentence in sentences)
    return f"<{tag}>{items}</{tag}>"


def _table(say: Language, label: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = "".join(f'<th scope="col">{escape(say(each))}</th>' for each in head)
    body = ""
    for row in rows:
        first, *others = (escape(say(cell)) for cell in row)
        cells = "".join(f"<td>{cell}</td>" for cell in others)
        body += f'<tr><th scope="row">{first}</th>{cells}</tr>'
    # Focusable, so that a table wider than a phone can be moved by keyboard.
    return (
        f'<div class="fc-table" tabindex="0" role="region" aria-label="{escape(say(label))}"><table>'
        f"<thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>"
    )
