"""Nothing but weights and a count leaves a client."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from train.__main__ import main
from train.federated.sent import COUNT, Sent, SentArray, check, write_down

KERNEL = SentArray((3, 3), "float32", 36)
ASKED = Sent({"000 kernel": KERNEL}, {}, {"crops": 640})
ANSWER = Sent({"000 kernel": KERNEL}, {COUNT: 200}, {})


def test_weights_and_a_count_may_leave(tmp_path: Path) -> None:
    check(ASKED, ANSWER)
    write_down(tmp_path / "log" / "sent.jsonl", ANSWER)
    write_down(tmp_path / "log" / "sent.jsonl", ANSWER)
    rows = [json.loads(line) for line in (tmp_path / "log" / "sent.jsonl").read_text().splitlines()]
    assert len(rows) == 2 and rows[0]["bytes"] == 36
    assert rows[0]["arrays"] == {"000 kernel": {"shape": [3, 3], "dtype": "float32", "bytes": 36}}


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (replace(ANSWER, arrays={**ANSWER.arrays, "faces": SentArray((9, 224, 224, 3), "uint8", 1)}), "faces"),
        (replace(ANSWER, arrays={"000 kernel": SentArray((224, 224, 3), "float32", 36)}), "kernel"),
        (replace(ANSWER, arrays={"000 kernel": SentArray((3, 3), "uint8", 36)}), "kernel"),
        (replace(ANSWER, arrays={"000 kernel": SentArray((3, 3), "float32", 36_000)}), "kernel"),
        (replace(ANSWER, arrays={}), "kernel"),
        (replace(ANSWER, numbers={COUNT: 200, "auc": 0.9}), "auc"),
        (replace(ANSWER, numbers={COUNT: [1, 2, 3]}), COUNT),
        (replace(ANSWER, numbers={}), COUNT),
        (replace(ANSWER, settings={"names": ["anna.jpg"]}), "names"),
    ],
    ids=["faces", "as large as a face", "bytes", "more than it says", "none", "measure", "list", "no count", "words"],
)
def test_nothing_else_may(answer: Sent, named: str) -> None:
    with pytest.raises(ValueError, match=f"Not sent.*{named}"):
        check(ASKED, answer)


def test_what_cannot_be_averaged_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["federate", "--from", "cnn", "--clients", "a", "--dev", "b"]) == 2
    assert "at least two clients" in capsys.readouterr().err
    assert main(["federate", "--from", "cnn", "--clients", "a", "b", "--dev", "c"]) == 2
    assert "a holds no cut faces" in capsys.readouterr().err
