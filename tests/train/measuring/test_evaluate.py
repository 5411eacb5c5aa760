"""Evaluation on a small world: tables from made-up scores, degradations, the book of scores, and one whole run."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from detector import Detector
from detector.records import Bands
from detector.weights.manifest import load_manifest
from tests.conftest import SHIPPED
from train.card.card import card_text, write_card
from train.card.figures import draw_figures
from train.data.cache import Sample, read_table
from train.fakes.codec import through_h264
from train.measuring import scoring, summary
from train.measuring.degrade import DEGRADATIONS, DESCRIPTIONS
from train.measuring.evaluate import evaluate
from train.measuring.scoring import ScoreBook, Scored, fingerprint, score_files
from train.measuring.subsets import like, some_groups
from train.measuring.summary import against_clean, summarise, track_record, train_gap, verdict_on
from train.metrics import auc_interval

BANDS = Bands(0.3, 0.6, 0.9)


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals of 50 draws in place of 1000; ``test_metrics`` holds what depends on their number."""
    monkeypatch.setattr(summary, "auc_interval", partial(auc_interval, rounds=50))


def sample(path: str, label: str = "real", source: str = "a", method: str = "m", group: str | None = None) -> Sample:
    return Sample(path, label, source, method, group or path, "dev")


def scored(path: str, p_fake: float | None, *, condition: str = "clean", size: float = 100.0, **fields: str) -> Scored:
    scores, quality = ({}, {}) if p_fake is None else ({"x": p_fake}, {"size_px": size})
    return Scored(sample(path, **fields), condition, scores, quality, "", 0.1)


ROWS = [
    scored("1", 0.95, label="fake", method="one"), scored("2", 0.7, label="fake", method="two"),
    scored("3", 0.2, label="fake", method="two"), scored("4", 0.65), scored("5", 0.1), scored("6", 0.2),
    scored("7", 0.5), scored("8", None), scored("9", 0.8, source="utkface", method="photo_race3", size=50),
    scored("10", 0.1, source="utkface", method="photo_race3", size=50),
]  # fmt: skip


def test_rates_by_hand() -> None:
    result = summarise(ROWS, "x", BANDS)
    a = result["by_source"]["a"]
    assert (a["genuine"], a["fake"]) == (4, 3)
    assert a["recall"] == pytest.approx(2 / 3, abs=1e-4) and a["precision"] == pytest.approx(2 / 3, abs=1e-4)
    assert a["false_positive_rate"] == 0.25 and a["accuracy"] == pytest.approx(5 / 7, abs=1e-4)
    # 0.95 and 0.7 lie above all genuine scores, 0.2 above one of them and level with another.
    assert a["auc"] == pytest.approx((4 + 4 + 1.5) / 12, abs=1e-4)
    assert a["auc_low"] <= a["auc"] <= a["auc_high"]
    assert result["mean_of_sources"] == {"auc": a["auc"], "sources": ["a"]}
    assert "auc" not in result["by_source"]["utkface"] and result["by_source"]["utkface"]["false_positive_rate"] == 0.5
    assert set(result["by_method"]) == {"a/one", "a/two"} and result["by_method"]["a/one"]["auc"] == 1.0
    assert result["by_ethnicity"]["3"]["genuine"] == 2
    assert [(row["from_px"], row["genuine"]) for row in result["by_face_size"]] == [(0.0, 2), (96.0, 4)]


def test_kinds_are_measured_beside_the_genuine_faces_of_their_sources() -> None:
    rows = [
        scored("1", 0.95, label="fake", method="FLUX1_dev"), scored("2", 0.2, label="fake", method="SDXL"), scored("3", 0.1),
        scored("4", 0.7, label="fake", source="alone", method="StyleGAN2"), scored("5", 0.8, label="fake", method="new"),
        scored("6", 0.5, source="other"),
    ]  # fmt: skip
    kinds = summarise(rows, "x", BANDS)["by_kind"]
    assert set(kinds) == {"diffusion", "gan"}, "a method that nobody named has no kind"
    diffusion = kinds["diffusion"]
    assert (diffusion["genuine"], diffusion["fake"], diffusion["recall"], diffusion["fakes_cleared"]) == (
        1,
        2,
        0.5,
        0.5,
    )
    assert diffusion["recall_low"] < 0.5 < diffusion["recall_high"]
    assert (kinds["gan"]["genuine"], kinds["gan"]["auc"]) == (2, 1.0), (
        "a source without genuine faces is measured beside all"
    )


def test_undecided_genuine_faces_are_counted_by_source() -> None:
    assert summarise(ROWS, "x", BANDS)["by_source"]["a"]["genuine_undecided"] == 0.25


def test_track_record_counts_every_scored_file_once() -> None:
    counts = {rate.verdict.value: (rate.genuine, rate.fake) for rate in track_record(ROWS, "x", BANDS)}
    assert counts == {"no_clear_signs": (3, 1), "inconclusive": (1, 0), "some_signs": (2, 1), "strong_signs": (0, 1)}


