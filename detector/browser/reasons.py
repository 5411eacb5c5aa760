"""The sentences of the rules by the names that ``judge.js`` has for them, each taken from the function that says it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from detector.errors import MediaError
from detector.faces.direction import as_turned
from detector.media.decoding import MAX_FILE_BYTES, MIN_SIDE, check_size
from detector.media.images import decode_image
from detector.records import (
    Bands,
    Box,
    Detection,
    FaceCrop,
    FaceQuality,
    FaceResult,
    InputInfo,
    QualityGates,
    Stability,
    Verdict,
)
from detector.sentences import Sentence
from detector.verdict.faces import judge_face, judge_quality, judge_stability
from detector.verdict.files import judge_file, withhold_of_drawing
from detector.words import results

__all__ = ["reasons"]

_BANDS = Bands(0.2, 0.4, 0.6, signs_need_sharpness=10.0)
_GATES = QualityGates(min_size_px=10, min_sharpness=10, min_brightness=10, max_brightness=20, max_abs_yaw=1)
_GOOD = FaceQuality(size_px=15, sharpness=15, brightness=15, roll_deg=0, yaw=0)


def reasons() -> Iterator[tuple[str, Sentence]]:
    """Name and sentence; what its fields hold here means nothing."""
    for score in (0.1, 0.3, 0.5, 0.7):
        verdict, reason = judge_face(score, _BANDS)
        yield f"face.{verdict}", reason
    yield "face.blurred", judge_face(0.7, _BANDS, sharpness=0)[1]
    yield "face.drawing", withhold_of_drawing(_face(Verdict.NO_CLEAR_SIGNS, 0.1), math.inf).reason
    for score in (0.5, 0.1):
        verdict, reason, _ = judge_stability(*judge_face(0.7, _BANDS), 0.7, {"as_is": score}, _BANDS)
        yield f"stability.{verdict}", reason
    yield from _gates()
    yield from _of_files()
    yield from _facts()
    yield from _refusals()


def _gates() -> Iterator[tuple[str, Sentence]]:
    faults = (
        {"size_px": 5.0}, {"brightness": 5.0}, {"brightness": 25.0}, {"sharpness": 5.0}, {"yaw": 2.0},
    )  # fmt: skip
    for fault in faults:
        rejection = judge_quality(FaceQuality(**{**vars(_GOOD), **fault}), _GATES)
        assert rejection is not None, fault
        yield f"gate.{rejection.obstacle}", rejection.reason


def _of_files() -> Iterator[tuple[str, Sentence]]:
    scored, unscored = _face(Verdict.SOME_SIGNS, 0.5), _face(Verdict.NOT_ANALYSED, None)
    yield from zip(("file.no_face", "file.no_face_cure"), _parts(judge_file(())[1]), strict=True)
    yield from zip(("file.all_failed", "file.first"), _parts(judge_file((unscored, unscored))[1]), strict=True)
    yield "photo", _value(_parts(judge_file(())[1])[0], "file")
    yield "file.decides", _parts(judge_file((scored, scored))[1])[0]
    yield "file.skipped", _parts(judge_file((scored, unscored))[1])[-1]


def _facts() -> Iterator[tuple[str, Sentence]]:
    """What is said beside a verdict."""
    for name, stability in {
        "holds.at": Stability({"as_is": 0.3}, holds=True),
        "holds.between": Stability({"as_is": 0.3, "mirrored": 0.35}, holds=True),
    }.items():
        yield name, results.stability_facts(stability)
    for name, yaw in {"frontal": 0.0, "aside": 0.5, "far_aside": 0.9}.items():
        yield f"pose.{name}", _value(results.quality_facts(FaceQuality(15, 15, 15, roll_deg=0, yaw=yaw)), "pose")
    tilted = results.quality_facts(FaceQuality(15, 15, 15, roll_deg=30, yaw=0))
    yield "pose.tilted", _value(tilted, "pose")
    yield "quality", tilted
    yield "score", results.score_text(0.3)
    yield "score.meaning", results.score_meaning(0.3, Verdict.INCONCLUSIVE, 0.2)
    yield "score.of_face", results.score_of(1)
    yield "face", results.numbered(1)
    yield "view", results.view_facts("as_is", 0.3)
    yield "described", results.described("", "")
    yield "found", results.found_facts(1, 1, "image")
    picture = results.picture_facts("image", 1, None)
    yield "picture", picture
    yield "picture.what", _value(picture, "what")
    info = InputInfo(name="", sha256="", kind="image", format="", bytes=0, width=16, height=16, notes=())
    yield "picture.caption", results.picture_caption(info, "", None)
    turned = as_turned(info, 1).notes[0]
    assert isinstance(turned, Sentence), turned
    yield "turned", turned


def _refusals() -> Iterator[tuple[str, Sentence]]:
    yield "refused.empty", _refusal(lambda: decode_image(b""))
    large = _refusal(lambda: decode_image(bytes(MAX_FILE_BYTES + 1)))
    yield "refused.large_file", large
    yield "refused.smaller", _value(large, "cure")
    yield "refused.large_photo", _refusal(lambda: check_size(10**9, 10**9))
    yield "refused.small_photo", _refusal(lambda: check_size(MIN_SIDE - 1, MIN_SIDE))


def _refusal(act: Callable[[], object]) -> Sentence:
    try:
        act()
    except MediaError as error:
        said = error.sentence
    # Without an error, or with one that cannot be translated, the rules here are not those of the check.
    assert isinstance(said, Sentence), said
    return said


def _parts(joined: Sentence) -> list[Sentence]:
    """The sentences that ``sentences.joined`` was given."""
    return [each for each in joined.values.values() if isinstance(each, Sentence)]


def _value(sentence: Sentence, field: str) -> Sentence:
    value = sentence.values[field]
    assert isinstance(value, Sentence), value
    return value


def _face(verdict: Verdict, p_fake: float | None) -> FaceResult:
    """A face of no picture."""
    box = Box(0, 0, 15, 15)
    found = Detection(box, np.zeros((6, 2), np.float32), 1.0)
    return FaceResult(
        FaceCrop(np.zeros((16, 16, 3), np.uint8), box, found, _GOOD), verdict, judge_face(0.3, _BANDS)[1], p_fake
    )
