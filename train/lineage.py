"""What a figure or a weight file was made with: the commit of the working copy and the machine."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

__all__ = ["commit", "machine"]

_ROOT = Path(__file__).resolve().parent.parent


def commit() -> str:
    """The commit of the working copy, 40 hexadecimal digits."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True, cwd=_ROOT)  # noqa: S607
    return done.stdout.strip()


def machine() -> str:
    """Processor, system and Python version, in words."""
    return f"{platform.processor() or platform.machine()}, {platform.system()}, Python {platform.python_version()}"
