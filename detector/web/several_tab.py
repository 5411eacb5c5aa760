"""The page's tab for several files at once: a list of results, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from detector.errors import DetectorError
from detector.records import Report
from detector.report import page
from detector.report.several import Outcome, several
from detector.web.gate import ANALYSIS
from detector.web.gradio_import import gr
from detector.web.localised import LocalisedCard, Reader, Relabel
from detector.web.refused import refusal_card
from detector.web.session import Session, unfinished
from detector.web.upload_paths import keep_waiting, user_name
from detector.words import results as words
from detector.words.language import ENGLISH, Language, language

__all__ = ["SeveralTab"]


class SeveralTab:
    """The tab's parts and what happens when they are used.

    Args:
        analyze: ``detector.Detector.analyze``.
        resolve: (path, user's name) of an upload; refuses what was not uploaded.
        switch: holds the reader's language.
        kept_s: seconds after which the list is forgotten.
        session: what the browser session has in common over the tabs.
        most: files that are checked at once; each counts as one check.
    """

    ID = "fc-tab-several"
    INPUT, OUTPUT = "fc-several-input", "fc-several-output"

    def __init__(
        self,
        analyze: Callable[..., Report],
        resolve: Callable[[Any], tuple[Path, str]],
        switch: gr.Radio,
        kept_s: int,
        session: Session,
        most: int,
    ) -> None:
        self._analyze, self._resolve, self._most = analyze, resolve, most
        files = gr.File(label=words.SEVERAL, file_count="multiple", elem_id=self.INPUT, height=180)
        hint = gr.HTML(self._hint(ENGLISH), apply_default_css=False)
        button = gr.Button(words.CHECK_ALL, variant="primary", size="lg", elem_id="fc-check-several")
        refused = refusal_card("fc-several", several=True)
        self.shown = gr.HTML(elem_id=self.OUTPUT, apply_default_css=False)
        self.card = gr.State(None, time_to_live=kept_s)
        self.labels: list[tuple[Any, Relabel]] = [
            (files, lambda say: gr.update(label=say(words.SEVERAL))),
            (hint, self._hint),
            (button, lambda say: gr.update(value=say(words.CHECK_ALL))),
            refused,
        ]
        private: dict[str, Any] = {"api_visibility": "private"}
        checked = button.click(
            self._check,
            [files, switch, session.reader],
            [self.shown, self.card],
            preprocess=False,
            show_progress="hidden",
            concurrency_id=ANALYSIS,
            **private,
        )
        checked.failure(
            _unfinished,
            [switch, session.wait],
            [self.shown, self.card],
            js="(code, wait) => [code, window.photoCheck?.waited() ?? 0]",
            preprocess=False,
            queue=False,
            **private,
        )
        # A list belongs to the files above it.
        files.change(lambda: ("", None), None, [self.shown, self.card], queue=False, show_progress="hidden", **private)

    def _check(self, uploads: Any, code: str, reader: Reader) -> Iterator[tuple[str, LocalisedCard]]:
        given = [each for each in uploads if isinstance(each, dict)] if isinstance(uploads, list) else []
        if not given:
            card = LocalisedCard(page.notice, words.NO_FILES)
            yield card(reader.say(code)), card
            return
        taken, beyond = given[: self._most], given[self._most :]
        done = [Outcome.of_error(user_name(each), words.beyond_the_most(self._most)) for each in beyond]
        for index, upload in enumerate(taken):
            card = LocalisedCard(several, tuple(done), len(taken) - index)
            yield card(reader.say(code)), card
            keep_waiting(taken[index:])
            done.append(self._outcome(upload))
        card = LocalisedCard(several, tuple(done), 0)
        yield card(reader.say(code)), card

    def _outcome(self, upload: dict[str, Any]) -> Outcome:
        name = user_name(upload)
        try:
            path, name = self._resolve(upload)
            return Outcome.of_report(self._analyze(path, name=name, heatmaps=False))
        except DetectorError as error:
            return Outcome.of_error(name, error.sentence)
        except gr.Error:
            # Of this file alone: the others may still be there.
            return Outcome.of_error(name, words.NOT_UPLOADED)

    def _hint(self, say: Language) -> str:
        return page.hint(words.several_hint(self._most), words.TIP, say=say)


def _unfinished(code: str, wait: Any) -> tuple[str, LocalisedCard]:
    """The card for a check that failed for no fault of the files, or that came too soon."""
    card = unfinished(wait, "fc-several")
    return card(language(code)), card
