"""``export``: the file is written and compared, and a wrong name is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.__main__ import main


def test_an_unknown_model_is_answered_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "vit"]) == 2
    assert "no model named vit; choose one of: cnn" in capsys.readouterr().err


def test_a_missing_package_is_named_with_its_cure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def lacks_it(*_: object) -> bytes:
        raise ModuleNotFoundError("No module named 'tf2onnx'", name="tf2onnx")

    monkeypatch.setattr("detector.models.exports.export", lacks_it)
    assert main(["export", "cnn", "--format", "onnx", "--out", str(tmp_path / "a.onnx")]) == 2
    assert 'pip install "photo-check[export]"' in capsys.readouterr().err


@pytest.mark.slow
def test_the_default_model_is_written_and_compared(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "small.tflite"
    assert main(["export", "--precision", "int8", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "uint8 RGB" in said and "no logit differs by more than" in said and "faces only" in said
    assert 1_000_000 < out.stat().st_size < 5_000_000


def test_a_folder_without_faces_is_a_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["export", "--photos", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1


@pytest.mark.parametrize("options", [["cnn"], ["--precision", "int8"]], ids=["another-model", "int8"])
def test_a_page_runs_the_default_model_in_floats_alone(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--format", "page", *options]) == 2
    assert "a page runs the default image model, " in capsys.readouterr().err


@pytest.mark.slow
def test_a_page_without_its_packages_is_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("detector.models.exports.export", lambda *_: b"a model")
    assert main(["export", "--format", "page", "--packages", str(tmp_path), "--out", str(tmp_path / "page")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and "npm pack @mediapipe/tasks-vision@" in said and said.count("\n") == 1
    assert not (tmp_path / "page").exists()