def test_a_verdict_that_does_not_hold_is_counted_as_the_report_gives_it() -> None:
    steady = replace(scored("1", 0.95, label="fake"), views={"x": [[0.95, 0.97, 0.94]]})
    wavering = replace(scored("2", 0.65), views={"x": [[0.65, 0.2, 0.7]]})
    crowd = replace(scored("3", 0.9, label="fake"), views={"x": [[0.1, 0.1, 0.1], [0.9, 0.1, 0.95], [0.7, 0.7, 0.65]]})
    without = scored("4", 0.65)
    assert [verdict_on(row, "x", BANDS).value for row in (steady, wavering, crowd, without)] == [
        "strong_signs", "inconclusive", "some_signs", "some_signs",
    ]  # fmt: skip
    result = summarise([steady, wavering, crowd, without], "x", BANDS)
    assert result["stability"] == {"genuine": {"files": 1, "changed": 1}, "fake": {"files": 2, "changed": 1}}
    assert result["pooled"]["false_positive_rate"] == 0.5
    assert summarise(ROWS, "x", BANDS)["stability"] is None


@pytest.mark.parametrize(("alarms", "confirmed"), [(2, True), (30, False)])
def test_the_strong_band_is_confirmed_or_not(alarms: int, confirmed: bool) -> None:
    rows = [scored(f"f{i}", 0.95 if i < 60 else 0.4, label="fake") for i in range(200)]
    rows += [scored(f"r{i}", 0.95 if i < alarms else 0.1) for i in range(300)]
    band = summarise(rows, "x", BANDS)["strong_band"]
    assert band["confirmed"] is confirmed and (band["fake"], band["genuine"]) == (60, alarms)
    assert summarise(rows, "x", Bands(0.3, 0.6, None))["strong_band"] == {"from": None}


def test_degraded_files_are_compared_with_themselves_only() -> None:
    clean = [*ROWS, scored("11", 0.0, label="fake")]
    after = [scored("1", 0.4, label="fake", condition="blur"), scored("4", 0.5, condition="blur"),
             scored("2", None, label="fake", condition="blur"), scored("8", 0.9, condition="blur")]  # fmt: skip
    row = against_clean(clean, after, "x", BANDS)
    # Files 1 and 4: fake above genuine before, below it after; 2 is lost, 8 had no clean score.
    assert (row["files"], row["auc_clean"], row["auc"], row["change"], row["no_longer_analysed"]) == (
        2,
        1.0,
        0.0,
        -1.0,
        1,
    )


def test_gap_is_in_points_of_auc() -> None:
    seen = [scored("s1", 0.9, label="fake"), scored("s2", 0.1)]
    gap = train_gap(ROWS, seen, "x")
    assert gap["auc_train"] == 1.0 and gap["points"] == pytest.approx(100 * (1 - gap["auc_dev"]), abs=0.05)
    assert set(gap["by_source"]) == {"a"}


def test_whole_groups_are_drawn_and_only_where_both_classes_are() -> None:
    samples = [sample(f"{g}{label}", label, "a", group=str(g)) for g in range(200) for label in ("real", "fake")]
    samples += [sample(f"only{i}", "real", "b") for i in range(100)]
    chosen = some_groups(samples, 100)
    assert {s.source for s in chosen} == {"a"} and 100 <= len(chosen) <= 102
    groups = [s.group for s in chosen]
    assert all(groups.count(group) == 2 for group in groups)
    assert some_groups(list(reversed(samples)), 100) != [] and {s.path for s in some_groups(samples[::-1], 100)} == {
        s.path for s in chosen
    }


def test_a_like_sample_has_the_same_composition_and_leaves_out_what_it_must() -> None:
    model = [sample(f"d{i}", "fake", method="one") for i in range(10)] + [sample(f"e{i}") for i in range(4)]
    pool = [sample(f"p{i}", "fake", method="one") for i in range(50)] + [sample(f"q{i}") for i in range(50)]
    pool += [sample("z", "fake", method="other")]
    without = {f"p{i}" for i in range(40)}
    chosen = like(model, pool, 0.5, without)
    assert sorted((s.label, s.method) for s in chosen) == [("fake", "one")] * 5 + [("real", "m")] * 2
    assert not without & {s.path for s in chosen}


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_degradations_change_pixels_and_repeat(name: str, astronaut: NDArray[np.uint8]) -> None:
    rgb = np.ascontiguousarray(astronaut[:201, 100:299])  # odd sides
    content, suffix = DEGRADATIONS[name](rgb, 5)
    assert (content, suffix) == DEGRADATIONS[name](rgb, 5) and name in DESCRIPTIONS
    with Image.open(io.BytesIO(content)) as picture:
        after = np.asarray(picture.convert("RGB"))
    sizes = {"half_size": (100, 99, 3), "enlarged": (402, 398, 3)}
    assert after.shape == sizes.get(name, rgb.shape)
    if name not in sizes:
        difference = np.abs(after.astype(int) - rgb).mean()
        assert 0.5 < difference < 20


