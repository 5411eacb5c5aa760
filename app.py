"""The page: choose a photo or video, press one button, read what was found. Only Gradio lives here and in
the other files that begin with ``app_``.

``build_app(detector)`` makes the page for any object that answers like ``detector.Detector``; ``main()`` loads the real
one and serves it. The analysis is in the package ``detector``, the words in ``detector.words.results`` and the layout of a
result in ``detector.report.page``.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from detector.errors import DetectorError
from detector.pipeline.analyser import Analyser
from detector.records import Report
from detector.report import feedback, page
from detector.report import serialise as report
from detector.report.pictures import pictures_of
from detector.web.about_tab import AboutTab
from detector.web.choice import install
from detector.web.examples_tab import ExamplesTab
from detector.web.gallery import Gallery
from detector.web.gate import ANALYSIS, Rules, names_of, surface
from detector.web.gradio_import import gr
from detector.web.localised import Relabel, Said, follow, language_switch
from detector.web.log import log_without_names
from detector.web.photo_tab import PLACES as PHOTO
from detector.web.photo_tab import PhotoTab
from detector.web.scripts import heatmap_strength
from detector.web.share_row import share_row
from detector.web.uploads import QUOTA_BYTES, Uploads
from detector.web.video_tab import PLACES as CLIP
from detector.web.video_tab import VideoTab
from detector.words import about as words_about
from detector.words import examples as words_examples
from detector.words import results as words
from detector.words.language import LANGUAGES
from detector.worker.isolation import IsolatedDetector

__all__ = ["build_app", "launch_options", "main"]

WEIGHTS = Path(__file__).resolve().parent / "weights"
UPLOADS_KEPT_S = 300
"""An upload is deleted this many seconds after it was last used."""

_QUIET_S = 5
"""Seconds after the start in which no example is analysed: the page comes first."""

_WAITING = 7
"""Jobs that wait while one is served; whoever comes then is told "busy". The last of eight waits for less than ten times as
long as somebody who comes alone (``python -m tests.bench.public clients``)."""


def build_app(
    detector: Analyser,
    lang: str | None = None,
    gallery: Gallery | None = None,
    feedback_to: Path | None = None,
    weights: Path | None = None,
) -> gr.Blocks:
    """Make the page and its named endpoints ``/analyze_image`` and ``/analyze_video``; ``launch_options`` belong to it.

    Args:
        detector: analyses files; called from worker threads, one file at a time.
        lang: code of the language the page begins in ("en" or "de"); None for that of each reader's browser.
        gallery: the examples; made of the detector by default.
        feedback_to: folder for what readers consent to store of results that were wrong; None stores nothing.
        weights: folder with the model card, its measurements and pictures; default that of the package.
    """

    def analyze_image(image: gr.FileData, model: str | None = None) -> dict[str, Any]:
        """Analyse every face of one photo and return the report.

        Args:
            image: the photo as a file (JPEG, PNG, WebP, BMP, TIFF, AVIF, GIF or HEIC; at most 50 MB and 40 megapixels).
            model: name of the model that decides; without it the default one.

        Returns:
            The report as JSON: verdict, reason, p_fake and the faces; a file that cannot be analysed has "error" set.
        """
        return _as_dict(detector, image, model)

    def analyze_video(video: gr.FileData, model: str | None = None) -> dict[str, Any]:
        """Analyse every person of one video and return the report.

        Args:
            video: the video as a file (MP4, MOV, MKV, WebM, AVI, MPEG or GIF; at most 200 MB, 4096 pixels a side, 4 hours).
            model: name of the model that decides; without it the default one.

        Returns:
            The report as JSON: verdict, reason, p_fake and the people as "faces", each with its timeline; a file that
            cannot be analysed has "error" set.
        """
        return _as_dict(detector, video, model)

    app: gr.Blocks
    # fill_width: the width is that of .fc-page, for phone and desk alike.
    with (
        gr.Blocks(
            title=words.TITLE, analytics_enabled=False, delete_cache=(60, UPLOADS_KEPT_S), fill_width=True
        ) as app,
        gr.Column(elem_classes="fc-page"),
    ):
        switch = language_switch(lang)
        head = gr.HTML(page.introduction(), apply_default_css=False)
        with gr.Tabs():
            with gr.Tab(words.PHOTO_TAB, id="photo") as photo_tab:
                photo = PhotoTab(
                    detector.analyze,
                    _uploaded,
                    lambda found: _card(detector, found),
                    switch,
                    UPLOADS_KEPT_S,
                    feedback_to,
                )
                sharing = share_row("fc-output")
            with gr.Tab(words.VIDEO_TAB, id="video") as video_tab:
                video = VideoTab(
                    detector.analyze,
                    _uploaded,
                    lambda found: _card(detector, found),
                    switch,
                    UPLOADS_KEPT_S,
                    feedback_to,
                    detector.annotate,
                )
                app.unload(video.stop)
                sharing += share_row("fc-clip-output")
            with gr.Tab(words_examples.TAB, id="examples") as examples_tab:
                examples = ExamplesTab(gallery or Gallery(detector.analyze, detector.manifest), switch, UPLOADS_KEPT_S)
                sharing += share_row("fc-example-output")
                app.load(examples.refresh, switch, examples.cards, api_visibility="private", queue=False)
            with gr.Tab(words_about.ABOUT, id="about") as about_tab:
                about = AboutTab(detector.manifest, weights or WEIGHTS)
        labels: list[tuple[Any, Relabel]] = [
            (head, page.introduction),
            (photo_tab, lambda say: gr.update(label=say(words.PHOTO_TAB))),
            (video_tab, lambda say: gr.update(label=say(words.VIDEO_TAB))),
            (about_tab, lambda say: gr.update(label=say(words_about.ABOUT))),
            *photo.labels,
            *video.labels,
            *about.labels,
            (examples_tab, lambda say: gr.update(label=say(words_examples.TAB))),
            *examples.labels,
            *sharing,
        ]
        install(app, [PHOTO, CLIP])
        app.load(None, None, None, js=heatmap_strength(), api_visibility="private")
        follow(app, switch, lang, labels, [(tab.shown, tab.said) for tab in (photo, video, examples)])
        gr.events.api(analyze_image, api_name="analyze_image", concurrency_id=ANALYSIS)
        gr.events.api(analyze_video, api_name="analyze_video", concurrency_id=ANALYSIS)
    app.queue(max_size=_WAITING, default_concurrency_limit=1)
    return app


def _as_dict(detector: Analyser, upload: Any, model: str | None) -> dict[str, Any]:
    """The report of an upload as plain data."""
    path, name = _uploaded(upload)
    try:
        return report.to_dict(detector.analyze(path, model=model, heatmaps=False, name=name))
    except DetectorError as error:
        return report.error_dict(name, error)


def launch_options() -> dict[str, Any]:
    """Everything ``Blocks.launch`` is told, apart from the address."""
    fonts = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica", "Arial", "sans-serif")
    return {
        # Only fonts that are on the reader's computer: nothing is fetched from elsewhere.
        "theme": gr.themes.Default(
            primary_hue="blue", neutral_hue="slate", text_size="lg", font=fonts, font_mono=("ui-monospace", "monospace")
        ).set(button_primary_background_fill="*primary_700", button_primary_background_fill_hover="*primary_800"),
        "css_paths": page.STYLESHEET,
        "show_error": False,
        "max_file_size": "200mb",
        "allowed_paths": [],
        "blocked_paths": [str(Path(__file__).resolve().parent)],
        "strict_cors": True,
        "ssr_mode": False,
        "enable_monitoring": False,
        "footer_links": [],
        "run_history": False,
        "mcp_server": False,
        "pwa": False,
        "state_session_capacity": 100,
        "max_threads": 8,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page until interrupted; the return value is the exit status."""
    parser = argparse.ArgumentParser(prog="app.py", description="Serve the photo check as a web page.")
    # A container or a Space says by this variable that it wants to be reached from outside.
    host = os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
    parser.add_argument("--host", default=host, help="address to listen on; 0.0.0.0 for the whole network")
    parser.add_argument("--port", type=int, help="port; without it the first free one from 7860")
    parser.add_argument(
        "--share", action="store_true", help="also make a public link; photos then pass Gradio's servers"
    )
    parser.add_argument(
        "--lang", choices=tuple(LANGUAGES), help="language the page begins in; without it that of each reader's browser"
    )
    parser.add_argument(
        "--mcp",
        action="store_true",
        help="also offer both analyses as MCP tools, under /gradio_api/mcp/ of the same address",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further host name that the page answers to, such as that of a reverse proxy; *.example.org for all below",
    )
    parser.add_argument(
        "--per-minute",
        type=int,
        default=Rules.checks_per_minute,
        metavar="N",
        help="checks that one client may ask for in a minute; twice as many uploads (default %(default)s)",
    )
    parser.add_argument("--weights", type=Path, metavar="DIR", help="folder with manifest.json and the weight files")
    parser.add_argument(
        "--quota-mb",
        type=int,
        default=QUOTA_BYTES >> 20,
        metavar="N",
        help="megabytes that all uploads and results together may fill (default %(default)s)",
    )
    parser.add_argument(
        "--no-spare",
        action="store_true",
        help="keep no second worker ready to take the place of one that dies; saves 0.7 GB of memory",
    )
    parser.add_argument(
        "--feedback",
        type=Path,
        metavar="DIR",
        help="folder for what readers agree to store of wrong results (scores, never pictures); without it nothing is stored",
    )
    options = parser.parse_args(arguments)
    if options.mcp and importlib.util.find_spec("mcp") is None:
        print('error: --mcp needs one more package; install it with: pip install "gradio[mcp]"', file=sys.stderr)
        return 1

    # A stopped container ends like Ctrl-C, so that the uploads are removed.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _serve(options)
    except DetectorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _serve(options: argparse.Namespace) -> None:
    """Serve the page until interrupted.

    Raises:
        DetectorError: the weights cannot be used.
    """
    rules = names_of(options.host, options.share, options.allow_host).at_a_rate(options.per_minute)
    with (
        Uploads(UPLOADS_KEPT_S, options.quota_mb << 20) as uploads,
        log_without_names(uploads.folder),
        _loaded(options.weights, spare=not options.no_spare) as detector,
    ):
        gallery = Gallery(detector.analyze, detector.manifest)
        closing = threading.Event()

        # In the background, so that the page is there first; only after a change of the models is there anything to do.
        def fill() -> None:
            if not closing.wait(_QUIET_S):
                gallery.fill(closing.is_set)

        filling = threading.Thread(target=fill, name="examples", daemon=True)
        app = build_app(detector, options.lang, gallery, options.feedback, options.weights)
        try:
            app.launch(
                server_name=options.host,
                server_port=options.port,
                share=options.share,
                prevent_thread_lock=True,
                **launch_options() | {"mcp_server": options.mcp},
                **surface(rules, uploads),
            )
            detector.wait()
            filling.start()
            app.block_thread()
        finally:
            closing.set()
            detector.close()  # first, so that nobody's job keeps the server from ending
            app.close()


