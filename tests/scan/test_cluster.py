"""The engine of a cluster, with a stand-in for Ray that answers late, twice, wrongly or not at all."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from detector.errors import ScanRefused
from detector.scan import cluster
from detector.scan.cluster import on_cluster
from detector.scan.contents import Content
from detector.scan.result import to_line
from tests.scan.stand_in import ORDER, plan, result_of, run

Answers = Callable[[list[Content], Any], None]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(7):
        (folder / f"{number}.jpg").write_bytes(b"strong %d" % number)
    return folder


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answers], list[str]]:
    """Let a function answer in place of Ray; what is asked of Ray itself is listed."""
    asked: list[str] = []
    ray = SimpleNamespace(init=lambda *a, **k: asked.append("init"), shutdown=lambda: asked.append("shutdown"))
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr(cluster, "_ROUND", 3)

    def answer(answers: Answers) -> list[str]:
        monkeypatch.setattr(cluster, "_run", lambda part, order, weights, workers, found: answers(part, found))
        return asked

    return answer


def row(content: Content) -> dict[str, Any]:
    return {"sha256": content.sha256, "line": to_line(result_of(content)), "pictures": "ZmFjZQ=="}


def engine(contents: Any) -> Any:
    return on_cluster(contents, ORDER, None, "head:6379", silent_s=0.3)


def test_results_that_come_twice_and_in_any_order_count_once(
    photos: Path, tmp_path: Path, answering: Callable[[Answers], list[str]]
) -> None:
    def answers(part: list[Content], found: Any) -> None:
        for content in [*reversed(part), *part]:
            found.put(row(content))
        found.put(None)

    asked = answering(answers)
    faces = tmp_path / "faces"
    faces.mkdir()
    summary = run(plan(tmp_path / "r.csv", photos, thumbnails=faces), engine)
    assert (summary.files, summary.checked, len(list(faces.iterdir()))) == (7, 7, 7)
    assert {path.read_bytes() for path in faces.iterdir()} == {b"face"}
    assert len((tmp_path / "r.csv.done.jsonl").read_bytes().splitlines()) == 7
    assert asked == ["init", "shutdown"]


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        ((), "no result came for 0 minutes; what is done is kept, and the same command goes on"),
        ((OSError("x"),), r"Ray gave up \(OSError\)"),
        ((ScanRefused("the weights are others."),), "the weights are others; what is done"),
        ((None,), "2 files came back without a result; run the same command again"),
    ],
)
def test_a_cluster_that_falls_silent_ends_the_scan_which_goes_on_later(
    last: tuple[Any, ...], sentence: str, photos: Path, tmp_path: Path, answering: Callable[[Answers], list[str]]
) -> None:
    lost, end = ["2.jpg", "4.jpg"], list(last)

    def answers(part: list[Content], found: Any) -> None:
        for content in part:
            if Path(content.path).name not in lost:
                found.put(row(content))
        for each in end:
            found.put(each)

    asked = answering(answers)
    with pytest.raises(ScanRefused, match=sentence):
        run(plan(tmp_path / "r.csv", photos), engine)
    assert asked == ["init", "shutdown"]
    kept = (tmp_path / "r.csv.done.jsonl").read_bytes()
    lost.clear()
    end.clear()
    answering(answers)
    assert run(plan(tmp_path / "r.csv", photos), engine).checked == 7 - len(kept.splitlines())
    assert (tmp_path / "r.csv.done.jsonl").read_bytes().startswith(kept)


def test_a_cluster_that_is_not_there_is_named(
    photos: Path, tmp_path: Path, answering: Callable[[Answers], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise ConnectionError

    answering(lambda part, found: None)
    monkeypatch.setattr(sys.modules["ray"], "init", refuse)
    with pytest.raises(ScanRefused, match="no Ray cluster answers at head:6379"):
        run(plan(tmp_path / "r.csv", photos), engine)
