"""Content Credentials: intact, broken, torn, lost, and never fetched from an address."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from detector.records import Provenance
from tests.origin.files import picture, read, written
from tests.support.clips import counting_frames, write_clip
from tests.support.listening import listening
from tests.support.signing import sign


def test_intact_credentials_name_signer_and_origin(signed: bytes, tmp_path: Path) -> None:
    found = read(written(tmp_path, signed)).credentials
    assert found is not None
    assert found.state == "intact" and found.problems == ()
    assert found.signer == "Test Camera, Test Studio"
    assert found.made_with == ("Test Camera App 1",)
    assert found.source_types == ("trainedAlgorithmicMedia",)
    assert found.actions == ("c2pa.created",)


@pytest.mark.parametrize(
    ("kind", "mime"), [("PNG", "image/png"), ("WEBP", "image/webp"), ("TIFF", "image/tiff"), ("mp4", "video/mp4")]
)
def test_credentials_are_read_from_other_containers(tmp_path: Path, kind: str, mime: str) -> None:
    path = tmp_path / f"plain.{kind.lower()}"
    if kind == "mp4":
        write_clip(path, counting_frames(5))
    else:
        picture().save(path, kind)
    found = read(written(tmp_path, sign(path.read_bytes(), mime), f"signed.{kind}")).credentials
    assert found is not None and found.state == "intact"


def test_a_changed_pixel_breaks_the_credentials(signed: bytes, tmp_path: Path) -> None:
    changed = bytearray(signed)
    changed[-300] ^= 0x55
    found = read(written(tmp_path, bytes(changed))).credentials
    assert found is not None
    assert (found.state, found.problems) == ("broken", ("assertion.dataHash.mismatch",))


def test_a_changed_manifest_breaks_the_credentials(signed: bytes, tmp_path: Path) -> None:
    found = read(written(tmp_path, signed.replace(b"Test Camera App", b"Best Camera App"))).credentials
    assert found is not None
    assert (found.state, found.problems) == ("broken", ("claimSignature.mismatch",))


def test_a_torn_manifest_is_unreadable_and_no_more(signed: bytes, tmp_path: Path) -> None:
    at = signed.index(b"c2pa.claim")
    torn = signed[:at] + bytes(200) + signed[at + 200 :]
    found = read(written(tmp_path, torn)).credentials
    assert found is not None and found.state in ("unreadable", "broken")


def test_saving_anew_loses_them(signed: bytes, tmp_path: Path) -> None:
    again = io.BytesIO()
    Image.open(io.BytesIO(signed)).save(again, "JPEG")
    assert read(written(tmp_path, again.getvalue())) == Provenance()


@pytest.fixture
def visits() -> Iterator[tuple[str, list[str]]]:
    """Address of a server on this computer, and what was asked of it."""
    with listening() as visited:
        yield visited


def test_an_address_in_the_file_is_never_fetched(tmp_path: Path, visits: tuple[str, list[str]]) -> None:
    address, asked = visits
    out = io.BytesIO()
    picture().save(out, "JPEG")
    remote = sign(out.getvalue(), "image/jpeg", remote=f"{address}/c2pa-manifest.c2pa")
    assert address.encode() in remote
    found = read(written(tmp_path, remote))
    assert found.credentials is not None and found.credentials.state in ("elsewhere", "unreadable")
    assert asked == []


def test_the_server_of_that_test_would_record_a_visit(tmp_path: Path, visits: tuple[str, list[str]]) -> None:
    import c2pa

    address, asked = visits
    out = io.BytesIO()
    picture().save(out, "JPEG")
    remote = sign(out.getvalue(), "image/jpeg", remote=f"{address}/manifest.c2pa")
    with contextlib.suppress(c2pa.C2paError):
        c2pa.Reader("image/jpeg", io.BytesIO(remote))
    assert asked, "the library no longer asks by default, so the test above proves nothing"
