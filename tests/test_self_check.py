"""``python -m detector self-check``: it tries things, says so in words, and notices what does not work."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from detector import self_check
from detector.__main__ import main
from detector.media import clip_scan, decoding, images


@pytest.mark.slow
def test_all_is_well_with_weights_that_are_whole(clip_weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["self-check", "--weights", str(clip_weights), "--json"])
    out = json.loads(capsys.readouterr().out)
    assert {check["name"]: check["words"] for check in out["checks"] if not check["ok"]} == {}
    assert (status, out["ok"]) == (0, True)
    said = {check["name"]: check["words"] for check in out["checks"]}
    assert "tiny.weights.h5" in said["weights"]
    assert "collins.jpg: score 0." in said["photo and video from end to end"]
    assert "written.mp4: score 0." in said["photo and video from end to end"]


def test_what_does_not_work_is_named_with_its_cure_and_stops_nothing(
    tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in tiny_weights.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[:-1] if file.suffix == ".h5" else file.read_bytes())
    (tmp_path / "requirements.txt").write_text("numpy>=999\nno-such-package-here>=1\n# a comment\n-r other.txt\n")
    monkeypatch.setattr(self_check, "ROOT", tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    monkeypatch.setitem(decoding.PILLOW_FORMAT, "WebP", "NO SUCH FORMAT")
    monkeypatch.setattr(self_check, "_CODECS", ("h264", "no-such-coding"))
    monkeypatch.setattr(self_check, "_end_to_end", lambda detector: "not tried here")
    assert main(["self-check", "--weights", str(tmp_path)]) == 2
    out = capsys.readouterr().out
    assert "numpy is" in out and "no-such-package-here is missing" in out and "pip install -r" in out
    assert "set TMPDIR" in out
    assert "the manifest says" in out
    assert "WebP cannot be read" in out
    assert "No decoder for no-such-coding" in out
    assert "Something does not work" in out


def test_the_decoders_that_are_promised_are_there() -> None:
    assert images.unreadable_formats() == []
    assert clip_scan.missing_decoders(["h264", "av1"]) == []
    assert clip_scan.missing_decoders(["no-such-coding"]) == ["no-such-coding"]
