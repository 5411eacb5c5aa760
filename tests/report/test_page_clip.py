"""What a page shows of a clip: people with their times, moments that stand out, progress."""

from __future__ import annotations

import dataclasses
import re

import pytest

from detector.records import (
    Appearance,
    ClipCounts,
    Moment,
    Report,
    TimePoint,
    Verdict,
)
from detector.report import page, page_clip
from detector.report.page_cards import FacePictures
from detector.words import results as words
from detector.words.language import ENGLISH, Language
from tests.report.harness import BOX, PNG, RGB, Tree
from tests.support import fakes

# Clips ---------------------------------------------------------------------------------------------------------------


def clip_report(p_fake: float | None = 0.75) -> Report:
    """Two people of a clip, the first scored and the second not."""
    crop = fakes.face(RGB, BOX, Verdict.SOME_SIGNS, 0.9)
    heat = crop.heatmap
    seen_at = ((0.5, 0.4), (1.5, 0.9), (3.5, None), (4.5, 0.8))
    points = tuple(TimePoint(t, s, BOX, sample) for sample, (t, s) in enumerate(seen_at))
    seen = Appearance(points, ((1.5, 3.5),), (Moment(1.5, 0.9, crop.crop, heat, 1),), 5, "resnet", 1.5)
    first = dataclasses.replace(crop, p_fake=p_fake, over_time=seen)
    blank = Appearance((TimePoint(1.5, None, BOX, 1),), (), (), 5, "resnet", 1.5)
    second = dataclasses.replace(fakes.face(RGB, BOX, Verdict.NOT_ANALYSED, None), over_time=blank)
    made = fakes.report(RGB, (first, second), Verdict.SOME_SIGNS, p_fake, name="talk.mp4")
    info = dataclasses.replace(made.input, kind="video", format="MP4", duration_s=5.0, fps=25.0, codec="h264")
    assert made.preview is not None
    preview = dataclasses.replace(made.preview, time_s=1.5, sample=1)
    return dataclasses.replace(made, input=info, preview=preview, counts=ClipCounts(125, 100, 2, 5))


def html_of_clip(report: Report, say: Language = ENGLISH) -> str:
    pictures = (FacePictures(PNG, moments=((PNG, PNG),)), FacePictures(PNG))
    return page.result(report, page.Pictures(PNG, pictures, PNG), fakes.manifest(), "{}", say)


def show_clip(report: Report) -> Tree:
    return Tree(html_of_clip(report))


def test_a_clip_has_a_card_for_every_person_with_times() -> None:
    tree = show_clip(clip_report())
    assert "Person by person" in tree.text
    assert "2 people found, 1 checked." in tree.text
    assert "0:01.5: 90 of 100" in tree.text
    assert (
        "Seen from 0:00.5 to 0:04.5, in 4 of the 5 frames looked at; 3 could be checked. Out of sight once" in tree.text
    )
    assert "talk.mp4 at 0:01.5." in tree.text
    assert "0:05.0 long, 25 frames a second, h264; 5 of 125 frames were looked at, 2 could not be decoded" in tree.text
    assert len(tree.of_class("fc-person")) == 2
    assert len(tree.of_class("fc-timeline")) == 2
    # Both stand in the frame that is shown.
    assert len(tree.of_class("fc-box")) == 2
    assert any("from 40 of 100 to 90 of 100" in (attrs.get("aria-label") or "") for _, attrs in tree.elements)
    # Four dots and one; each shows its frame in the video, as the thumbnail of the moment does.
    dots = tree.of_class("fc-dot")
    assert [attrs["data-time"] for attrs in dots] == ["0.50", "1.50", "3.50", "4.50", "1.50"]
    assert [attrs["aria-label"] for attrs in dots][1:3] == ["0:01.5: 90 of 100", "0:03.5: not checked"]
    assert "fc-special" in (dots[1]["class"] or "") and "fc-unscored" in (dots[2]["class"] or "")
    assert len(tree.of_class("fc-seek")) == 6
    assert len(tree.of_class("fc-gap")) == 1
    # Only from the first dot to the second: then the face was out of sight.
    assert len([tag for tag, _ in tree.elements if tag == "line"]) == 1


@pytest.mark.parametrize(
    ("verdict", "moment", "told"),
    [
        (Verdict.NO_CLEAR_SIGNS, 0.9, True),
        (Verdict.INCONCLUSIVE, 0.7, True),
        (Verdict.NO_CLEAR_SIGNS, 0.69, False),
        (Verdict.SOME_SIGNS, 0.9, False),
    ],
)
def test_frames_that_stand_out_are_told_where_the_whole_shows_no_signs(
    verdict: Verdict, moment: float, told: bool
) -> None:
    made = clip_report(0.1)
    first, second = made.faces
    assert first.over_time is not None
    moments = tuple(dataclasses.replace(each, p_fake=moment) for each in first.over_time.moments)
    first = dataclasses.replace(first, over_time=dataclasses.replace(first.over_time, moments=moments))
    report = dataclasses.replace(made, verdict=verdict, faces=(first, second))
    assert (words.STAND_OUT in show_clip(report).text) == told


def test_a_clip_is_not_called_a_photo() -> None:
    assert not re.findall(r"\bphotos?\b", show_clip(clip_report()).text)


def test_progress_without_a_total_says_what_is_being_done() -> None:
    tree = Tree(page_clip.progress("starting", 0, 0, None))
    assert tree.text.strip() == "Starting up, which takes some seconds."


def test_progress_is_told_in_words_and_in_a_bar() -> None:
    tree = Tree(page_clip.progress("reading", 8, 32, 61.0))
    assert "8 of 32. About 1 minute left." in tree.text
    assert tree.of_class("fc-progress")[0]["aria-valuenow"] == "25"
    assert words.time_left(3) == "Nearly done."
    assert words.time_left(22) == "About 20 seconds left."
    assert words.time_left(150) == "About 2 minutes left."
    assert words.clock(3723.44) == "1:02:03.4"
