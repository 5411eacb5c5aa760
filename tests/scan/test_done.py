"""The list of what is done: what is on it stays, whatever happened to its last line."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.errors import DamagedMedia, WorkerFailed
from detector.scan.done import DoneList
from detector.scan.result import Result, from_line, of_error, to_line
from detector.sentences import Sentence, Verbatim
from detector.words.language import language


def result(number: int, settings: str = "s") -> Result:
    return Result(f"{number}.jpg", f"{number:064}", settings, kind="image", verdict="inconclusive", score=0.5)


def test_a_result_comes_back_with_sentences_that_translate() -> None:
    face = Sentence("{score} of 100", score="12.5")
    plural = Sentence.plural("{count} file", "{count} files", 3)
    one = of_error("\udcff.jpg", "0", "s", DamagedMedia(Sentence("{a} {b} {c}", a=face, b=plural, c=Verbatim("12.5"))))
    back = from_line(to_line(one))
    assert back == one
    german = language("de")
    assert german(back.reason) == german(one.reason) != one.reason


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '{"file": "a"}', '{"reason": "", "notes": []}'])
def test_what_is_no_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"line|JSON|Expecting"):
        from_line(line)


def test_a_torn_line_is_cut_off_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "done"
    lines = b"".join(to_line(result(number)).encode() for number in range(3))
    last = len(to_line(result(2)))
    for torn in range(1, last + 1):
        path.write_bytes(lines[:-torn])
        with DoneList(path, "s") as done:
            assert result(1).sha256 in done
            assert result(2).sha256 not in done
            done.add(result(2))
            assert done[result(2).sha256] == result(2)
        assert path.read_bytes() == lines


def test_other_settings_and_nonsense_count_for_nothing_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "done"
    before = to_line(result(1, "other")) + "nonsense\n" + "\xff\n" + to_line(result(2))
    path.write_bytes(before.encode("latin-1"))
    with DoneList(path, "s") as done:
        assert result(1).sha256 not in done
        assert done[result(2).sha256] == result(2)
        done.add(result(1))
        assert done[result(1).sha256] == result(1)
    assert path.read_bytes() == before.encode("latin-1") + to_line(result(1)).encode()


def test_failures_of_the_worker_are_tried_again_if_asked_for(tmp_path: Path) -> None:
    failed = of_error("a.jpg", "a", "s", WorkerFailed(Sentence("It broke off.")))
    with DoneList(tmp_path / "done", "s") as done:
        done.add(failed)
        done.add(result(1))
    with DoneList(tmp_path / "done", "s") as done:
        assert done["a"] == failed
    with DoneList(tmp_path / "done", "s", ("WorkerFailed",)) as done:
        assert "a" not in done
        assert result(1).sha256 in done
        done.add(Result("a.jpg", "a", "s", verdict="inconclusive", score=0.5))
    with DoneList(tmp_path / "done", "s", ("WorkerFailed",)) as done:
        assert not done["a"].error
