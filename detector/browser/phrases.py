"""What the page in the browser says, in every language. Sentences of results come from where reports have them, so that none is
written twice; the page's own stand in ``words.browser``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from detector.browser.reasons import reasons
from detector.probes.stability import VIEWS
from detector.records import KnownKind, Manifest, Verdict
from detector.sentences import Sentence
from detector.verdict.files import LIMITS
from detector.words import about, browser, results
from detector.words.language import LANGUAGES, Language

__all__ = ["phrases"]

_COUNTED = 300
"""Numbers whose plural forms are listed; more faces than these are never found, and rules repeat after 100."""

_SHARED: Mapping[str, str] = {
    "name": results.NAME,
    "title": results.TITLE,
    "purpose": browser.PURPOSE,
    "caution": results.CAUTION,
    "language": results.LANGUAGE,
    "tip": results.TIP,
    "headline.no_face": results.NO_FACE,
    "headline.no_usable_face": results.NO_USABLE_FACE,
    "headline.unreadable": results.UNREADABLE,
    "means.shaky": results.of_kind(results.MEANS_SHAKY, "image"),
    "what_it_means": results.WHAT_IT_MEANS,
    "what_it_does_not": results.WHAT_IT_DOES_NOT,
    "how_often": results.HOW_OFTEN,
    "what_next": results.WHAT_NEXT,
    "technical": results.TECHNICAL,
    "how_to": results.HOW_TO,
    "limits": results.LIMITS_OF_RESULT,
    "facts": results.FACTS,
    "face_by_face": results.FACE_BY_FACE,
    "crop": results.CROP,
    "crop_not_checked": results.CROP_NOT_CHECKED,
    "each_view": results.EACH_VIEW,
    "score.of_file": results.score_of_file("image"),
    "elsewhere": results.ELSEWHERE,
    "ask_an_expert": results.ASK_AN_EXPERT,
    "model": about.MODEL,
    "licence": about.LICENCE,
    "licences": browser.LICENCES,
    "weights_sha256": results.WEIGHTS_SHA256,
    "privacy": browser.PRIVACY,
    "state.checking": results.WAITING,
    "checked_here": browser.CHECKED_HERE,
    "drop": browser.DROP,
    "save": browser.SAVE,
    "weights_licence": browser.WEIGHTS_LICENCE,
    "left_out_head": browser.LEFT_OUT_HEAD,
}


def phrases(manifest: Manifest, known: Sequence[KnownKind]) -> dict[str, Any]:
    """The content of ``words.json``: by language its code, name, decimal sign, plural rule, texts and lists by key.

    A text is a template with fields such as ``{score}`` or ``{size:.0f}``. One that depends on a count is the list of its
    forms; ``plural`` has the form of each count.

    Args:
        manifest: its default image model is the one described.
        known: what that model finds in tests.
    """
    templates = dict(reasons())
    texts = {**_SHARED, **dict(_of_verdicts()), **dict(_of_page()), **dict(_of_model(manifest, known))}
    lists = dict(_lists(manifest))
    return {say.code: _in(say, templates, texts, lists) for say in LANGUAGES.values()}


def _in(
    say: Language, templates: Mapping[str, Sentence], texts: Mapping[str, str], lists: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    plural = [say.form(count) for count in range(_COUNTED)]
    return {
        "code": say.code,
        "name": say.name,
        "decimal": say.decimal,
        "plural": plural,
        "texts": {
            **{key: _template(say, sentence, plural) for key, sentence in templates.items()},
            **{key: say(text) for key, text in texts.items()},
        },
        "lists": {key: [say(text) for text in each] for key, each in lists.items()},
    }


def _template(say: Language, sentence: Sentence, plural: Sequence[int]) -> str | list[str]:
    if sentence.plural_template is None:
        return say.template(sentence)
    # A form that none of these counts has, such as that of whole millions, is never asked for.
    return [say.template(sentence, plural.index(form) if form in plural else 0) for form in range(max(plural) + 1)]


def _of_verdicts() -> Iterator[tuple[str, str]]:
    for verdict in Verdict:
        yield f"headline.{verdict}", results.HEADLINES[verdict]
        yield f"means.{verdict}", results.of_kind(results.MEANS[verdict], "image")
        yield f"means_not.{verdict}", results.of_kind(results.MEANS_NOT[verdict], "image")
    for verdict, name in results.BAND_NAMES.items():
        yield f"band.{verdict}", name
    for view in VIEWS:
        yield f"view.{view}", results.VIEW_NAMES[view]


def _of_page() -> Iterator[tuple[str, str]]:
    for name, text in browser.STATES.items():
        yield f"state.{name}", text
    for name, text in browser.REFUSALS.items():
        yield f"refused.{name}", text


def _of_model(manifest: Manifest, known: Sequence[KnownKind]) -> Iterator[tuple[str, str]]:
    spec = manifest.models[manifest.default_image_model]
    yield "knows", results.knowledge(known)
    yield "bands", results.band_facts(spec.bands)
    yield "gates", results.gate_facts(manifest.gates)


def _lists(manifest: Manifest) -> Iterator[tuple[str, Sequence[str]]]:
    record = manifest.models[manifest.default_image_model].track_record
    for verdict in Verdict:
        yield f"next.{verdict}", [results.of_kind(step, "image") for step in results.NEXT[verdict]]
        rates = [rate for rate in (results.track_record(record, verdict), results.base_rate(record, verdict)) if rate]
        yield f"rates.{verdict}", rates or [results.of_kind(results.NO_RECORD, "image")]
    yield "limits", LIMITS
    yield "how_to_ask", results.HOW_TO_ASK
    yield "links", [link.label for link in results.LINKS]
    yield "left_out", browser.LEFT_OUT
