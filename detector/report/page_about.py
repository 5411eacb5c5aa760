"""The tab "About": how a face is checked, what was measured, and what fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from detector.records import Manifest, Verdict
from detector.report.page_cards import network_kind
from detector.report.templates import render
from detector.words import about as about_words
from detector.words import results as words
from detector.words.language import ENGLISH, Language

__all__ = ["Network", "Table", "about"]


@dataclass(frozen=True)
class Network:
    """The name of a model in a table."""

    name: str
    kind: str | None
    """Of network, in words."""
    decides: bool


@dataclass(frozen=True)
class Table:
    """Its label, its head, and its rows; the first cell of each is the row's own head."""

    label: str
    head: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


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
    measured = evaluation.get("models", {}).get(manifest.default_image_model, {})
    record = manifest.models[manifest.default_image_model].track_record
    genuine, fake = sum(rate.genuine for rate in record), sum(rate.fake for rate in record)
    tables = (
        _rates(about_words.TESTS_HEAD, about_words.SOURCES, measured.get("by_source", {})),
        _rates(about_words.WEAKER_HEAD, about_words.CHANGED, measured.get("degradation", {})),
    )
    return render(
        "about.html",
        say,
        fails=_fails(manifest),
        verdicts=_verdicts(manifest, genuine, fake) if genuine and fake else None,
        measured_on=about_words.measured_on(genuine, fake, str(evaluation.get("date", "–"))[:10]),
        rate_tables=[table for table in tables if table.rows],
        measured=bool(measured),
        models=_models(manifest, evaluation),
        figures=[(figures[name], text) for name, text in about_words.FIGURES.items() if name in figures],
    )


def _fails(manifest: Manifest) -> list[str]:
    record = manifest.models[manifest.default_image_model].track_record
    fake = sum(rate.fake for rate in record)
    missed = sum(rate.fake for rate in record if rate.verdict in (Verdict.NO_CLEAR_SIGNS, Verdict.INCONCLUSIVE))
    return [*([about_words.misses(missed / fake)] if fake else []), *about_words.FAILS]


def _verdicts(manifest: Manifest, genuine: int, fake: int) -> Table:
    """How many of so many genuine and fake faces got each verdict."""
    spec = manifest.models[manifest.default_image_model]
    rows = (
        (
            words.HEADLINES[rate.verdict],
            about_words.per_hundred(rate.genuine / genuine),
            about_words.per_hundred(rate.fake / fake),
        )
        for rate in spec.track_record
        if rate.verdict is not Verdict.STRONG_SIGNS or spec.bands.strong_signs_from is not None
    )
    head = (about_words.VERDICT, about_words.OF_GENUINE, about_words.OF_FAKE)
    return _table(about_words.MEASURED_HEAD, head, rows)


def _rates(label: str, names: Mapping[str, str], rates: Mapping[str, Mapping[str, Any]]) -> Table:
    """How many genuine and fake faces in a hundred are flagged, by kind; without rows where nothing was measured."""
    rows = (
        (
            names.get(kind, kind),
            about_words.per_hundred(row.get("false_positive_rate")),
            about_words.per_hundred(row.get("recall")),
        )
        for kind, row in rates.items()
    )
    return _table(label, (about_words.KIND_OF_FACES, about_words.FLAGGED_GENUINE, about_words.FLAGGED_FAKE), rows)


def _models(manifest: Manifest, evaluation: Mapping[str, Any]) -> Table:
    measured = evaluation.get("models", {})
    rows = (
        (
            Network(name, network_kind(name, manifest), name == manifest.default_image_model),
            about_words.pairs(measured.get(name, {}).get("pooled", {}).get("auc")),
        )
        for name in manifest.models
    )
    return _table(about_words.MODELS_HEAD, (about_words.MODEL, about_words.PAIRS), rows)


def _table(label: str, head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Table:
    return Table(label, head, tuple(rows))