def _loaded(weights: Path | None, *, spare: bool) -> Analyser:
    """The detector in a process of its own, still loading; on Windows, which knows no such bounds, in this one."""
    if os.name == "posix":
        return IsolatedDetector(weights, spare=spare)
    from detector import load_detector

    detector = load_detector(weights)
    detector.warm_up()
    return detector


def _card(detector: Analyser, found: Report) -> Said:
    """The result of a report; of the preview only the encoded picture is kept."""
    pictures = pictures_of(found, detector.manifest)
    return Said(
        page.result,
        found.without_pixels(),
        pictures,
        detector.manifest,
        report.to_json(found),
        record=feedback.record(found),
    )


def _uploaded(upload: Any) -> tuple[Path, str]:
    """Path on this computer and the user's name of an uploaded file.

    Raises:
        gr.Error: the request names a file that was not uploaded. Gradio checks only paths that are marked as files, so
            a request made by hand could otherwise name any file that this process may read.
    """
    given = upload.get("path") if isinstance(upload, dict) else None
    if not isinstance(given, str):
        raise gr.Error(words.NOT_UPLOADED, print_exception=False)
    path = Path(given).resolve()
    if not path.is_relative_to(Path(gr.utils.get_upload_folder()).resolve()) or not path.is_file():
        raise gr.Error(words.NOT_UPLOADED, print_exception=False)
    name = upload.get("orig_name")
    return path, name if isinstance(name, str) and name else path.name


if __name__ == "__main__":
    sys.exit(main())
