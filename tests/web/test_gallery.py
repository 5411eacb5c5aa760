"""The examples: what they are is what was made, what was said of them is what the models say now."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detector.errors import DamagedMedia
from detector.records import Manifest, Report, Verdict
from detector.web import gallery
from detector.web.gallery import FOLDER, Example, Gallery, cache_folder, read_examples
from detector.words.examples import no_false_alarm, outcome
from detector.words.language import LANGUAGES
from tests.report.harness import Tree, one_face
from tests.support import fakes


class Counting:
    """Answers with a report of one verdict, and counts."""

    def __init__(self, verdict: Verdict = Verdict.NO_CLEAR_SIGNS, p_fake: float | None = 0.1) -> None:
        self.verdict, self.p_fake = verdict, p_fake
        self.asked: list[str] = []

    def __call__(self, path: str | os.PathLike[str], *, name: str) -> Report:
        self.asked.append(name)
        return one_face(self.verdict, self.p_fake)


def make(folder: Path, analyze: Callable[..., Report], manifest: Manifest | None = None) -> Gallery:
    return Gallery(analyze, manifest or fakes.manifest(), folder)


def example(name: str) -> Example:
    return next(each for each in read_examples() if each.id == name)


def test_there_are_enough_of_every_kind_and_they_are_small_and_credited() -> None:
    found = read_examples()
    assert len(found) >= 6 and len({each.id for each in found}) == len(found)
    assert {(each.kind, each.truth) for each in found} >= {
        ("image", "genuine"), ("image", "altered"), ("image", "no_face"), ("video", "genuine"), ("video", "altered"),
    }  # fmt: skip
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 3 * 1024 * 1024
    for each in found:
        assert "public domain" in each.credit or "CC0" in each.credit
        assert (each.mask is not None) == (each.truth == "altered"), each.id


def test_a_file_that_was_replaced_is_noticed(tmp_path: Path) -> None:
    for file in FOLDER.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "coffee.jpg").write_bytes(b"tea")
    with pytest.raises(ValueError, match=r"coffee\.jpg is not the file"):
        read_examples(tmp_path)


def test_a_result_is_computed_once_and_kept_over_a_restart(tmp_path: Path) -> None:
    analyze = Counting()
    shown = make(tmp_path, analyze).result(example("collins"))
    assert (shown["verdict"], shown["p_fake"]) == ("no_clear_signs", 0.1)
    assert set(shown["html"]) == set(LANGUAGES)
    again = make(tmp_path, analyze)
    assert again.known(example("hopper")) is None
    assert again.result(example("collins")) == shown
    assert analyze.asked == ["collins.jpg"]


@pytest.mark.parametrize("change", ["weights", "threshold", "example", "code"])
@pytest.mark.slow
def test_a_change_makes_new_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    make(tmp_path, Counting()).fill()
    manifest, files = fakes.manifest(), read_examples()
    if change == "weights":
        spec = manifest.models["cnn"]
        spec = dataclasses.replace(spec, file=dataclasses.replace(spec.file, sha256="1" * 64))
        manifest = dataclasses.replace(manifest, models={**manifest.models, "cnn": spec})
    elif change == "threshold":
        manifest = fakes.manifest(strong_from=None)
    elif change == "example":
        files = tuple(dataclasses.replace(each, sha256="2" * 64) for each in files)
    else:
        monkeypatch.setattr(gallery, "_source", lambda: "other code")
    changed = Counting(Verdict.STRONG_SIGNS, 0.95)
    other = Gallery(changed, manifest, tmp_path, files)
    assert other.known(files[0]) is None
    other.fill()
    assert len(changed.asked) == len(files)
    assert {other.result(each)["verdict"] for each in files} == {"strong_signs"}
    assert len(list((tmp_path / "examples").iterdir())) == len(files), "what other models said is deleted"


def test_a_damaged_or_foreign_cache_is_computed_anew(tmp_path: Path) -> None:
    make(tmp_path, Counting()).result(example("collins"))
    file = next((tmp_path / "examples").iterdir())
    for content in (
        b"",
        b"junk",
        gzip.compress(b"[1]"),
        gzip.compress(json.dumps({"html": {}, "verdict": "x"}).encode()),
    ):
        file.write_bytes(content)
        analyze = Counting()
        assert make(tmp_path, analyze).result(example("collins"))["verdict"] == "no_clear_signs"
        assert analyze.asked == ["collins.jpg"]


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "examples").write_text("a file in its place")
    analyze = Counting()
    found = make(tmp_path, analyze)
    found.fill()
    assert found.result(example("collins"))["verdict"] == "no_clear_signs"
    assert analyze.asked.count("collins.jpg") == 1


def test_filling_stops_when_asked(tmp_path: Path) -> None:
    analyze = Counting()
    make(tmp_path, analyze).fill(lambda: len(analyze.asked) == 2)
    assert len(analyze.asked) == 2


def test_the_cache_follows_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DETECTOR_CACHE_DIR", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("DETECTOR_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x" / "photo-check"


@pytest.mark.parametrize("say", LANGUAGES.values(), ids=lambda each: each.code)
def test_a_card_shows_what_it_is_and_whether_the_models_were_right(tmp_path: Path, say: Any) -> None:
    wrong = make(tmp_path, Counting(Verdict.NO_CLEAR_SIGNS, 0.1))
    swapped = example("swapped")
    before = Tree(wrong.card(swapped, say)).text
    assert say("What it is: altered by us") in before
    assert say("Not checked yet. Press the button to check it now.") in before
    wrong.result(swapped)
    after = Tree(wrong.card(swapped, say)).text
    assert say("That is wrong: the alteration was missed.") in after
    assert say("No clear signs found") in after
    assert "10" in after


SIGNS = {Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS}


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("truth", ["genuine", "altered", "no_face"])
def test_right_wrong_and_undecided_are_distinguished(truth: str, verdict: Verdict) -> None:
    said = outcome(truth, verdict)
    wrong = {
        "genuine": verdict in SIGNS,
        "altered": verdict is Verdict.NO_CLEAR_SIGNS,
        "no_face": verdict is not Verdict.NOT_ANALYSED,
    }[truth]
    assert ("wrong" in said) == wrong
    right = {
        "genuine": verdict is Verdict.NO_CLEAR_SIGNS,
        "altered": verdict in SIGNS,
        "no_face": verdict is Verdict.NOT_ANALYSED,
    }[truth]
    assert (("fits" in said) or ("should be" in said)) == right


def test_a_clip_is_shown_with_its_result_and_a_failure_with_its_cause(tmp_path: Path) -> None:
    assert "<video" in make(tmp_path, Counting()).shown(example("pan"))

    def refuse(path: Path, *, name: str) -> Report:
        raise DamagedMedia("The file is cut off.")

    failing = make(tmp_path / "other", refuse)
    assert "The file is cut off." in Tree(failing.shown(example("pan"))).text
    assert failing.known(example("pan")) is None
    failing.fill()


def test_no_result_is_written_down_in_the_data() -> None:
    entries = json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))
    for entry in entries:
        assert not {"verdict", "p_fake", "score"} & set(entry)


def test_a_missing_false_alarm_is_said_once_it_is_known(tmp_path: Path) -> None:
    calm = make(tmp_path / "calm", Counting())
    rates = fakes.manifest().models["resnet"].track_record
    missing = no_false_alarm(rates)
    assert "20 of 500 genuine faces" in missing
    assert missing not in calm.about(), "nobody knows yet"
    calm.fill()
    for say in LANGUAGES.values():
        assert say(missing) in calm.about(say)
    alarmed = make(tmp_path / "alarmed", Counting(Verdict.STRONG_SIGNS, 0.95))
    alarmed.fill()
    assert missing not in alarmed.about()
    assert no_false_alarm(()) == ""
