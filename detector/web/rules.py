"""Who may use the page, and how much each may."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace

__all__ = ["MEGABYTE", "Rules", "is_address", "names_of"]

MEGABYTE = 1 << 20
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Rules:
    """Who may ask, and how much each may."""

    hosts: tuple[str, ...] = LOOPBACK
    """Names that the page answers to; ``*.example.org`` stands for all names below example.org."""
    any_address: bool = False
    """Whether numeric addresses are fine as a host name: nobody can point a name of theirs at a number."""
    frames: tuple[str, ...] = ()
    """Origins that may show the page in a frame."""
    checks_per_minute: int = 30
    """Files, in requests that may start an analysis."""
    files_at_once: int = 10
    """Files of one request that are checked; at most the checks of a minute, or such a request could never be made."""
    requests_per_minute: int = 600
    """All but reading and uploads; a visitor makes about five for one check, and one for most other presses."""
    frames_per_minute: int = 900
    """Pictures of a camera that is checked live; one check sends twelve a second."""
    frame_bytes: int = 3 * MEGABYTE
    """Of a request that holds one."""
    uploads_per_minute: int = 60
    megabytes_per_minute: int = 1000
    uploads_at_once: int = 8
    upload_bytes: int = 201 * MEGABYTE
    """Of one request; a little more than the largest file."""
    other_bytes: int = 8 * MEGABYTE
    """Of any other request."""
    upload_s: float = 600.0
    """Seconds that an upload may take."""

    def at_a_rate(self, checks_per_minute: int) -> Rules:
        """The same rules with another rate of checks, and of uploads and bytes in proportion."""
        if checks_per_minute < 1:
            raise ValueError(f"Rules.at_a_rate: expected at least 1 check a minute, got {checks_per_minute}")
        factor = checks_per_minute / Rules.checks_per_minute
        return replace(
            self,
            checks_per_minute=checks_per_minute,
            files_at_once=min(Rules.files_at_once, checks_per_minute),
            # At least what a page needs that is opened and used once.
            requests_per_minute=max(20, round(Rules.requests_per_minute * factor)),
            # At least what one live check sends.
            frames_per_minute=max(900, round(Rules.frames_per_minute * factor)),
            uploads_per_minute=round(Rules.uploads_per_minute * factor),
            # At least the largest file.
            megabytes_per_minute=max(202, round(Rules.megabytes_per_minute * factor)),
            uploads_at_once=max(2, round(Rules.uploads_at_once * factor)),
        )


def names_of(host: str, share: bool = False, more: Sequence[str] = ()) -> Rules:
    """The rules for a server on an address.

    Args:
        host: what the server listens on.
        share: whether Gradio's servers make it public under a name of theirs.
        more: further names, for example those of a reverse proxy.
    """
    names = [*LOOPBACK, *more]
    everywhere = host in ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound to
    names += [socket.gethostname(), f"{socket.gethostname()}.local"] if everywhere else [host]
    if share:
        names += ["*.gradio.live"]
    frames: list[str] = []
    if space := os.environ.get("SPACE_HOST"):  # a Hugging Face Space: shown inside a page of the Hub
        names.append(space)
        frames += ["https://huggingface.co", f"https://{space}"]
    return Rules(tuple(dict.fromkeys(name.lower() for name in names)), everywhere, tuple(frames))


def is_address(name: str) -> bool:
    """Whether a host name is a numeric address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
