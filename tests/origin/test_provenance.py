"""What files say about themselves, read where it is known."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from PIL import PngImagePlugin

from detector.records import Provenance
from tests.origin.files import A1111, SIDE, Save, exif, facts_of, picture, png_text, read
from tests.support.clips import counting_frames, write_clip
from tests.support.signing import AI_SOURCE

XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:iptc="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'xmlns:dcterms="http://purl.org/dc/terms/" {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_camera_program_and_date_are_read_from_exif(save: Save, kind: str) -> None:
    block = exif(
        Make="Canon", Model="Canon EOS R5", Software="Adobe Photoshop 26.1", DateTimeOriginal="2026:05:04 10:11:12"
    )
    found = read(save(kind, exif=block.tobytes()))
    assert facts_of(found) == [
        ("camera", "Canon EOS R5"),
        ("taken", "2026:05:04 10:11:12"),
        ("editor", "Adobe Photoshop 26.1"),
    ]
    assert found.credentials is None and not found.unread


def test_exif_of_a_phone_picture_is_read(tmp_path: Path) -> None:
    import pillow_heif

    heif = pillow_heif.from_pillow(picture())
    heif.save(tmp_path / "phone.heic", exif=exif(Make="Apple", Model="iPhone 17").tobytes(), quality=80)
    assert facts_of(read(tmp_path / "phone.heic")) == [("camera", "Apple iPhone 17")]


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
    assert facts_of(read(save("PNG", pnginfo=png_text(**texts)))) == [("generator", name)]


def test_a_generator_is_known_by_a_jpeg_comment_of_exif(save: Save) -> None:
    comment = b"UNICODE\0" + A1111.encode("utf-16-be")
    assert facts_of(read(save("JPEG", exif=exif(UserComment=comment)))) == [("generator", "Stable Diffusion")]


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
def test_kinds_of_programs_are_distinguished(save: Save, software: str, kind: str) -> None:
    assert facts_of(read(save("JPEG", exif=exif(Software=software)))) == [(kind, software)]


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
    assert facts_of(found) == [("source_type", "trainedAlgorithmicMedia")]


def test_a_cropped_picture_is_known_by_the_size_its_camera_noted(save: Save) -> None:
    block = exif(ExifImageWidth=4000, ExifImageHeight=3000)
    assert facts_of(read(save("JPEG", exif=block))) == [("resized", "4000 × 3000")]
    assert facts_of(read(save("JPEG", exif=exif(ExifImageWidth=SIDE, ExifImageHeight=SIDE)))) == []


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
    facts = facts_of(read(path))
    assert ("camera", "Apple iPhone 17") in facts
    assert ("editor", "CapCut 12") in facts
    assert [kind for kind, value in facts if value.startswith("Lavf")] == ["encoder"]
    assert [kind for kind, _ in facts_of(read(plain))] == ["encoder"] * len(read(plain).facts)


def test_nothing_found_is_nothing(save: Save) -> None:
    assert read(save("JPEG")) == Provenance()
