"""Facts about the file and the models, for repeating a result, and the caption of its picture."""

from __future__ import annotations

from detector.records import InputInfo, ModelInfo
from detector.sentences import Sentence, Verbatim
from detector.words.results.clips import clock

__all__ = [
    "FILE",
    "FILE_SHA256",
    "MODEL",
    "VERSIONS",
    "VIDEO",
    "WEIGHTS_SHA256",
    "file_facts",
    "found_facts",
    "model_facts",
    "picture_caption",
    "picture_facts",
]

FILE, VIDEO, FILE_SHA256 = Sentence("File"), Sentence("Video"), Sentence("SHA-256 of the file")
MODEL, WEIGHTS_SHA256, VERSIONS = (
    Sentence("Model that sets the result"),
    Sentence("SHA-256 of its weights"),
    Sentence("Versions"),
)


def file_facts(info: InputInfo) -> Sentence:
    """A file's name, kind and size."""
    return Sentence(
        "{name}, {format}, {bytes} bytes, {width} × {height} pixels",
        name=info.name,
        format=info.format,
        bytes=info.bytes,
        width=info.width,
        height=info.height,
    )


def model_facts(model: ModelInfo) -> Sentence:
    """Which weights decided."""
    return Sentence(
        "{name} ({architecture}), revision {revision}",
        name=model.name,
        architecture=model.architecture,
        revision=model.revision,
    )


def found_facts(found: int, analysed: int, kind: str) -> Sentence:
    """Describe how many faces or people there are and how many were analysed."""
    if kind == "video":
        return Sentence.plural(
            "1 person found, {analysed} checked.",
            "{count} people found, {analysed} checked.",
            found,
            analysed=analysed,
        )
    return Sentence.plural(
        "1 face found, {analysed} checked.",
        "{count} faces found, {analysed} checked.",
        found,
        analysed=analysed,
    )


def picture_facts(kind: str, faces: int, when: float | None) -> Sentence:
    """What the large picture shows, for those who cannot see it."""
    what = Sentence("Your video at {time}", time=clock(when or 0.0)) if kind == "video" else Sentence("Your photo")
    return Sentence.plural("{what} with 1 numbered face", "{what} with {count} numbered faces", faces, what=what)


def picture_caption(info: InputInfo, found: str, when: float | None) -> Sentence:
    """The line below the large picture.

    Args:
        info: of the file.
        found: as ``found_facts`` makes it; may be empty.
        when: seconds, of a frame of a video.
    """
    if info.kind == "video":
        return Sentence("{name} at {time}. {found}", name=Verbatim(info.name), time=clock(when or 0.0), found=found)
    return Sentence("{name}. {found}", name=Verbatim(info.name), found=found)
