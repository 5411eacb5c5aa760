"""The JSON Schema of reports holds for real ones, says what each field means, and a report comes back from its JSON."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from detector.errors import DamagedMedia
from detector.records import (
    Appearance,
    ClipCounts,
    ContentCredentials,
    Moment,
    Provenance,
    ProvenanceFact,
    Report,
    TimePoint,
    Verdict,
)
from detector.report.restore import from_dict
from detector.report.schema import SCHEMA_VERSION, json_schema
from detector.report.serialise import error_dict, to_dict, to_json
from tests.support import fakes
from tests.support.clips import write_clip

if TYPE_CHECKING:
    from detector import Detector

SCHEMA = Draft202012Validator(json_schema())


def photo() -> Report:
    """Three faces, one of them not analysed, and all that a file can say of its origin."""
    rgb = fakes.group_photo()
    verdicts = (Verdict.NO_CLEAR_SIGNS, Verdict.NOT_ANALYSED, Verdict.STRONG_SIGNS)
    faces = tuple(
        fakes.face(rgb, *each) for each in zip(fakes.FACES, verdicts, (0.123456789, None, 0.875), strict=True)
    )
    credentials = ContentCredentials("intact", "Somebody", made_with=("A camera",), actions=("c2pa.created",))
    facts = (ProvenanceFact("camera", "Acme", "EXIF Make"),)
    made = fakes.report(rgb, faces, Verdict.STRONG_SIGNS, 0.875, notes=("A note.",))
    return dataclasses.replace(
        made,
        provenance=Provenance(facts, credentials, unread=True),
        options={"bands": {"some": None}, "n": [1, 2.5, True]},
    )


def clip() -> Report:
    """Two people, one of them never scored."""
    rgb = fakes.group_photo()
    first, second = (
        fakes.face(rgb, box, verdict, score)
        for box, verdict, score in (
            (fakes.FACES[0], Verdict.SOME_SIGNS, 0.75),
            (fakes.FACES[1], Verdict.NOT_ANALYSED, None),
        )
    )
    there, elsewhere = first.crop.detection.box, fakes.FACES[2]
    points = (TimePoint(0.5, 0.4, elsewhere, 0), TimePoint(1.5, 0.9, there, 1), TimePoint(3.5, None, elsewhere, 3))
    moments = (Moment(1.5, 0.9, first.crop, first.heatmap, 1),)
    seen = Appearance(points, ((1.5, 3.5),), moments, 5, "resnet", shown_s=1.5)
    blank = Appearance((TimePoint(1.5, None, second.crop.detection.box, 1),), (), (), 5, "resnet", shown_s=1.5)
    people = (dataclasses.replace(first, over_time=seen), dataclasses.replace(second, over_time=blank))
    made = fakes.report(rgb, people, Verdict.SOME_SIGNS, 0.75, name="talk.mp4")
    info = dataclasses.replace(made.input, kind="video", format="MP4", duration_s=5.0, fps=25.0, codec="h264")
    return dataclasses.replace(made, input=info, counts=ClipCounts(125, 100, 2, 5))


MADE: dict[str, Callable[[], Report]] = {
    "photo": photo,
    "clip": clip,
    "no face": lambda: fakes.report(fakes.group_photo(), (), Verdict.NOT_ANALYSED, None),
    **{verdict.value: partial(fakes.judged, fakes.group_photo(), verdict, fakes.KINDS[verdict]) for verdict in Verdict},
}


@pytest.fixture(params=list(MADE))
def report(request: pytest.FixtureRequest) -> Report:
    return MADE[request.param]()


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema of an object in a schema."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


def test_it_is_a_schema_of_this_version_that_explains_its_fields() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].endswith(f":{SCHEMA_VERSION}")
    found = list(objects(schema))
    assert len(found) > 15
    for each in found:
        assert each["additionalProperties"] is False
        assert set(each["required"]) == set(each["properties"]), "no field is ever left out"
        assert each["description"]
    assert "Shorter side of the face box" in json.dumps(schema)


def test_reports_are_valid_and_come_back(report: Report) -> None:
    plain = to_dict(report)
    SCHEMA.validate(plain)
    again = from_dict(plain)
    assert to_dict(again) == plain
    assert to_dict(from_dict(json.loads(to_json(report)))) == plain
    assert again.deciding == report.deciding
    assert [face.verdict for face in again.faces] == [face.verdict for face in report.faces]


def test_pixels_come_back_empty() -> None:
    again = from_dict(to_dict(photo()))
    assert {face.crop.rgb.shape for face in again.faces} == {(1, 1, 3)}
    assert all(np.isnan(face.crop.detection.keypoints).all() for face in again.faces)
    assert {face.heatmap for face in again.faces} == {None}


def test_a_file_that_could_not_be_read_is_valid_and_has_no_report() -> None:
    plain = error_dict("broken.jpg", DamagedMedia("The file is cut off."))
    SCHEMA.validate(plain)
    with pytest.raises(ValueError, match="could not be read"):
        from_dict(plain)


@pytest.mark.parametrize(
    ("way", "value", "says"),
    [
        (("schema_version",), "9.9", 'schema_version must be "1.4"'),
        (("p_fake",), 1.5, "p_fake must be at most 1"),
        (("faces", 0, "box", "left"), "0", r"faces\[0\].box.left must be a finite number"),
        (("faces", 0, "verdict"), "fake", r"faces\[0\].verdict must be"),
        (("faces", 0, "box", "right"), -1.0, "Box"),
        (("input", "sha256"), "xyz", "input.sha256 must be"),
        (("input", "camera"), "x", "input.camera is not a field"),
        (("model",), None, "model must be an object"),
        (("limits",), "a text", "limits must be a list"),
    ],
)
def test_what_is_no_report_is_refused_by_its_place(way: tuple[str | int, ...], value: object, says: str) -> None:
    plain = copy.deepcopy(to_dict(photo()))
    place: Any = plain
    for key in way[:-1]:
        place = place[key]
    place[way[-1]] = value
    with pytest.raises(ValueError, match=says):
        from_dict(plain)
    if says != "Box":  # what a schema cannot say
        assert not SCHEMA.is_valid(plain)


def test_what_the_detector_gives_is_valid_and_comes_back(
    tiny_detector_for_clips: Detector, astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    said = PngInfo()
    said.add_text("parameters", "a king\nSteps: 20, Sampler: Euler, Seed: 1")
    stream = io.BytesIO()
    Image.fromarray(astronaut).save(stream, "PNG", pnginfo=said)
    moving = write_clip(tmp_path / "clip.mp4", [np.roll(astronaut, 2 * n, axis=1) for n in range(12)])
    for source in (stream.getvalue(), np.full((64, 64, 3), 90, np.uint8), moving):
        plain = to_dict(tiny_detector_for_clips.analyze(source))
        SCHEMA.validate(plain)
        assert to_dict(from_dict(plain)) == plain
