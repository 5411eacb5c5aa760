"""The page: choose a photo or video, press one button, read what was found. Only Gradio lives here and in ``app_video``.

``build_app(detector)`` makes the page for any object that answers like ``detector.Detector``; ``main()`` loads the real
one and serves it. The analysis is in the package ``detector``, the words in ``detector.words`` and the layout of a
result in ``detector.page``.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import gradio as gr
import numpy as np
from gradio.events import api
from gradio.utils import get_upload_folder
from numpy.typing import NDArray

from app_server import Rules, names_of, surface
from app_uploads import Uploads
from app_video import VideoTab
from detector import annotation, media, overlay, page, report, timeline, words
from detector.errors import DetectorError
from detector.isolation import IsolatedDetector
from detector.records import Appearance, FaceResult, Frame, Manifest, Report

__all__ = ["build_app", "launch_options", "main"]

UPLOADS_KEPT_S = 300
"""An upload is deleted this many seconds after it was last used."""
PREVIEW_SIDE = 1600
"""Longer side of the photo as shown in the result, pixels, at most."""
QUALITY = 90
"""JPEG quality of what is only looked at."""
_FOCUS_BUTTON = "() => { setTimeout(() => document.querySelector('#fc-check')?.focus({preventScroll: true}), 100); }"
_SHOW_RESULT = """() => { setTimeout(() => {
    const headline = document.querySelector('#fc-output .fc-verdict h2');
    headline?.focus({preventScroll: true});
    headline?.scrollIntoView({block: 'start'});
}, 100); }"""


class Analyser(Protocol):
    """What the page needs of ``detector.Detector``."""

    @property
    def manifest(self) -> Manifest: ...

    def analyze(
        self,
        path: str | os.PathLike[str],
        *,
        model: str | None = None,
        heatmaps: bool = True,
        name: str | None = None,
        progress: Callable[[str, int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Report: ...


def build_app(detector: Analyser) -> gr.Blocks:
    """Make the page and its named endpoints ``/analyze_image`` and ``/analyze_video``; ``launch_options`` belong to it.

    Args:
        detector: analyses files; called from worker threads, one file at a time.
    """

    def check(upload: dict[str, Any] | None) -> Iterator[str]:
        if not upload or not upload.get("path"):
            yield page.notice(words.NO_PHOTO)
            return
        yield page.notice(words.WAITING)
        yield _answer(detector, upload)

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
        gr.HTML(page.introduction(), apply_default_css=False)
        with gr.Tabs():
            with gr.Tab(words.PHOTO_TAB, id="photo"):
                photo, button, shown = _photo_parts()
            with gr.Tab(words.VIDEO_TAB, id="video"):
                video_tab = VideoTab(
                    detector.analyze,
                    _uploaded,
                    lambda found: _shown(detector, found),
                    UPLOADS_KEPT_S,
                    # In the same process as the analysis, where there is one: drawing decodes the file once more.
                    getattr(detector, "annotate", annotation.annotate),
                )
                app.unload(video_tab.stop)

        private: dict[str, Any] = {"api_visibility": "private"}
        # preprocess=False: gr.Image would open the file with Pillow first, and fail before a sentence can be shown.
        checked = button.click(
            check, photo, shown, preprocess=False, show_progress="minimal", concurrency_id="analysis", **private
        )
        checked.success(None, js=_SHOW_RESULT, **private)
        checked.failure(lambda: page.refusal(words.UNFINISHED), None, shown, queue=False, **private)
        # A result belongs to the photo above it.
        photo.change(None, None, shown, js="() => ''", cancels=[checked], **private)
        photo.upload(None, js=_FOCUS_BUTTON, **private)
        api(analyze_image, api_name="analyze_image", concurrency_id="analysis")
        api(analyze_video, api_name="analyze_video", concurrency_id="analysis")
    app.queue(max_size=8, default_concurrency_limit=1)
    return app


def _photo_parts() -> tuple[gr.Image, gr.Button, gr.HTML]:
    """Where a photo is chosen, the button, and where the result goes."""
    photo = gr.Image(
        label=words.CHOOSE,
        # The original bytes, undecoded: limits, orientation and the file's hash are the detector's business.
        type="filepath",
        image_mode=None,
        sources=["upload", "webcam", "clipboard"],
        height=300,
        placeholder=words.DROP,
        alt_text=words.CHOOSE,
        buttons=[],
        elem_id="fc-photo-input",
    )
    button = gr.Button(words.CHECK, variant="primary", size="lg", elem_id="fc-check")
    shown = gr.HTML(elem_id="fc-output", apply_default_css=False)
    return photo, button, shown


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
    options = parser.parse_args(arguments)

    # A stopped container ends like Ctrl-C, so that the uploads are removed.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    rules = names_of(options.host, options.share, options.allow_host).at_a_rate(options.per_minute)
    try:
        with Uploads(UPLOADS_KEPT_S) as uploads, IsolatedDetector(options.weights) as detector:
            app = build_app(detector)
            try:
                app.launch(
                    server_name=options.host,
                    server_port=options.port,
                    share=options.share,
                    prevent_thread_lock=True,
                    **launch_options(),
                    **surface(rules, uploads),
                )
                detector.wait()
                app.block_thread()
            finally:
                # First, so that nobody's job keeps the server from ending.
                detector.close()
                app.close()
    except DetectorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _answer(detector: Analyser, upload: dict[str, Any]) -> str:
    path, name = _uploaded(upload)
    try:
        found = detector.analyze(path, name=name)
    except DetectorError as error:
        return page.refusal(str(error), name)
    return _shown(detector, found)


def _shown(detector: Analyser, found: Report) -> str:
    """The report as HTML."""
    return page.result(found, _pictures(found, detector.manifest), detector.manifest, report.to_json(found))


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
    if not path.is_relative_to(Path(get_upload_folder()).resolve()) or not path.is_file():
        raise gr.Error(words.NOT_UPLOADED, print_exception=False)
    name = upload.get("orig_name")
    return path, name if isinstance(name, str) and name else path.name


def _pictures(found: Report, manifest: Manifest) -> page.Pictures:
    seconds = found.input.duration_s or 0.0
    faces = tuple(
        _face_pictures(face) if face.over_time is None else _person_pictures(face, face.over_time, manifest, seconds)
        for face in found.faces
    )
    return page.Pictures(
        photo=None if found.frame is None else media.encode_jpeg(_preview(found.frame), QUALITY),
        faces=faces,
        legend=media.encode_png(overlay.legend(320, 14))
        if any(face.towards_fake or face.moments for face in faces)
        else None,
    )


def _face_pictures(face: FaceResult) -> page.FacePictures:
    # The crop is shown exactly as it was scored; the maps may be smaller files, as a crowd has many.
    crop = face.crop.rgb
    if face.heatmap is None:
        return page.FacePictures(media.encode_png(crop))
    return page.FacePictures(
        media.encode_png(crop),
        media.encode_jpeg(overlay.heatmap_on_crop(crop, face.heatmap.towards_fake), QUALITY),
        media.encode_jpeg(overlay.heatmap_on_crop(crop, face.heatmap.towards_real), QUALITY),
    )


def _person_pictures(face: FaceResult, seen: Appearance, manifest: Manifest, seconds: float) -> page.FacePictures:
    spec = manifest.models.get(seen.scored_by)
    moments = tuple(
        (
            media.encode_png(moment.crop.rgb),
            None
            if moment.heatmap is None
            else media.encode_jpeg(overlay.heatmap_on_crop(moment.crop.rgb, moment.heatmap.towards_fake), QUALITY),
        )
        for moment in seen.moments
    )
    drawn = timeline.timeline(seen, spec.bands if spec else None, seconds)
    return page.FacePictures(media.encode_png(face.crop.rgb), timeline=media.encode_png(drawn), moments=moments)


def _preview(frame: Frame) -> NDArray[np.uint8]:
    # The page draws the boxes itself, so that numbers and lines stay readable when a large photo is shown on a phone.
    return overlay.boxes_on_frame(frame.rgb, [], max_side=PREVIEW_SIDE)


if __name__ == "__main__":
    sys.exit(main())
