"""The page: choose a photo or video, press one button, read what was found. Only Gradio lives here and in
the other files that begin with ``app_``.

``build_app(detector)`` makes the page for any object that answers like ``detector.Detector``; ``main()`` loads the real
one and serves it. The analysis is in the package ``detector``, the words in ``detector.words`` and the layout of a
result in ``detector.page``.
"""

from __future__ import annotations

import argparse
import atexit
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import gradio as gr
import numpy as np
from gradio.events import api
from gradio.utils import get_upload_folder
from numpy.typing import NDArray

from app_about import AboutTab
from app_photo import PhotoTab
from app_video import FOLDER_PREFIX, VideoTab
from app_words import Relabel, Said, follow, language_switch
from detector import feedback, media, overlay, page, report, timeline, words, words_about
from detector.console import native_noise_hidden
from detector.errors import DetectorError
from detector.records import Appearance, FaceResult, Frame, Manifest, Report

__all__ = ["build_app", "launch_options", "main"]

WEIGHTS = Path(__file__).resolve().parent / "weights"
UPLOADS_KEPT_S = 300
"""An upload is deleted this many seconds after it was last used."""
PREVIEW_SIDE = 1600
"""Longer side of the photo as shown in the result, pixels, at most."""
QUALITY = 90
"""JPEG quality of what is only looked at."""


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


def build_app(
    detector: Analyser, lang: str | None = None, feedback_to: Path | None = None, weights: Path | None = None
) -> gr.Blocks:
    """Make the page and its named endpoints ``/analyze_image`` and ``/analyze_video``; ``launch_options`` belong to it.

    Args:
        detector: analyses files; called from worker threads, one file at a time.
        lang: code of the language the page begins in ("en" or "de"); None for that of each reader's browser.
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
            with gr.Tab(words.VIDEO_TAB, id="video") as video_tab:
                video = VideoTab(
                    detector.analyze,
                    _uploaded,
                    lambda found: _card(detector, found),
                    switch,
                    UPLOADS_KEPT_S,
                    feedback_to,
                )
                app.unload(video.stop)
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
        ]
        app.load(None, None, None, js=page.SCRIPT.read_text(encoding="utf-8"), api_visibility="private")
        follow(app, switch, lang, labels, [(photo.shown, photo.said), (video.shown, video.said)])
        api(analyze_image, api_name="analyze_image", concurrency_id="analysis")
        api(analyze_video, api_name="analyze_video", concurrency_id="analysis")
    app.queue(max_size=8, default_concurrency_limit=1)
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
    parser.add_argument("--weights", type=Path, metavar="DIR", help="folder with manifest.json and the weight files")
    parser.add_argument(
        "--feedback",
        type=Path,
        metavar="DIR",
        help="folder for what readers agree to store of wrong results (scores, never pictures); without it nothing is stored",
    )
    options = parser.parse_args(arguments)

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        with native_noise_hidden():
            from detector import load_detector

            detector = load_detector(options.weights)
            detector.warm_up()
    except DetectorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    _keep_uploads_apart()
    # A stopped container ends like Ctrl-C, so that the uploads are removed.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        build_app(detector, feedback_to=options.feedback, weights=options.weights).launch(
            server_name=options.host, server_port=options.port, share=options.share, **launch_options()
        )
    finally:
        detector.close()
    return 0


def _card(detector: Analyser, found: Report) -> Said:
    """The result of a report, without the photo's own pixels, which are too many to be kept."""
    pictures = _pictures(found, detector.manifest)
    small = replace(
        found, frame=None if found.frame is None else replace(found.frame, rgb=found.frame.rgb[:1, :1].copy())
    )
    return Said(page.result, small, pictures, detector.manifest, report.to_json(found), record=feedback.record(found))


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
        legend=media.encode_png(overlay.legend_layer(320, 14))
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
        media.encode_png(overlay.heat_layer(face.heatmap.towards_fake)),
        media.encode_png(overlay.heat_layer(face.heatmap.towards_real)),
    )


def _person_pictures(face: FaceResult, seen: Appearance, manifest: Manifest, seconds: float) -> page.FacePictures:
    spec = manifest.models.get(seen.scored_by)
    moments = tuple(
        (
            media.encode_png(moment.crop.rgb),
            None if moment.heatmap is None else media.encode_png(overlay.heat_layer(moment.heatmap.towards_fake)),
        )
        for moment in seen.moments
    )
    drawn = timeline.timeline(seen, spec.bands if spec else None, seconds)
    return page.FacePictures(media.encode_png(face.crop.rgb), timeline=media.encode_png(drawn), moments=moments)


def _preview(frame: Frame) -> NDArray[np.uint8]:
    # The page draws the boxes itself, so that numbers and lines stay readable when a large photo is shown on a phone.
    return overlay.boxes_on_frame(frame.rgb, [], max_side=PREVIEW_SIDE)


def _keep_uploads_apart() -> None:
    """Give this run a private folder for uploads, removed at exit, and delete what a killed run left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        if hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid():
            continue
        for file in folder.rglob("*"):
            # A live run deletes its uploads earlier than this, so what is older has no owner any more.
            if file.is_file() and time.time() - file.lstat().st_mtime > 2 * UPLOADS_KEPT_S:
                file.unlink(missing_ok=True)
    # mkdtemp makes the folder readable by this user alone.
    own = tempfile.mkdtemp(prefix=FOLDER_PREFIX)
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    os.environ["GRADIO_TEMP_DIR"] = own


if __name__ == "__main__":
    sys.exit(main())
