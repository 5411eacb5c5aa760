"""The page's two named endpoints, for programs: a file in, the report as JSON out."""

from __future__ import annotations

from typing import Any

from detector.errors import DetectorError
from detector.pipeline.analyser import Analyser
from detector.report.serialise import error_dict, to_dict
from detector.web.gate import ANALYSIS
from detector.web.gradio_import import gr
from detector.web.upload_paths import resolve_upload

__all__ = ["add_endpoints"]


def add_endpoints(detector: Analyser) -> None:
    """Add ``/analyze_image`` and ``/analyze_video`` to the page that is being built.

    Their docstrings are the descriptions that Gradio publishes, to MCP clients too.
    """

    def analyze_image(image: gr.FileData, model: str | None = None) -> dict[str, Any]:
        """Analyse every face of one photo and return the report.

        Args:
            image: the photo as a file (JPEG, PNG, WebP, BMP, TIFF, AVIF, GIF, HEIC or JPEG 2000; to 100 MB and 200 megapixels).
            model: name of the model that decides; without it the default one.

        Returns:
            The report as JSON: verdict, reason, p_fake and the faces; a file that cannot be analysed has "error" set.
        """
        return _report(detector, image, model)

    def analyze_video(video: gr.FileData, model: str | None = None) -> dict[str, Any]:
        """Analyse every person of one video and return the report.

        Args:
            video: the video as a file (MP4, MOV, MKV, WebM, AVI, MPEG or GIF; at most 200 MB, 4096 pixels a side, 4 hours).
            model: name of the model that decides; without it the default one.

        Returns:
            The report as JSON: verdict, reason, p_fake and the people as "faces", each with its timeline; a file that
            cannot be analysed has "error" set.
        """
        return _report(detector, video, model)

    gr.events.api(analyze_image, api_name="analyze_image", concurrency_id=ANALYSIS)
    gr.events.api(analyze_video, api_name="analyze_video", concurrency_id=ANALYSIS)


def _report(detector: Analyser, upload: Any, model: str | None) -> dict[str, Any]:
    path, name = resolve_upload(upload)
    try:
        return to_dict(detector.analyze(path, model=model, heatmaps=False, name=name))
    except DetectorError as error:
        return error_dict(name, error)