def test_h264_keeps_the_place_and_loses_more_at_a_higher_factor(astronaut: NDArray[np.uint8]) -> None:
    rgb = np.ascontiguousarray(astronaut[:200, 120:320])

    def loss(crf: int, shift: int = 0) -> float:
        return float(np.abs(through_h264(rgb, crf).astype(int) - np.roll(rgb, shift, axis=1)).mean())

    assert loss(20) < loss(40)
    assert loss(20) < loss(20, shift=1) and loss(20) < loss(20, shift=-1)


def test_the_book_goes_on_after_a_kill_and_begins_anew_for_other_weights(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    book = ScoreBook(path, "weights-1")
    book.add(ROWS[0])
    with open(path, "a", encoding="utf-8") as file:
        file.write('{"sample": {"path": "ha')
    again = ScoreBook(path, "weights-1")
    assert again.find("clean", ROWS[0].sample) == ROWS[0] and again.find("blur", ROWS[0].sample) is None
    again.add(ROWS[1])
    assert ScoreBook(path, "weights-1").find("clean", ROWS[1].sample) == ROWS[1]
    assert ScoreBook(path, "weights-2").find("clean", ROWS[0].sample) is None


def test_scores_of_views_of_another_meaning_are_not_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "faces.tsv").write_text("path", encoding="utf-8")
    detector = cast(Detector, SimpleNamespace(manifest=load_manifest(SHIPPED)))
    before = fingerprint(detector, tmp_path, {"tensorflow": "2"})
    assert before == fingerprint(detector, tmp_path, {"tensorflow": "2"})
    assert before != fingerprint(detector, tmp_path, {"tensorflow": "3"})
    monkeypatch.setattr(scoring, "VIEWS_VERSION", 0)
    assert before != fingerprint(detector, tmp_path, {"tensorflow": "2"})


@pytest.fixture
def data(tmp_path: Path, astronaut: NDArray[np.uint8], hopper: NDArray[np.uint8]) -> Path:
    """Two people as "real" and "fake", a few noisy copies each, in both subsets."""
    folder = tmp_path / "data"
    folder.mkdir()
    rows = ["path\tlabel\tsource\tmethod\tgroup\tsubset"]
    rng = np.random.default_rng(0)
    for subset, count in (("dev", 3), ("train", 2)):
        for label, rgb in (("real", astronaut), ("fake", hopper)):
            for copy in range(count):
                name = f"{subset}{label}{copy}.png"
                noisy = np.clip(rgb + rng.normal(0, 3, rgb.shape), 0, 255).astype(np.uint8)
                Image.fromarray(noisy).save(folder / name)
                rows.append(f"{name}\t{label}\ts\tm\t{name}\t{subset}")
    (folder / "broken.jpg").write_bytes(b"no picture")
    rows.append("broken.jpg\treal\ts\tm\tbroken\tdev")
    (folder / "faces.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_the_most_suspicious_face_speaks_for_the_file(data: Path, tiny_detector: Detector, tmp_path: Path) -> None:
    left, right = (np.asarray(Image.open(data / f"dev{label}0.png"))[:512] for label in ("real", "fake"))
    Image.fromarray(np.hstack([left, right])).save(data / "both.png")
    rows = score_files(tiny_detector, data, [sample("both.png")], ScoreBook(None, ""))
    faces = tiny_detector.analyze(data / "both.png", heatmaps=False).faces
    assert len(faces) == 2
    assert rows[0].scores == {name: max(face.models[name] for face in faces) for name in ("tiny", "other")}


@pytest.mark.slow
def test_a_whole_run(data: Path, tiny_weights: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(tiny_weights, weights)
    shutil.copy(SHIPPED / "README.md", weights / "README.md")
    scores = tmp_path / "scores.jsonl"
    measured = evaluate(data, "dev", weights, scores=scores)
    first = measured.content
    draw_figures(weights, measured.clean, first)
    write_card(weights)
    assert json.loads((weights / "evaluation.json").read_text(encoding="utf-8")) == first
    assert first["files"] == 7 and first["not_analysed"] == {"s": {"real": 1}} and first["default"] == "tiny"
    assert len(scores.read_text(encoding="utf-8").splitlines()) == 1 + 7 + len(DEGRADATIONS) * 7 + 4
    assert (weights / "README.md").read_text(encoding="utf-8") == card_text(weights)
    for picture in ("roc.png", "reliability.png", "confusion.png", "training.png"):
        assert 0 < (weights / "figures" / picture).stat().st_size < 60_000
    manifest = json.loads((weights / "manifest.json").read_text(encoding="utf-8"))
    for name, entry in manifest["models"].items():
        assert entry["track_record"] == first["models"][name]["track_record"]
        assert entry["bands"]["strong_signs_from"] is None, "six files cannot bear a strong band out"
        assert first["weights"][name] == entry["file"]["sha256"]
    size = scores.stat().st_size
    again = evaluate(data, "dev", weights, scores=scores).content
    assert scores.stat().st_size == size, "nothing was scored twice"
    assert {n: r["pooled"] for n, r in again["models"].items()} == {n: r["pooled"] for n, r in first["models"].items()}
    assert len(read_table(data)) == 11
