"""How the page is launched, apart from its address."""

from __future__ import annotations

from typing import Any

from detector.paths import ROOT
from detector.report.page import STYLESHEET
from detector.web.gradio_import import gr

__all__ = ["UPLOADS_KEPT_S", "launch_options"]

UPLOADS_KEPT_S = 300
"""An upload is deleted this many seconds after it was last used."""

_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica", "Arial", "sans-serif")


def launch_options() -> dict[str, Any]:
    """The arguments of ``Blocks.launch``, without those of the address."""
    return {
        # Only fonts that are on the reader's computer: nothing is fetched from elsewhere.
        "theme": gr.themes.Default(
            primary_hue="blue",
            neutral_hue="slate",
            text_size="lg",
            font=_FONTS,
            font_mono=("ui-monospace", "monospace"),
        ).set(button_primary_background_fill="*primary_700", button_primary_background_fill_hover="*primary_800"),
        "css_paths": STYLESHEET,
        "show_error": False,
        "max_file_size": "200mb",
        "allowed_paths": [],
        "blocked_paths": [str(ROOT)],
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
