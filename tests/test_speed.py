"""Speed, judged by ratios alone: the script of the figures in docs/speed.md in its short form, and what that file says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.bench.compare import alternate, in_turns, ratio
from tests.bench.speed import DOCUMENT, RESULTS, run
from tests.bench.speed_words import SECTION, section

pytestmark = pytest.mark.slow

# Bars for a machine that may do anything else at the same time; docs/speed.md has the figures of a quiet one. CPU time is not
# moved by waiting for a turn, and wall time falls on both sides alike; a bar holds if either does.
TIMES_FASTER = {False: 1.5, True: 4.0}
"""Than the naive baseline, at least, by whether it is a clip. Of a photo the baseline scores one crop with one network; ours
scores nine with it, and one with two more."""
ABOVE_FLOOR = {False: 16.0, True: 5.0}
"""Times the floor, at most. A photo's floor is one pass over one face."""


@pytest.mark.needs_weights
def test_ours_beats_the_usual_shape_and_stays_near_the_floor() -> None:
    result = run(short=True, rounds=1)
    assert len(result["cases"]) == 2
    for row in result["cases"]:
        clip = row["name"].startswith("clip")
        faster = max(row["naive_over_ours"][0], row["cpu_naive_over_ours"][0])
        above = min(row["ours_over_floor"][0], row["cpu_ours_over_floor"][0])
        assert faster >= TIMES_FASTER[clip], row
        assert above <= ABOVE_FLOOR[clip], row
        # Ours does all that the floor does.
        assert above > 1.0, row


def test_the_document_has_the_figures_of_the_published_run() -> None:
    readme = DOCUMENT.read_text(encoding="utf-8")
    between = SECTION.read(readme)
    path = RESULTS / "speed.json"
    if not path.is_file():
        assert between == "", "figures without a run behind them"
        return
    result = json.loads(path.read_text(encoding="utf-8"))
    assert between == section(result)
    assert (RESULTS / "speed.png").is_file()


def made_up() -> dict[str, object]:
    row = {"name": "photo, 1 face", "verdict_s": 0.05, "ours_s": 0.08, "floor_s": 0.02, "naive_s": 0.5}
    row |= {"ours_over_floor": [4.0, 3.5, 4.5], "naive_over_ours": [6.25, 6.0, 6.5], "stages_ms": {"decode": 7.0}}
    row |= {"naive_over_verdict": [10.0, 9.5, 10.5]}
    return {
        "date": "2026-01-02", "commit": "abc" * 13 + "d", "machine": "2 cores, a processor, Linux", "load": 0.1, "rounds": 7,
        "versions": {"tensorflow": "2.21.0"}, "load_and_warm_up_s": 9.5, "page_s": 4.25, "annotated_share": 0.7,
        "naive_seconds": 90.0, "peak_memory_mib": 1234, "cases": [row], "curves": {},
    }  # fmt: skip


def test_the_section_names_machine_versions_and_date_and_goes_between_its_marks() -> None:
    text = section(made_up())
    for part in ("2026-01-02", "2 cores, a processor", "tensorflow 2.21.0", "abcabcabcabc",
                 "| photo, 1 face | 50 | 80 | 7 | 20 | 4.00 (3.50 to 4.50) | 500 | 10.0 (9.5 to 10.5) | 6.2 (6.0 to 6.5) |",
                 "fit into 90 s", "4.2 s after `python app.py`", "1234 MiB"):  # fmt: skip
        assert part in text, part
    begin, end = SECTION.begin, SECTION.end
    filled = SECTION.replaced(f"before\n{begin}\nold\n{end}\nafter\n", text)
    assert filled == f"before\n{begin}\n{text}\n{end}\nafter\n"
    assert SECTION.replaced(filled, text) == filled and SECTION.read(filled) == text
    with pytest.raises(ValueError, match="expected the lines"):
        SECTION.replaced("no marks", text)


def test_sides_take_turns_and_the_ratio_is_that_of_the_medians() -> None:
    order = []
    alternate(lambda: order.append("a"), lambda: order.append("b"), rounds=2, warm_up=0)
    assert "".join(order) == "abbaabba"
    order.clear()
    in_turns([lambda side=side: order.append(side) for side in "abc"], rounds=1, warm_up=1)  # type: ignore[misc]
    assert "".join(order) == "abcabccba"
    middle, low, high = ratio(np.array([4.0, 4.0, 6.0]), np.array([2.0, 2.0, 1.0]))
    assert middle == 2.0 and low <= 2.0 <= high
