"""Entries that were made to do harm: cut, bounded, made harmless, and never in a score."""

from __future__ import annotations

import json
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from detector.origin import metadata
from detector.origin.metadata import MAX_ENTRIES, MAX_TEXT, Entry
from detector.origin.provenance import MAX_VALUE, interpret
from detector.records import Provenance
from detector.report import serialise as report
from tests.origin.files import A1111, Save, chunk, exif, png_text, png_with, read, written
from tests.support.clips import write_clip

if TYPE_CHECKING:
    from detector import Detector


def timed(path: Path) -> Provenance:
    began = time.monotonic()
    found = read(path)
    # Generous, as other work may run on this computer; what this stops takes minutes or all memory.
    assert time.monotonic() - began < 10
    return found


def test_a_text_that_unpacks_to_a_gigabyte_is_cut(tmp_path: Path) -> None:
    # A megabyte that refers to nothing before it, a thousand times; without the checksum at the end, which nobody reaches.
    packer = zlib.compressobj(9)
    first, again = (packer.compress(b"A" * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    bomb = first + again * 1023
    unpacked = zlib.decompressobj()
    assert len(unpacked.decompress(first + again * 3)) == 4 << 20
    found = timed(written(tmp_path, png_with(chunk(b"zTXt", b"Software\0\0" + bomb)), "bomb.png"))
    assert len(found.facts) == 1 and len(found.facts[0].value) == MAX_VALUE


def test_entries_without_end_are_cut(tmp_path: Path) -> None:
    chunks = [chunk(b"tEXt", b"Software\0Program %d" % n) for n in range(20_000)]
    found = timed(written(tmp_path, png_with(*chunks), "many.png"))
    assert found.unread and 0 < len(found.facts) < MAX_ENTRIES


@pytest.mark.parametrize(
    "packet",
    [
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
        "<x>" * 50_000,
        "<x" + " a='1'" * 100,
        "\0\0\0",
    ],
    ids=["entities", "file", "deep", "torn", "zeros"],
)
def test_hostile_xml_is_not_followed(tmp_path: Path, packet: str) -> None:
    found = timed(
        written(tmp_path, png_with(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet.encode())), "x.png")
    )
    assert found.facts == ()
    assert found.unread or not packet.strip("\0")


def test_a_deep_tree_of_whole_elements_is_bounded(tmp_path: Path) -> None:
    packet = b"<x>" * 50_000 + b"</x>" * 50_000
    assert timed(written(tmp_path, png_with(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)), "x.png")).unread


@pytest.mark.parametrize("seed", range(30))
def test_damaged_exif_is_harmless(save: Save, tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    block = exif(Make="Canon", Model="EOS", Software="GIMP", UserComment=b"ASCII\0\0\0hello", ExifImageWidth=9)
    data = bytearray(block.tobytes())
    for position in rng.integers(6, len(data), 12):
        data[position] = int(rng.integers(0, 256))
    timed(written(tmp_path, png_with(chunk(b"eXIf", bytes(data[6:]))), "x.png"))
    timed(save("JPEG", exif=bytes(data)))


@pytest.mark.parametrize("seed", range(20))
def test_flipped_bytes_of_a_signed_file_are_harmless(signed: bytes, tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = bytearray(signed)
    for position in rng.integers(2, min(len(data), 20_000), 20):
        data[position] ^= int(rng.integers(1, 256))
    found = timed(written(tmp_path, bytes(data))).credentials
    assert found is None or found.state in ("broken", "unreadable")


def test_what_could_steer_a_terminal_or_a_page_is_made_harmless(save: Save) -> None:
    hostile = "\x1b[2J<script>alert(1)</script>\u202egnp.exe\r\n\N{ZERO WIDTH SPACE}" + "x" * 9000
    fact = read(save("PNG", pnginfo=png_text(Software=hostile))).facts[0]
    assert fact.value.isprintable() and len(fact.value) == MAX_VALUE
    assert "\u202e" not in fact.value and "\x1b" not in fact.value


def test_texts_are_cut_before_they_are_searched() -> None:
    assert len(metadata.printable("a" * 10**6, MAX_TEXT)) == MAX_TEXT
    slow = "Steps: 1," + "x" * MAX_TEXT
    began = time.monotonic()
    interpret((Entry("EXIF UserComment", slow),) * MAX_ENTRIES, None, False, 1, 1)
    assert time.monotonic() - began < 5


def test_no_entry_changes_a_score(tiny_detector: Detector, astronaut: NDArray[np.uint8], tmp_path: Path) -> None:
    plain, marked = tmp_path / "plain.png", tmp_path / "marked.png"
    Image.fromarray(astronaut).save(plain)
    Image.fromarray(astronaut).save(marked, pnginfo=png_text(parameters=A1111, Software="FaceApp"))
    one, two = (report.to_dict(tiny_detector.analyze(path, heatmaps=False)) for path in (plain, marked))
    assert one["provenance"] == {"facts": [], "credentials": None, "unread": False}
    assert [fact["kind"] for fact in two["provenance"]["facts"]] == ["generator", "face_editor"]
    for plain_report in (one, two):
        del plain_report["provenance"], plain_report["input"], plain_report["made_at"]
    assert one == two


def test_a_clip_carries_its_provenance(
    tiny_detector_for_clips: Detector, astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "clip.mp4", [astronaut] * 8)
    found = tiny_detector_for_clips.analyze(path, heatmaps=False)
    assert found.provenance is not None
    assert {fact.kind for fact in found.provenance.facts} == {"encoder"}
    json.loads(report.to_json(found))
