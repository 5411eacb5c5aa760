"""The report as data: its names, its round trip, and that nothing unspeakable in JSON gets in."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest

from detector.errors import DamagedMedia
from detector.records import FaceResult, RegionCheck, Report, Stability, Verdict
from detector.report.schema import SCHEMA_VERSION, ReportJson
from detector.report.serialise import error_dict, to_dict, to_json
from detector.sentences import Sentence
from tests.support import fakes

TOP = [
    "schema_version",
    "input",
    "verdict",
    "reason",
    "p_fake",
    "faces",
    "clip",
    "model",
    "provenance",
    "versions",
    "options",
    "limits",
    "made_at",
    "error",
]


@pytest.fixture(scope="module")
def report() -> Report:
    rgb = fakes.group_photo()
    scores = (0.123456789, None, 0.875)
    verdicts = (Verdict.NO_CLEAR_SIGNS, Verdict.NOT_ANALYSED, Verdict.STRONG_SIGNS)
    faces = tuple(fakes.face(rgb, *found) for found in zip(fakes.FACES, verdicts, scores, strict=True))
    made = fakes.report(rgb, faces, Verdict.STRONG_SIGNS, 0.875, notes=("A note with a line\nfeed and é.",))
    return dataclasses.replace(made, options={"heatmaps": True, "cuts": (np.float32(0.5), np.int64(3)), "none": None})


def test_the_names_are_those_that_were_agreed(report: Report) -> None:
    plain = to_dict(report)
    assert list(plain) == TOP
    facts = ["name", "sha256", "kind", "format", "bytes", "width", "height", "notes", "duration_s", "fps", "codec"]
    assert list(plain["input"]) == facts
    assert list(plain["model"]) == ["name", "architecture", "revision", "sha256"]
    for face in plain["faces"]:
        assert list(face) == [
            *("id", "box", "p_fake", "verdict", "reason", "quality", "models", "detection_score"),
            *("stability", "region"),
        ]
        assert list(face["box"]) == ["left", "top", "right", "bottom"]
        assert list(face["quality"]) == ["size_px", "sharpness", "brightness", "roll_deg", "yaw"]
    assert list(ReportJson.model_fields) == TOP
    assert plain["schema_version"] == SCHEMA_VERSION == "1.4"
    assert plain["error"] is None


def test_json_says_the_same_as_the_dict(report: Report) -> None:
    assert json.loads(to_json(report)) == to_dict(report)
    assert json.loads(to_json(to_dict(report))) == to_dict(report)


def test_a_report_is_one_line_of_ascii(report: Report) -> None:
    assert to_json(report).isascii()
    assert "\n" not in to_json(report)
    assert json.loads(to_json(report, indent=2)) == to_dict(report)


def test_the_values_are_the_records(report: Report) -> None:
    plain = to_dict(report)
    assert plain["verdict"] == "strong_signs"
    assert plain["p_fake"] == 0.875
    assert [face["id"] for face in plain["faces"]] == [1, 2, 3]
    assert [face["p_fake"] for face in plain["faces"]] == [0.123457, None, 0.875]
    assert plain["faces"][1]["verdict"] == "not_analysed"
    assert plain["faces"][1]["models"] == {}
    assert plain["faces"][2]["models"] == {"resnet": 0.875, "cnn": 0.925}
    assert plain["faces"][0]["box"] == {"left": 165, "top": 55, "right": 290, "bottom": 200}
    assert plain["options"] == {"heatmaps": True, "cuts": [0.5, 3], "none": None}


@pytest.mark.parametrize("value", [math.nan, math.inf, np.float32("nan"), [1.0, -math.inf]])
def test_a_number_that_json_lacks_is_refused(report: Report, value: object) -> None:
    with pytest.raises(ValueError, match=r"report\.options\.bad.*finite"):
        to_dict(dataclasses.replace(report, options={"bad": value}))
    with pytest.raises(ValueError, match="JSON compliant"):
        to_json({"p_fake": math.nan})


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, np.zeros(3)])
def test_what_is_not_data_is_refused_by_its_place(report: Report, value: object) -> None:
    with pytest.raises(TypeError, match=r"report\.options\.bad"):
        to_dict(dataclasses.replace(report, options={"bad": value}))


def test_a_quality_that_is_not_a_number_does_not_pass_silently(report: Report) -> None:
    first = report.faces[0]
    crop = dataclasses.replace(first.crop, quality=dataclasses.replace(first.crop.quality, yaw=math.nan))
    with pytest.raises(ValueError, match=r"faces\[0\]\.quality\.yaw"):
        to_dict(dataclasses.replace(report, faces=(dataclasses.replace(first, crop=crop),), deciding=0))


def test_an_unreadable_file_has_the_same_shape(report: Report) -> None:
    plain = error_dict("broken.jpg", DamagedMedia("The file is cut off. Use the original."))
    whole = to_dict(report)
    assert list(plain) == TOP
    assert list(plain["input"]) == list(whole["input"])
    assert plain["verdict"] == "not_analysed"
    assert plain["p_fake"] is None
    assert plain["faces"] == []
    assert plain["error"] == {"type": "DamagedMedia", "message": "The file is cut off. Use the original."}
    assert plain["input"]["name"] == "broken.jpg"
    assert plain["reason"]
    assert json.loads(to_json(plain)) == plain


def test_pixels_stay_out(report: Report) -> None:
    def leaves(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for item in value.values() for leaf in leaves(item)]
        return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list) else [value]

    kinds = {type(leaf) for leaf in leaves(to_dict(report))}
    assert kinds <= {str, int, float, bool, type(None)}
    assert len(to_json(report)) < 5000


def test_a_face_cannot_be_analysed_without_a_score(report: Report) -> None:
    with pytest.raises(ValueError, match="not_analysed"):
        FaceResult(report.faces[0].crop, Verdict.SOME_SIGNS, Sentence("A reason."), None)


def test_the_second_look_is_part_of_the_report(report: Report) -> None:
    views = {"as_is": 0.7, "mirrored": 0.8, "jpeg": 0.4, "half_size": 0.75, "shifted": 0.74}
    check = RegionCheck("mouth", True, 0.3, (0.7, 0.74), True)
    first = dataclasses.replace(report.faces[0], stability=Stability(views, False), region=check)
    face = to_dict(dataclasses.replace(report, faces=(first,), deciding=0))["faces"][0]
    assert face["stability"] == {"holds": False, "lowest": 0.4, "highest": 0.8, "scores": views, "skipped": []}
    assert face["region"] == {"name": "mouth", "towards": "fake", "hidden": 0.3, "elsewhere": [0.7, 0.74]}
    vague = dataclasses.replace(first, region=dataclasses.replace(check, matters=False))
    assert to_dict(dataclasses.replace(report, faces=(vague,), deciding=0))["faces"][0]["region"]["name"] is None


def test_a_report_holds_plain_text_only(report: Report) -> None:
    said = dataclasses.replace(report, reason=Sentence("Face {number}", number=1))
    assert type(to_dict(said)["reason"]) is str
