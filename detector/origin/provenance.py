"""What a file says about its origin: camera, programs, generators, IPTC's source type, Content Credentials.

None of it is proof: anyone can write such entries, and cropping, re-saving or sending a file through most services removes
them. So it stands beside the scores and never enters them, and finding nothing means nothing.

The tables below hold names and keys under which programs are known to sign their work: PNG text keys of the Stable Diffusion
web UIs, ComfyUI and InvokeAI as their sources write them; the IPTC digital source types
(https://cv.iptc.org/newscodes/digitalsourcetype/); for the rest, the names of the programs themselves.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from detector.origin.credentials import read_credentials
from detector.origin.metadata import Entry, printable, read_metadata
from detector.records import ContentCredentials, FactKind, Provenance, ProvenanceFact

__all__ = ["MAX_VALUE", "interpret", "read_provenance"]

MAX_VALUE = 160
"""Characters of a fact, at most."""
_MAX_FACTS = 24

_GENERATORS = (
    "Stable Diffusion", "ComfyUI", "InvokeAI", "Fooocus", "SwarmUI", "NovelAI", "Draw Things", "DiffusionBee", "Midjourney",
    "DALL-E", "DALL·E", "Adobe Firefly", "Made with Google AI", "Gemini", "Imagen", "GPT-4o", "OpenAI", "ChatGPT", "Sora",
    "Leonardo.Ai", "Ideogram", "FLUX.1", "Black Forest Labs", "Runway", "Kling", "HeyGen", "Synthesia", "D-ID", "Luma AI",
    "Grok", "StyleGAN", "This Person Does Not Exist", "Bing Image Creator", "Meta AI",
)  # fmt: skip
"""Programs and services that make pictures or clips."""
_FACE_EDITORS = (
    "DeepFaceLab", "FaceSwap", "FaceFusion", "roop", "Reface", "FaceApp", "Facetune", "Remini", "Meitu", "BeautyPlus",
    "YouCam", "AirBrush", "Lensa", "Faceplay", "SimSwap", "Deep-Live-Cam", "B612",
)  # fmt: skip
"""Programs whose purpose is to change or smooth faces."""
_EDITORS = (
    "Photoshop", "Lightroom", "Camera Raw", "GIMP", "Affinity Photo", "Pixelmator", "Snapseed", "Canva", "Picsart", "PicsArt",
    "paint.net", "Krita", "Capture One", "darktable", "RawTherapee", "Luminar", "Picasa", "Photoscape", "PhotoScape", "Pixlr",
    "Polarr", "VSCO", "ACDSee", "CorelDRAW", "PaintShop", "Topaz", "DxO", "Paint Shop", "Windows Photo Editor", "Premiere",
    "After Effects", "DaVinci Resolve", "Final Cut", "iMovie", "CapCut", "InShot", "KineMaster", "VSDC", "Shotcut", "Kdenlive",
    "OpenShot", "Filmora", "VEGAS", "Camtasia",
)  # fmt: skip
_ENCODERS = (
    "Lavf",
    "Lavc",
    "x264",
    "x265",
    "HandBrake",
    "ffmpeg",
    "libwebp",
    "ImageMagick",
    "GraphicsMagick",
    "Google",
)
"""Programs that only save or convert, which services do to every upload."""

_NAMES: Mapping[FactKind, tuple[str, ...]] = MappingProxyType(
    {"generator": _GENERATORS, "face_editor": _FACE_EDITORS, "editor": _EDITORS, "encoder": _ENCODERS}
)
_PATTERNS = {
    kind: re.compile(
        r"(?<![A-Za-z0-9])(?:"
        + "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        + ")(?![A-Za-z])",
        re.IGNORECASE,
    )
    for kind, names in _NAMES.items()
}
_SIGNED_BY = {
    "EXIF Software", "XMP CreatorTool", "XMP Software", "XMP history", "XMP Credit", "XMP AISystemUsed", "PNG text Software",
    "PNG text Source", "tag encoder", "tag encoding_tool", "tag software", "tag com.apple.quicktime.software", "GIF comment",
    "JPEG comment",
}  # fmt: skip
"""Entries that name the program, whatever they say."""
_FREE_TEXT = {
    "EXIF ImageDescription", "EXIF UserComment", "PNG text Description", "PNG text Comment", "PNG text Title",
    "XMP description", "tag comment", "tag description", "tag title",
}  # fmt: skip
"""Entries in which anyone may write about anything: only the marks of generators are looked for."""
_TELLING_TEXT = re.compile(
    r"\bSteps: \d+,.{0,200}\bSampler: |\bJob ID: [0-9a-f]{8}-|--ar \d+:\d+\b|\"uc\": ?\".{0,2000}\"sampler\"",
    re.DOTALL,
)
"""What web UIs of Stable Diffusion, Midjourney and NovelAI write into comments."""
_MIDJOURNEY = re.compile(r"\bJob ID: [0-9a-f]{8}-|--ar \d")
_UI_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "invokeai_metadata": "InvokeAI",
        "invokeai_graph": "InvokeAI",
        "invokeai_workflow": "InvokeAI",
        "sd-metadata": "InvokeAI",
        "dream": "InvokeAI",
        "fooocus_scheme": "Fooocus",
        "generation_data": "TensorArt",
    }
)
"""PNG text keys that only one program writes."""
_SAME_SIZE_PX = 2
"""Difference between stored and true size that rounding explains."""


def read_provenance(path: str | os.PathLike[str], width: int, height: int) -> Provenance:
    """Read what a file says about itself.

    Args:
        path: a picture or clip that was read before.
        width: of the upright picture, pixels.
        height: of the upright picture, pixels.

    Raises:
        OSError: the file is gone.
    """
    with Path(path).open("rb") as file:
        found = read_metadata(file)
        credentials = read_credentials(file, found.mime) if found.mime else None
    return interpret(found.entries, credentials, found.damaged, width, height)


def interpret(
    entries: tuple[Entry, ...], credentials: ContentCredentials | None, damaged: bool, width: int, height: int
) -> Provenance:
    """The provenance that entries amount to; see ``read_provenance``."""
    if credentials is None and any(entry.where == "XMP provenance" for entry in entries):
        credentials = ContentCredentials("elsewhere")
    facts = list(
        dict.fromkeys((*_camera(entries), *_programs(entries), *_sources(entries), *_size(entries, width, height)))
    )
    return Provenance(tuple(facts[:_MAX_FACTS]), credentials, damaged or len(facts) > _MAX_FACTS)


def _camera(entries: tuple[Entry, ...]) -> Iterator[ProvenanceFact]:
    said: dict[str, str] = {}
    for entry in entries:
        said.setdefault(entry.where, entry.text)
    for make, model in (
        ("EXIF Make", "EXIF Model"),
        ("tag com.apple.quicktime.make", "tag com.apple.quicktime.model"),
        ("tag com.android.manufacturer", "tag com.android.model"),
        ("tag make", "tag model"),
        ("XMP Make", "XMP Model"),
    ):
        if make in said or model in said:
            maker, name = said.get(make, ""), said.get(model, "")
            # Many cameras repeat the maker in the model's name.
            camera = name if name.lower().startswith(maker.lower()) else f"{maker} {name}"
            yield _fact("camera", camera, f"{make.split()[0]} {'/'.join(_key(x) for x in (make, model) if x in said)}")
            break
    for date in ("EXIF DateTimeOriginal", "tag com.apple.quicktime.creationdate", "tag creation_time"):
        # Converters write a date of 1904 or 1970, where their clock begins.
        if date in said and not said[date].startswith(("1904", "1970", "0000")):
            yield _fact("taken", said[date], date)
            break


def _key(where: str) -> str:
    return where.rpartition(" ")[2].rpartition(".")[2]


def _programs(entries: tuple[Entry, ...]) -> Iterator[ProvenanceFact]:
    for entry in entries:
        if (generator := _by_web_ui(entry)) is not None:
            yield _fact("generator", generator, entry.where)
        elif entry.where in _SIGNED_BY:
            kind = _kind(entry.text)
            # Credits name people and agencies more often than programs.
            if kind in ("generator", "face_editor") or entry.where not in ("XMP Credit", "JPEG comment", "GIF comment"):
                yield _fact(kind or "software", entry.text, entry.where)
        elif entry.where in _FREE_TEXT and _TELLING_TEXT.search(entry.text):
            name = "Midjourney" if _MIDJOURNEY.search(entry.text) else "Stable Diffusion"
            yield _fact("generator", name, entry.where)


def _kind(text: str) -> FactKind | None:
    """Which kind of program a name is; the most specific one where several stand in it."""
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.search(text)), None)


def _by_web_ui(entry: Entry) -> str | None:
    """The generator whose settings an entry holds, or None."""
    key = entry.where.removeprefix("PNG text ").removeprefix("tag ")
    if key == entry.where:
        return None
    if entry.where.startswith("PNG text ") and key.lower() in _UI_KEYS:
        return _UI_KEYS[key.lower()]
    if key == "parameters" and ("Steps:" in entry.text or "sui_image_params" in entry.text):
        return "SwarmUI" if "sui_image_params" in entry.text else "Stable Diffusion web UI"
    if key in ("prompt", "workflow") and ('"class_type"' in entry.text or '"nodes"' in entry.text):
        return "ComfyUI"
    return None


def _sources(entries: tuple[Entry, ...]) -> Iterator[ProvenanceFact]:
    for entry in entries:
        if entry.where == "XMP DigitalSourceType":
            yield _fact("source_type", entry.text.rstrip("/").rsplit("/", 1)[-1], entry.where)


def _size(entries: tuple[Entry, ...], width: int, height: int) -> Iterator[ProvenanceFact]:
    """The size that the camera noted, where it is not that of the picture."""
    noted = {}
    for entry in entries:
        if entry.where in ("EXIF ExifImageWidth", "EXIF ExifImageHeight") and entry.text.isdecimal():
            noted[entry.where] = int(entry.text[:9])
    if len(noted) == 2 and all(noted.values()):
        wide, high = noted["EXIF ExifImageWidth"], noted["EXIF ExifImageHeight"]
        # The note may be of the picture before it was turned upright.
        differs = max(abs(max(wide, high) - max(width, height)), abs(min(wide, high) - min(width, height)))
        if differs > _SAME_SIZE_PX:
            yield _fact("resized", f"{wide} × {high}", "EXIF ExifImageWidth/ExifImageHeight")


def _fact(kind: FactKind, value: str, where: str) -> ProvenanceFact:
    return ProvenanceFact(kind, printable(value, MAX_VALUE), where)
