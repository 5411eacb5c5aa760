"""What is kept of a wrong result: as shown, only scores, appended for its owner alone."""

from __future__ import annotations

import datetime
import json
import stat
from pathlib import Path
from typing import Any

from detector.records import Verdict
from detector.report import feedback, page
from detector.web import feedback_form as app_feedback
from detector.web.localised import LocalisedCard
from detector.words import about
from tests.support import fakes

RGB = fakes.group_photo()
NAME = "Tante Zoe am Strand"


def made() -> dict[str, Any]:
    faces = tuple(fakes.face(RGB, *facts) for facts in zip(fakes.FACES, fakes.VERDICTS, fakes.SCORES, strict=True))
    return feedback.record(fakes.report(RGB, faces, Verdict.STRONG_SIGNS, 0.83, name=f"{NAME}.jpg"), "altered")


def test_scores_and_model_are_kept_and_nothing_that_identifies_the_file() -> None:
    record = made()
    assert [face["p_fake"] for face in record["faces"]] == list(fakes.SCORES)
    assert record["model"]["sha256"] == "cd" * 32
    text = feedback.as_text(record)
    for private in (NAME, "ab" * 32, "12345", "1536", "A reason."):
        assert private not in text
    # Numbers, short words, and nothing long enough to be a picture.
    assert len(text) < 3000


def test_records_are_appended_with_the_day_and_for_the_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    for _ in range(2):
        feedback.store(made(), folder, datetime.date(2026, 1, 2))
    file = folder / feedback.FILE_NAME
    lines = [json.loads(line) for line in file.read_text(encoding="ascii").splitlines()]
    assert lines == [{"day": "2026-01-02", **made()}] * 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_request_made_by_hand_needs_the_consent_too(tmp_path: Path) -> None:
    import gradio as gr

    with gr.Blocks():
        state, switch = gr.State(None), gr.Radio(["en"], value="en")
        panel = app_feedback.Feedback(state, switch, tmp_path, "photo")
        closed = app_feedback.Feedback(state, switch, None, "clip")
    card = LocalisedCard(page.notice, "x", record=made())
    for consent in (False, None, "yes", 1):
        note, _ = panel._send(card, "altered", consent, "en")  # type: ignore[arg-type]
        assert about.STORED_NOT in note
    assert about.STORED_NOT in panel._send(card, "<script>", True, "en")[0]
    assert about.STORED_NOT in panel._send(LocalisedCard(page.notice, "x"), "altered", True, "en")[0]
    assert about.STORED_NOT in closed._send(card, "altered", True, "en")[0]
    assert list(tmp_path.iterdir()) == []
    assert about.STORED in panel._send(card, "altered", True, "en")[0]
    assert len(list(tmp_path.iterdir())) == 1
