"""What files say about themselves: read where it is known, harmless where it is hostile, and never in a score."""

from __future__ import annotations

import contextlib
import io
import json
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image, PngImagePlugin

from detector.origin import metadata
from detector.origin.metadata import MAX_ENTRIES, MAX_TEXT, Entry
from detector.origin.provenance import MAX_VALUE, interpret, read_provenance
from detector.records import Provenance
from detector.report import serialise as report
from tests.support.clips import counting_frames, write_clip
from tests.support.listening import listening
from tests.support.signing import AI_SOURCE, sign

if TYPE_CHECKING:
    from detector import Detector

SIDE = 64
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:iptc="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'xmlns:dcterms="http://purl.org/dc/terms/" {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
)
A1111 = "a portrait, studio light\nNegative prompt: blurry\nSteps: 20, Sampler: DPM++ 2M, CFG scale: 7, Seed: 1, Size: 512x512"

Save = Callable[..., Path]


def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8))


def read(path: Path, width: int = SIDE, height: int = SIDE) -> Provenance:
    return read_provenance(path, width, height)


def said(found: Provenance) -> list[tuple[str, str]]:
    return [(fact.kind, fact.value) for fact in found.facts]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(kind: str = "JPEG", **options: Any) -> Path:
        path = tmp_path / f"picture.{kind.lower()}"
        picture().save(path, kind, **options)
        return path

    return write


def png_text(**texts: str) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    return info


def exif(**values: Any) -> Image.Exif:
    block = Image.Exif()
    for name, value in values.items():
        tag = ExifTags.Base[name]
        inner = name in ("DateTimeOriginal", "UserComment", "ExifImageWidth", "ExifImageHeight")
        (block.get_ifd(ExifTags.IFD.Exif) if inner else block)[tag] = value
    return block


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_camera_program_and_date_are_read_from_exif(save: Save, kind: str) -> None:
    block = exif(
        Make="Canon", Model="Canon EOS R5", Software="Adobe Photoshop 26.1", DateTimeOriginal="2026:05:04 10:11:12"
    )
    found = read(save(kind, exif=block.tobytes()))
    assert said(found) == [
        ("camera", "Canon EOS R5"),
        ("taken", "2026:05:04 10:11:12"),
        ("editor", "Adobe Photoshop 26.1"),
    ]
    assert found.credentials is None and not found.unread


def test_exif_of_a_phone_picture_is_read(tmp_path: Path) -> None:
    import pillow_heif

    heif = pillow_heif.from_pillow(picture())
    heif.save(tmp_path / "phone.heic", exif=exif(Make="Apple", Model="iPhone 17").tobytes(), quality=80)
    assert said(read(tmp_path / "phone.heic")) == [("camera", "Apple iPhone 17")]


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        ({"parameters": A1111}, "Stable Diffusion web UI"),
        ({"prompt": '{"3": {"class_type": "KSampler", "inputs": {}}}'}, "ComfyUI"),
        ({"workflow": '{"nodes": [], "links": []}'}, "ComfyUI"),
        ({"invokeai_metadata": "{}"}, "InvokeAI"),
        ({"Software": "NovelAI"}, "NovelAI"),
        ({"Description": "a king --ar 3:2 Job ID: 12345678-90ab"}, "Midjourney"),
        ({"fooocus_scheme": "fooocus"}, "Fooocus"),
    ],
)
def test_generators_are_known_by_their_entries(save: Save, texts: dict[str, str], name: str) -> None:
    assert said(read(save("PNG", pnginfo=png_text(**texts)))) == [("generator", name)]


def test_a_generator_is_known_by_a_jpeg_comment_of_exif(save: Save) -> None:
    comment = b"UNICODE\0" + A1111.encode("utf-16-be")
    assert said(read(save("JPEG", exif=exif(UserComment=comment)))) == [("generator", "Stable Diffusion")]


def test_free_text_about_generators_is_not_a_trace(save: Save) -> None:
    words = "We discuss Midjourney and Stable Diffusion at the parameters of the prompt. Steps: many."
    found = read(
        save("PNG", pnginfo=png_text(Description=words, Comment=words, prompt="Say cheese", parameters="none"))
    )
    assert found.facts == ()


