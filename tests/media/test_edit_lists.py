"""Edit lists of MP4: what they leave out, repeat or put in another order is looked at all the same, and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.media.clips import sample_video
from tests.support.clips import counting_frames, number_of, write_clip
from tests.support.edits import Edit, with_edits

FPS, COUNT = 25, 60


@pytest.fixture(scope="module", params=[0, 2], ids=["as stored", "B-frames"])
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A clip whose frames are stored in the order in which they are shown, or in another, and are shown 2 frames later."""
    path = tmp_path_factory.mktemp("edits") / "clip.mp4"
    options = {"g": "20", "bf": str(request.param), "sc_threshold": "0"}
    return write_clip(path, counting_frames(COUNT), fps=FPS, options=options).read_bytes()


def read(data: bytes, path: Path) -> tuple[list[int], list[float], bool]:
    """(numbers of the frames, their times in seconds, whether an edit list is mentioned)."""
    path.write_bytes(data)
    with sample_video(path, samples=None) as samples:
        frames = [frame for (frame,) in samples]
    assert samples.counts.undecodable == 0
    assert samples.unseen_share == 0
    said = any("edit list" in note for note in samples.info.notes)
    return [number_of(frame.rgb) for frame in frames], [frame.time_s or 0.0 for frame in frames], said


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([(40, 20)], id="from a key frame on"),
        pytest.param([(33, 27)], id="from another frame on"),
        pytest.param([(30, 0)], id="the beginning only"),
        pytest.param([(20, 40), (20, 0)], id="the end first"),
        pytest.param([(10, 5), (10, 40)], id="two pieces"),
        pytest.param([(20, 0), (25, None), (20, 40)], id="two pieces and a pause"),
        pytest.param([(20, 10), (20, 10)], id="a piece twice"),
        pytest.param([(30, 0), (30, 0)], id="the first half twice"),
        pytest.param([(1, 59 - number) for number in range(COUNT)], id="backwards"),
        pytest.param([(1, 30)], id="one frame"),
        pytest.param([(20, 100)], id="beyond the end"),
        pytest.param([(0, 20)], id="for no time"),
        pytest.param([(60, None)], id="nothing"),
        pytest.param([(100_000, 30)], id="for longer than there is"),
    ],
)
def test_every_frame_is_looked_at_whatever_is_shown(clip: bytes, edits: list[Edit], tmp_path: Path) -> None:
    numbers, times, said = read(with_edits(clip, edits, FPS), tmp_path / "edited.mp4")
    assert numbers == [*range(COUNT)]
    assert times == pytest.approx([number / FPS for number in range(COUNT)], abs=0.002)
    assert said


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([(60, 0)], id="all"),
        pytest.param([(62, 0)], id="all, and what is shown later"),
        pytest.param([(59, 0)], id="rounded"),
        pytest.param([(25, None), (62, 0)], id="all after a pause"),
        pytest.param([(62, -0.5)], id="negative time"),
    ],
)
def test_an_edit_list_that_changes_nothing_is_not_mentioned(clip: bytes, edits: list[Edit], tmp_path: Path) -> None:
    numbers, _, said = read(with_edits(clip, edits, FPS), tmp_path / "edited.mp4")
    assert numbers == [*range(COUNT)]
    assert not said


def test_a_clip_without_edits_stays_as_it_is(clip: bytes, tmp_path: Path) -> None:
    assert read(clip, tmp_path / "plain.mp4")[::2] == ([*range(COUNT)], False)
