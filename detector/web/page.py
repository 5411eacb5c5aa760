"""The whole page: its head, its tabs, and what connects them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from detector.pipeline.analyser import Analyser
from detector.records import KnownKind, Manifest, Report
from detector.report import feedback
from detector.report.knowledge import known_kinds, read_evaluation
from detector.report.page import footer, introduction, result
from detector.report.pictures import pictures_of
from detector.report.serialise import to_json
from detector.version import VERSION
from detector.web.about_tab import AboutTab
from detector.web.choice import install
from detector.web.endpoints import add_endpoints
from detector.web.examples_tab import ExamplesTab
from detector.web.gallery import Gallery
from detector.web.gradio_import import gr
from detector.web.live_part import LivePart
from detector.web.localised import LocalisedCard, Relabel, follow, language_switch
from detector.web.options import UPLOADS_KEPT_S
from detector.web.photo_tab import PhotoTab
from detector.web.restored import show_again
from detector.web.rules import Rules
from detector.web.scripts import act_on_results, guide_camera, guide_files, refuse_files
from detector.web.session import Session, new_session
from detector.web.several_tab import SeveralTab
from detector.web.share_row import share_row
from detector.web.upload_paths import resolve_upload
from detector.web.video_tab import VideoTab
from detector.weights.manifest import weights_folder
from detector.words import about, examples, results
from detector.words.language import ENGLISH, Language

__all__ = ["build_app"]

_WAITING = 7
"""Jobs that wait while one is served; whoever comes then is turned away as "busy". The last of eight waits for less than ten
times as long as somebody who comes alone (``python -m tests.bench.public clients``)."""


_SAMPLES = 5
"""Examples that are offered below the drop zone."""


@dataclass(frozen=True)
class _Tabs:
    photo: PhotoTab
    video: VideoTab
    live: LivePart
    several: SeveralTab
    examples: ExamplesTab
    labels: list[tuple[Any, Relabel]]
    """Components with what puts them into a language."""


def build_app(
    detector: Analyser,
    lang: str | None = None,
    gallery: Gallery | None = None,
    feedback_to: Path | None = None,
    weights: Path | None = None,
    loading: Callable[[], bool] = lambda: False,
    most_files: int = Rules.files_at_once,
) -> gr.Blocks:
    """Make the page and its named endpoints ``/analyze_image`` and ``/analyze_video``; ``launch_options`` belong to it.

    Args:
        detector: analyses files; called from worker threads, one file at a time.
        lang: code of the language the page begins in (such as "en"); None for that of each reader's browser.
        gallery: the examples; made of the detector by default.
        feedback_to: folder for what readers consent to store of results that were wrong; None stores nothing.
        weights: folder with the model card, its measurements and pictures; default that of the detector.
        loading: whether the models are still being loaded.
        most_files: how many are checked at once.
    """
    app: gr.Blocks
    # fill_width: the width is that of .fc-page, for phone and desk alike.
    with (
        gr.Blocks(
            title=results.TITLE, analytics_enabled=False, delete_cache=(60, UPLOADS_KEPT_S), fill_width=True
        ) as app,
        gr.Column(elem_classes="fc-page"),
    ):
        session = new_session(UPLOADS_KEPT_S, loading)
        switch = language_switch(lang)
        known = known_kinds(detector.manifest, read_evaluation(weights_folder(weights)))
        introduce = partial(introduction, known=known)
        head = gr.HTML(introduce(), apply_default_css=False)
        gallery = gallery or Gallery(detector.analyze, detector.manifest, known=known)
        tabs = _tabs(detector, switch, gallery, feedback_to, weights_folder(weights), known, session, most_files)
        foot = gr.HTML(_footer(detector.manifest), apply_default_css=False)
        app.unload(tabs.video.leave)
        app.unload(tabs.live.leave)
        app.load(tabs.examples.refresh, switch, tabs.examples.cards, api_visibility="private", queue=False)
        install(app, [PhotoTab.PLACES, VideoTab.PLACES])
        kinds = (
            (PhotoTab.PLACES.input, "image", PhotoTab.ID),
            (VideoTab.PLACES.input, "video", VideoTab.ID),
            (SeveralTab.INPUT, "several", SeveralTab.ID),
        )
        refuse = refuse_files([place for place, *_ in kinds])
        for script in (guide_files(kinds), guide_camera(LivePart.PLACES), refuse, act_on_results()):
            app.load(None, None, None, js=script, api_visibility="private")
        shown = [(tab.shown, tab.card) for tab in (tabs.photo, tabs.video, tabs.live, tabs.several, tabs.examples)]
        of_page: list[tuple[Any, Relabel]] = [(head, introduce), (foot, partial(_footer, detector.manifest))]
        follow(app, switch, lang, [*of_page, *tabs.labels], shown, session.reader)
        show_again(
            app, session, lang, {PhotoTab.PLACES.output: tabs.photo, VideoTab.PLACES.output: tabs.video}, tabs.video
        )
        add_endpoints(detector)
    app.queue(max_size=_WAITING, default_concurrency_limit=1)
    return app


def _tabs(
    detector: Analyser,
    switch: gr.Radio,
    gallery: Gallery,
    feedback_to: Path | None,
    weights: Path,
    known: Sequence[KnownKind],
    session: Session,
    most_files: int,
) -> _Tabs:
    def card_of(ids: str) -> Callable[[Report], LocalisedCard]:
        return lambda found: _result_card(detector, found, ids, known)

    labels: list[tuple[Any, Relabel]] = []

    def label(tab: gr.Tab, name: str) -> None:
        labels.append((tab, lambda say: gr.update(label=say(name))))

    with gr.Tabs():
        with gr.Tab(results.PHOTO_TAB, id="photo", elem_id=PhotoTab.ID) as tab:
            photo = PhotoTab(
                detector.analyze,
                resolve_upload,
                card_of(PhotoTab.IDS),
                switch,
                UPLOADS_KEPT_S,
                feedback_to,
                session,
                [example for example in gallery.examples if example.kind == "image"][:_SAMPLES],
            )
            label(tab, results.PHOTO_TAB)
            labels += [*photo.labels, *share_row(PhotoTab.PLACES.output)]
        with gr.Tab(results.VIDEO_TAB, id="video", elem_id=VideoTab.ID) as tab:
            live = LivePart(detector, switch, session, UPLOADS_KEPT_S)
            # Hidden by the stylesheet while the camera is chosen, so that a check goes on.
            with gr.Column(elem_classes="fc-file-part"):
                video = VideoTab(
                    detector.analyze,
                    resolve_upload,
                    card_of(VideoTab.IDS),
                    switch,
                    UPLOADS_KEPT_S,
                    feedback_to,
                    detector.annotate,
                    session,
                )
                labels += [*live.labels, *video.labels, *share_row(VideoTab.PLACES.output)]
            label(tab, results.VIDEO_TAB)
        with gr.Tab(results.SEVERAL, id="several", elem_id=SeveralTab.ID) as tab:
            several = SeveralTab(detector.analyze, resolve_upload, switch, UPLOADS_KEPT_S, session, most_files)
            label(tab, results.SEVERAL)
            labels += several.labels
        with gr.Tab(examples.TAB, id="examples", elem_id="fc-tab-examples") as tab:
            gallery_tab = ExamplesTab(gallery, switch, UPLOADS_KEPT_S)
            label(tab, examples.TAB)
            labels += [*gallery_tab.labels, *share_row(ExamplesTab.OUTPUT)]
        with gr.Tab(about.ABOUT, id="about", elem_id="fc-tab-about") as tab:
            label(tab, about.ABOUT)
            labels += AboutTab(detector.manifest, weights).labels
    return _Tabs(photo, video, live, several, gallery_tab, labels)


def _result_card(detector: Analyser, found: Report, ids: str, known: Sequence[KnownKind]) -> LocalisedCard:
    """The result of a report; of the preview only the encoded picture is kept.

    Args:
        detector: made the report.
        found: the report.
        ids: beginning of the ids of the result's elements.
        known: kinds of fakes that the model was tested on.
    """
    return LocalisedCard(
        result,
        found.without_pixels(),
        pictures_of(found),
        detector.manifest,
        to_json(found),
        record=feedback.record(found),
        ids=ids,
        known=known,
    )


def _footer(manifest: Manifest, say: Language = ENGLISH) -> str:
    """The page's last lines. Of the weights the commit they come from, else their hash."""
    name = manifest.default_image_model
    revision = manifest.hub.revision if manifest.hub else manifest.models[name].file.sha256
    return footer(name, revision, VERSION, say)