@pytest.mark.parametrize(
    ("software", "kind"),
    [
        ("FaceApp 11", "face_editor"),
        ("GIMP 3.0.4", "editor"),
        ("HDR+ 1.0.7", "software"),
        ("Imagenomic Portraiture", "software"),
        ("Adobe Firefly in Photoshop", "generator"),
    ],
)
def test_programs_are_told_apart(save: Save, software: str, kind: str) -> None:
    assert said(read(save("JPEG", exif=exif(Software=software)))) == [(kind, software)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("form", ["attribute", "element"])
def test_the_declared_source_is_read_from_xmp(save: Save, kind: str, form: str) -> None:
    if form == "attribute":
        packet = XMP.format(attributes=f'iptc:DigitalSourceType="{AI_SOURCE}"', elements="")
    else:
        packet = XMP.format(attributes="", elements=f"<iptc:DigitalSourceType>{AI_SOURCE}</iptc:DigitalSourceType>")
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet, zip=True)
        path = save("PNG", pnginfo=info)
    else:
        path = save(kind, xmp=packet.encode())
    found = read(path)
    assert said(found) == [("source_type", "trainedAlgorithmicMedia")]


def test_a_cropped_picture_is_known_by_the_size_its_camera_noted(save: Save) -> None:
    block = exif(ExifImageWidth=4000, ExifImageHeight=3000)
    assert said(read(save("JPEG", exif=block))) == [("resized", "4000 × 3000")]
    assert said(read(save("JPEG", exif=exif(ExifImageWidth=SIDE, ExifImageHeight=SIDE)))) == []


def test_tags_of_a_clip_are_read(tmp_path: Path) -> None:
    plain = write_clip(tmp_path / "plain.mp4", counting_frames(5))
    path = tmp_path / "tagged.mov"
    with av.open(str(plain)) as source, av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        out.metadata["com.apple.quicktime.make"] = "Apple"
        out.metadata["com.apple.quicktime.model"] = "iPhone 17"
        out.metadata["com.apple.quicktime.software"] = "CapCut 12"
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    facts = said(read(path))
    assert ("camera", "Apple iPhone 17") in facts
    assert ("editor", "CapCut 12") in facts
    assert [kind for kind, value in facts if value.startswith("Lavf")] == ["encoder"]
    assert [kind for kind, _ in said(read(plain))] == ["encoder"] * len(read(plain).facts)


def test_nothing_found_is_nothing(save: Save) -> None:
    assert read(save("JPEG")) == Provenance()


# Content Credentials


@pytest.fixture(scope="module")
def signed() -> bytes:
    out = io.BytesIO()
    picture().save(out, "JPEG")
    return sign(out.getvalue(), "image/jpeg")


def written(tmp_path: Path, data: bytes, name: str = "signed.jpg") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_intact_credentials_say_who_and_what(signed: bytes, tmp_path: Path) -> None:
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
    with listening() as heard:
        yield heard


def test_an_address_in_the_file_is_never_asked(tmp_path: Path, visits: tuple[str, list[str]]) -> None:
    address, asked = visits
    out = io.BytesIO()
    picture().save(out, "JPEG")
    remote = sign(out.getvalue(), "image/jpeg", remote=f"{address}/c2pa-manifest.c2pa")
    assert address.encode() in remote
    found = read(written(tmp_path, remote))
    assert found.credentials is not None and found.credentials.state in ("elsewhere", "unreadable")
    assert asked == []


def test_the_server_of_that_test_would_hear_of_a_visit(tmp_path: Path, visits: tuple[str, list[str]]) -> None:
    import c2pa

    address, asked = visits
    out = io.BytesIO()
    picture().save(out, "JPEG")
    remote = sign(out.getvalue(), "image/jpeg", remote=f"{address}/manifest.c2pa")
    with contextlib.suppress(c2pa.C2paError):
        c2pa.Reader("image/jpeg", io.BytesIO(remote))
    assert asked, "the library no longer asks by default, so the test above proves nothing"


# Hostile entries


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(*chunks: bytes) -> bytes:
    out = io.BytesIO()
    picture().save(out, "PNG")
    data = out.getvalue()
    return data[:33] + b"".join(chunks) + data[33:]


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


# Beside the score, never in it


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
