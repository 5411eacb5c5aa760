"""Texts about the origin that a file declares: neutral where nothing is found, and never as if it had been checked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detector.records import ContentCredentials, Provenance, ProvenanceFact
from detector.sentences import Sentence, Verbatim

__all__ = ["BESIDE", "CREDENTIALS", "HEADING", "LOSSES", "NOTHING", "UNREAD", "credentials_lines", "fact_line", "lines"]

HEADING = Sentence("What the file says about itself")
BESIDE = Sentence("Read from notes inside the file. They do not change the score, and anyone can write or remove them.")
NOTHING = Sentence(
    "No notes about a camera, a program or an AI were found. Most files from the internet have none, so this says nothing."
)
LOSSES = Sentence(
    "Cropping, screenshots, messengers and social networks remove such notes. Look for them in the original file."
)
UNREAD = Sentence("Some notes in the file are damaged, or too many or too long, and were not read.")
CREDENTIALS = Sentence("Content Credentials (C2PA)")

_FACTS: Mapping[str, tuple[Sentence, Sentence]] = MappingProxyType(
    {
        "camera": (
            Sentence("Camera"),
            Sentence("A camera or phone is named. Editing programs usually keep this note."),
        ),
        "taken": (Sentence("Date in the file"), Sentence("Set by the clock of the device, which may be wrong.")),
        "generator": (
            Sentence("Generator named in the file"),
            Sentence("Programs that make or change pictures with AI write such notes."),
        ),
        "face_editor": (
            Sentence("Face editor named in the file"),
            Sentence("A program whose purpose is to change or smooth faces is named."),
        ),
        "editor": (
            Sentence("Editing program"),
            Sentence("Used for harmless corrections as well as for large changes."),
        ),
        "software": (Sentence("Program or device software"), Sentence("It wrote or saved the file.")),
        "source_type": (
            Sentence("Declared kind of source"),
            Sentence(
                "Whoever made the file declared this with a term of the IPTC, the press agencies' body for such notes."
            ),
        ),
        "resized": (
            Sentence("Size noted by the camera, in pixels"),
            Sentence("The picture now has another size, so it was cropped or scaled after it was taken."),
        ),
        "encoder": (
            Sentence("Saved or converted by"),
            Sentence("Services and programs convert nearly every upload, so this says little."),
        ),
    }
)
"""By the kind of a ``ProvenanceFact``: its name, and what it is worth."""

_SOURCE_TYPES: Mapping[str, Sentence] = MappingProxyType(
    {
        "trainedAlgorithmicMedia": Sentence("made by a generative AI model"),
        "compositeWithTrainedAlgorithmicMedia": Sentence("composed, with parts made by a generative AI model"),
        "algorithmicMedia": Sentence("made by a computer program without training data"),
        "compositeSynthetic": Sentence("composed, with computer-made parts"),
        "composite": Sentence("composed of several sources"),
        "compositeCapture": Sentence("composed of several photographs"),
        "digitalCapture": Sentence("taken with a digital camera"),
        "computationalCapture": Sentence("taken with a phone or camera that joins several exposures"),
        "negativeFilm": Sentence("scanned from film"),
        "positiveFilm": Sentence("scanned from film"),
        "print": Sentence("scanned from a print"),
        "humanEdits": Sentence("edited by a person without generative AI"),
        "minorHumanEdits": Sentence("edited by a person without generative AI"),
        "algorithmicallyEnhanced": Sentence("improved by a program without generative AI"),
        "digitalCreation": Sentence("made by a person with a computer"),
        "digitalArt": Sentence("made by a person with a computer"),
        "virtualRecording": Sentence("recorded from a screen or a virtual world"),
        "screenCapture": Sentence("recorded from a screen or a virtual world"),
    }
)
"""The terms of https://cv.iptc.org/newscodes/digitalsourcetype/ in plain words."""

_STATES: Mapping[str, Sentence] = MappingProxyType(
    {
        "intact": Sentence(
            "The file carries a signed record of its making, and it has not been changed since it was signed. Whether the "
            "signer can be relied on was not checked: anyone can sign under any name."
        ),
        "broken": Sentence(
            "The file carries a signed record of its making, but it no longer fits: file or record were changed after the "
            "signing, or the signature is not valid. A harmless later edit can do that too."
        ),
        "unreadable": Sentence("The file carries a record of its making that could not be read."),
        "elsewhere": Sentence(
            "The file only gives an internet address for a record of its making. Nothing is fetched from there."
        ),
    }
)


def lines(provenance: Provenance) -> list[Sentence]:
    """All facts and credentials as sentences, for a terminal or plain text."""
    shown = [fact_line(fact) for fact in provenance.facts]
    if provenance.credentials is not None:
        shown += [
            Sentence("{name}: {value}", name=CREDENTIALS, value=each)
            for each in credentials_lines(provenance.credentials)
        ]
    if not shown:
        shown = [NOTHING]
    return [*shown, *([UNREAD] if provenance.unread else [])]


def fact_line(fact: ProvenanceFact) -> Sentence:
    """One fact with its name and what it is worth."""
    name, worth = _FACTS[fact.kind]
    term = _SOURCE_TYPES.get(fact.value) if fact.kind == "source_type" else None
    return Sentence(
        "{name}: {value} ({where}). {worth}",
        name=name,
        value=term or Verbatim(fact.value),
        where=Verbatim(fact.where),
        worth=worth,
    )


def credentials_lines(found: ContentCredentials) -> list[Sentence]:
    """The contents of the signed record, its state first."""
    shown = [_STATES[found.state]]
    if found.signer:
        shown.append(Sentence("Signed under the name: {name}.", name=Verbatim(found.signer)))
    if found.signed_at:
        shown.append(Sentence("Signed on: {date}.", date=Verbatim(found.signed_at)))
    if found.made_with:
        shown.append(Sentence("Program: {names}.", names=Verbatim(", ".join(found.made_with))))
    shown += [
        Sentence("Declared kind of source: {kind}.", kind=_SOURCE_TYPES.get(kind, Verbatim(kind)))
        for kind in found.source_types
    ]
    if found.actions:
        shown.append(Sentence("Recorded steps: {codes}.", codes=Verbatim(", ".join(found.actions))))
    if found.problems:
        shown.append(Sentence("What does not fit: {codes}.", codes=Verbatim(", ".join(found.problems))))
    return shown
