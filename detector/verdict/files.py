"""From the verdicts on faces to that on their file. Pure, as in ``faces``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from detector.records import FaceResult, MediaKind, Verdict
from detector.sentences import Sentence, joined, of_hundred

__all__ = [
    "LIMITS",
    "MOST_FLAT",
    "MOST_UNSEEN",
    "SEVERITY",
    "WORST_FIRST",
    "judge_file",
    "withhold_calm",
    "withhold_of_drawing",
]

MOST_UNSEEN = 0.1
"""Share of a file that may have gone unseen for "no clear signs" to be said of the rest."""

MOST_FLAT = 0.5
"""Share of a few flat colours from which a face is taken for a drawing."""

SEVERITY: tuple[Verdict, ...] = (
    Verdict.NO_CLEAR_SIGNS,
    Verdict.INCONCLUSIVE,
    Verdict.SOME_SIGNS,
    Verdict.STRONG_SIGNS,
)
"""Ascending: the last verdict that any face has speaks for the file. "Not analysed" has no place in the order."""

WORST_FIRST: tuple[Verdict, ...] = (
    Verdict.STRONG_SIGNS,
    Verdict.SOME_SIGNS,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_ANALYSED,
    Verdict.NO_CLEAR_SIGNS,
)
"""The order of lists: what could not be checked comes before what shows no clear signs."""

LIMITS: tuple[Sentence, ...] = (
    Sentence("A score is an estimate, not proof. Do not use it to accuse anyone."),
    Sentence("A low score is no all-clear: new methods may leave no trace that the models know."),
    Sentence("Only faces are checked, not bodies, backgrounds, text or sound."),
    Sentence("The most suspicious face sets the result, so a crowd is flagged by chance more often than a portrait."),
    Sentence("How often we are wrong was measured on test pictures. On your own it is likely to be worse."),
    Sentence("Strong compression, resizing, filters and screenshots move scores up or down."),
)
"""Sentences that belong beside every result."""


def withhold_calm(face: FaceResult, unseen: float) -> FaceResult:
    """The face's result, inconclusive in place of "no clear signs" where too much of the file could not be looked at.

    Args:
        face: of a file with several pictures.
        unseen: share of these that could not be looked at, in [0, 1].
    """
    if face.verdict is not Verdict.NO_CLEAR_SIGNS or unseen <= MOST_UNSEEN:
        return face
    reason = Sentence(
        "We could not check {share:.0f} of every 100 pictures in this file, so an altered part may be missed. The rest show no "
        "clear signs (score {score} of 100). Cut out the part that matters and check it alone.",
        share=100 * unseen,
        score=of_hundred(face.p_fake or 0.0)[0],
    )
    return replace(face, verdict=Verdict.INCONCLUSIVE, reason=reason)


def withhold_of_drawing(face: FaceResult, flat: float) -> FaceResult:
    """The face's result, inconclusive in place of "no clear signs" where it is no photograph of a face.

    Args:
        face: of a picture or clip.
        flat: share of a few flat colours in it, as ``faces.flatness`` measures it.
    """
    if face.verdict is not Verdict.NO_CLEAR_SIGNS or flat < MOST_FLAT:
        return face
    reason = Sentence(
        "This looks like a drawing, not a photo: most of the face is made of a few flat colours. The model knows only photos, "
        "so its score ({score} of 100) says nothing here.",
        score=of_hundred(face.p_fake or 0.0)[0],
    )
    return replace(face, verdict=Verdict.INCONCLUSIVE, reason=reason)


def judge_file(
    faces: Sequence[FaceResult], kind: MediaKind = "image"
) -> tuple[Verdict, Sentence, float | None, int | None]:
    """Let the most suspicious analysed face speak for the file.

    Args:
        faces: every face found, in the report's order.
        kind: of the file; the faces of a clip are called people.

    Returns:
        The verdict, its reason, the deciding face's p_fake and its index in ``faces``; the last two are None when
        nothing was analysed.
    """
    this = _FILES[kind]
    if not faces:
        none = Sentence("We found no face in this {file}, so there was nothing to check.", file=this)
        cure = Sentence("Use a {file} in which a face is larger, sharper or turned more towards the camera.", file=this)
        return Verdict.NOT_ANALYSED, joined(none, cure), None, None
    of_faces = _PEOPLE if kind == "video" else _FACES
    skipped = sum(face.p_fake is None for face in faces)
    if skipped == len(faces):
        first = faces[0].reason
        why = first if skipped == 1 else Sentence("The first: {reason}", reason=first)
        return Verdict.NOT_ANALYSED, joined(of_faces.all_failed(skipped), why), None, None

    def suspicion(index: int) -> tuple[int, float]:
        face = faces[index]
        return (-1, 0.0) if face.p_fake is None else (SEVERITY.index(face.verdict), face.p_fake)

    # max() keeps the first of equals, which is the first in reading order.
    index = max(range(len(faces)), key=suspicion)
    reason = faces[index].reason
    if len(faces) > 1:
        reason = joined(of_faces.decides(index + 1), reason)
    if skipped:
        reason = joined(reason, of_faces.skipped(skipped, len(faces)))
    return faces[index].verdict, reason, faces[index].p_fake, index


_FILES: Mapping[MediaKind, Sentence] = MappingProxyType({"image": Sentence("photo"), "video": Sentence("video")})


class _Faces:
    """What is said of several faces. Whole sentences, since other languages bend other words than English does."""

    def all_failed(self, count: int) -> Sentence:
        return Sentence.plural(
            "The one face in it could not be checked.", "None of the {count} faces in it could be checked.", count
        )

    def decides(self, number: int) -> Sentence:
        return Sentence("Face {number} looks most suspicious, so it sets the result.", number=number)

    def skipped(self, skipped: int, count: int) -> Sentence:
        return Sentence.plural(
            "1 of the {total} faces could not be checked.",
            "{count} of the {total} faces could not be checked.",
            skipped,
            total=count,
        )


class _People(_Faces):
    """The same of the people of a clip."""

    def all_failed(self, count: int) -> Sentence:
        return Sentence.plural(
            "The one person in it could not be checked.", "None of the {count} people in it could be checked.", count
        )

    def decides(self, number: int) -> Sentence:
        return Sentence("Person {number} looks most suspicious, so this face sets the result.", number=number)

    def skipped(self, skipped: int, count: int) -> Sentence:
        return Sentence.plural(
            "1 of the {total} people could not be checked.",
            "{count} of the {total} people could not be checked.",
            skipped,
            total=count,
        )


_FACES, _PEOPLE = _Faces(), _People()
