"""What a file says about itself; stands beside the scores and never enters them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ContentCredentials", "CredentialsState", "FactKind", "Provenance", "ProvenanceFact"]

FactKind = Literal[
    "camera", "taken", "generator", "face_editor", "editor", "software", "source_type", "resized", "encoder"
]
CredentialsState = Literal["intact", "broken", "unreadable", "elsewhere"]
"""Signature and hashes hold; they do not; nothing could be read; or they lie at an address, which was not asked."""


@dataclass(frozen=True)
class ProvenanceFact:
    """One thing that a file says about itself. Anyone can write or remove such entries."""

    kind: FactKind
    value: str
    """For people, safe to show and short; for "source_type" the last part of the IPTC term's address."""
    where: str
    """The entry it was read from, such as "EXIF Software"."""


@dataclass(frozen=True)
class ContentCredentials:
    """A C2PA manifest. Whoever signed it is named by the certificate; no list says whether that name can be relied on."""

    state: CredentialsState
    signer: str | None = None
    signed_at: str | None = None
    """As the time stamp in it says, ISO 8601."""
    made_with: tuple[str, ...] = ()
    """Programs that are named in it."""
    source_types: tuple[str, ...] = ()
    """Last parts of the IPTC terms with which its actions describe the origin."""
    actions: tuple[str, ...] = ()
    """C2PA's names of what was done, such as "c2pa.created"."""
    problems: tuple[str, ...] = ()
    """C2PA's codes of what does not hold."""


@dataclass(frozen=True)
class Provenance:
    """What a file says about its origin; stands beside the scores and never enters them."""

    facts: tuple[ProvenanceFact, ...] = ()
    credentials: ContentCredentials | None = None
    """None where the file carries none."""
    unread: bool = False
    """Whether some entries were damaged, or too many or too long to be read."""
