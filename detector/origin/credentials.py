"""Content Credentials (C2PA): what a signed manifest in a file says, and whether signature and hashes still hold.

The library of the C2PA project checks them. It is kept from the network (no remote manifest, no OCSP, no host allowed), and
it is asked only for files that hold the mark of a manifest, so that it never sees most of what strangers upload. No list of
trusted signers is kept: whether a signer is who the certificate says is not judged, and said so.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import c2pa

from detector.origin.metadata import printable
from detector.records import ContentCredentials

__all__ = ["read_credentials"]

_MARK = b"c2pa"
"""Stands in the label and the identifier of every manifest store (C2PA 2.2, section 11.1)."""
_SETTINGS: Mapping[str, Any] = {
    "core": {"allowed_network_hosts": [], "decode_identity_assertions": False},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_reading": True},
}
_NOT_BROKEN = {"signingCredential.untrusted", "timeStamp.untrusted"}
"""Codes that only say that no list vouches for the signer."""
_MAX_JSON = 4 << 20
_MAX_ITEMS = 12
_MAX_NAME = 120


def read_credentials(file: BinaryIO, mime: str) -> ContentCredentials | None:
    """Read and check the active manifest of a file; leaves the file at its beginning.

    Args:
        file: open for reading, a real file.
        mime: as ``metadata.read_metadata`` says.

    Returns:
        None where the file has no manifest.
    """
    if not _marked(file):
        return None
    try:
        with c2pa.Context(c2pa.Settings.from_dict(dict(_SETTINGS))) as context:
            reader = c2pa.Reader.try_create(mime, file, context=context)
            if reader is None:
                return None
            with reader:
                text = reader.json()
    except c2pa.C2paError:
        return ContentCredentials("unreadable")
    finally:
        file.seek(0)
    if len(text) > _MAX_JSON:
        return ContentCredentials("unreadable")
    return _credentials(json.loads(text))


def _marked(file: BinaryIO) -> bool:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        found = view.find(_MARK) >= 0
    file.seek(0)
    return found


def _credentials(store: Mapping[str, Any]) -> ContentCredentials:
    """The active manifest as a record. Its texts are those of whoever wrote it, so they are cut and made printable."""
    manifest = store.get("manifests", {}).get(store.get("active_manifest"), {})
    signature = manifest.get("signature_info") or {}
    names = dict.fromkeys(_text(signature.get(key)) for key in ("common_name", "issuer"))
    actions = list(_actions(manifest))
    problems = dict.fromkeys(
        _text(status.get("code"))
        for status in store.get("validation_status") or []
        if status.get("code") not in _NOT_BROKEN
    )
    made_with = [_program(info) for info in manifest.get("claim_generator_info") or []]
    made_with += [_program(action.get("softwareAgent")) for action in actions]
    intact = store.get("validation_state") in ("Valid", "Trusted") and not problems
    return ContentCredentials(
        state="intact" if intact else "broken",
        signer=", ".join(name for name in names if name) or None,
        signed_at=_text(signature.get("time")) or None,
        made_with=_few(made_with),
        source_types=_few(_last_part(action.get("digitalSourceType")) for action in actions),
        actions=_few(_text(action.get("action")) for action in actions),
        problems=_few(problems),
    )


def _actions(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for assertion in manifest.get("assertions") or []:
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            data = assertion.get("data")
            for action in (data.get("actions") if isinstance(data, dict) else None) or []:
                if isinstance(action, dict):
                    yield action


def _program(value: Any) -> str:
    """A program's name and version, from either form in which C2PA writes it."""
    if isinstance(value, dict):
        return _text(f"{value.get('name', '')} {value.get('version', '')}".strip())
    return _text(value)


def _last_part(address: Any) -> str:
    return _text(address).rstrip("/").rsplit("/", 1)[-1]


def _text(value: Any) -> str:
    return printable(value[: 2 * _MAX_NAME], _MAX_NAME) if isinstance(value, str) else ""


def _few(values: Any) -> tuple[str, ...]:
    """The first few different ones that are not empty."""
    return tuple(dict.fromkeys(value for value in values if value))[:_MAX_ITEMS]
