"""A live check: one face of a camera, frame by frame, with hand-made networks that take green for altered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from detector import Detector
from detector.errors import DamagedMedia, ManifestInvalid, MediaTooLarge, UnsupportedMedia
from detector.media import camera
from detector.media.images import encode_jpeg, encode_png
from detector.pipeline.live import LOST_S, WINDOW_S, LiveSessions
from detector.records import Box, LiveSnapshot, Verdict
from detector.verdict.calibration import calibrate
from tests.pipeline.clip_harness import RULES, Rgb, detector_of
from tests.pipeline.harness import Finder

FPS = 5
LARGE, SMALL = Box(200, 80, 360, 240), Box(20, 30, 120, 130)
TINY = Box(20, 30, 40, 50)


def picture(green: Sequence[Box] = ()) -> Rgb:
    """A grey slope with noise, so that it is no drawing, and a green patch in the middle of some boxes."""
    slope = np.linspace(40, 180, 480)[None, :] + np.linspace(0, 60, 360)[:, None]
    noise = np.random.default_rng(0).integers(-10, 10, (360, 480))
    rgb = np.repeat((slope + noise)[..., None], 3, axis=2).astype(np.uint8)
    for box in green:
        x, y = map(int, box.center)
        reach = int(box.width / 3)
        rgb[y - reach : y + reach, x - reach : x + reach] = (40, 200, 40)
    return rgb


PLAIN, GREEN = encode_jpeg(picture(), 90), encode_jpeg(picture([LARGE]), 90)


class Watched:
    """A detector with a finder whose faces a test moves, and its clock."""

    def __init__(self, boxes: Sequence[Box] = (LARGE,)) -> None:
        self.finder = Finder(boxes)
        self.detector: Detector = detector_of(self.finder)
        self.now = 100.0
        self.name = "somebody"

    def see(self, frame: bytes, seconds: float, fps: int = FPS) -> LiveSnapshot:
        for _ in range(round(seconds * fps)):
            snapshot = self.detector.watch(self.name, frame, self.now)
            self.now += 1 / fps
        return snapshot


def person_of(snapshot: LiveSnapshot) -> tuple[Verdict, str, float | None]:
    assert snapshot.person is not None
    return snapshot.person.verdict, snapshot.person.reason, snapshot.person.p_fake


def test_there_is_no_result_before_the_face_was_seen_as_long_as_the_rules_want() -> None:
    watched = Watched()
    verdict, reason, score = person_of(watched.see(GREEN, RULES.min_frames - 1, fps=20))
    assert (verdict, score) == (Verdict.NOT_ANALYSED, None), "many frames of three seconds count as three looks"
    assert reason == "This face could be checked in 3 of the 4 seconds that a result needs."
    verdict, reason, score = person_of(watched.see(GREEN, 1))
    assert verdict is Verdict.STRONG_SIGNS
    assert score is not None and score > 0.9
    verdict, _, _ = person_of(Watched().see(PLAIN, RULES.min_frames))
    assert verdict is Verdict.NO_CLEAR_SIGNS


def test_only_the_last_minute_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched()
    scorer = watched.detector._engine.models["a"].scorer
    with monkeypatch.context() as altered:
        altered.setattr(scorer, "fake_logits", lambda crops: np.full(len(crops), 4.0, np.float32))
        watched.see(PLAIN, 20)
    verdict, _, score = person_of(watched.see(PLAIN, 20))
    assert verdict is not Verdict.NO_CLEAR_SIGNS
    assert score == pytest.approx(calibrate(0.0, RULES.frame_mean["a"].calibration), abs=0.02)
    snapshot = watched.see(PLAIN, WINDOW_S - 20)
    assert person_of(snapshot)[0] is Verdict.NO_CLEAR_SIGNS
    assert snapshot.running_s == pytest.approx(20 + WINDOW_S, abs=1)
    assert snapshot.rate == pytest.approx(FPS, abs=0.3)
    assert snapshot.person is not None and snapshot.person.over_time is not None
    times = [point.time_s for point in snapshot.person.over_time.points]
    assert len(times) == WINDOW_S and times[0] >= 0 and times[-1] == WINDOW_S - 0.5


def test_the_largest_face_is_followed_wherever_it_stands_in_the_order() -> None:
    watched = Watched([SMALL, LARGE])
    snapshot = watched.see(encode_jpeg(picture([SMALL]), 90), RULES.min_frames)
    assert snapshot.faces == 2
    assert person_of(snapshot)[0] is Verdict.NO_CLEAR_SIGNS
    # The larger newcomer is another person, so the first is still followed.
    watched.finder.boxes = (LARGE, Box(0, 60, 290, 350))
    assert snapshot.person is not None
    assert watched.see(PLAIN, 1).person is not None
    assert snapshot.person.crop.detection.box == LARGE


def test_another_face_begins_anew_once_the_first_is_lost() -> None:
    watched = Watched()
    watched.see(GREEN, RULES.min_frames + 2)
    watched.finder.boxes = (SMALL,)
    verdict, _, _ = person_of(watched.see(PLAIN, LOST_S - 0.5))
    assert verdict is Verdict.STRONG_SIGNS, "the face that was followed may come back"
    verdict, reason, _ = person_of(watched.see(PLAIN, 1.5))
    assert verdict is Verdict.NOT_ANALYSED and "of the 4 seconds" in reason
    watched.finder.boxes = ()
    assert watched.see(PLAIN, LOST_S + 1).person is None


def test_a_face_below_the_gates_is_shown_and_not_scored() -> None:
    watched = Watched([TINY])
    snapshot = watched.see(PLAIN, RULES.min_frames + 1)
    verdict, reason, score = person_of(snapshot)
    assert (verdict, score) == (Verdict.NOT_ANALYSED, None)
    assert "too small" in reason
    assert snapshot.rate == 0
    assert snapshot.person is not None and snapshot.person.over_time is not None
    assert all(point.p_fake is None for point in snapshot.person.over_time.points)


def test_a_gap_is_where_somebody_looked_and_saw_no_face() -> None:
    watched = Watched()
    watched.see(PLAIN, 2)
    watched.now += 2  # a busy computer: no frame was looked at
    watched.see(PLAIN, 2)
    watched.finder.boxes = ()
    watched.see(PLAIN, 2)
    watched.finder.boxes = (LARGE,)
    snapshot = watched.see(PLAIN, 2)
    assert snapshot.person is not None and snapshot.person.over_time is not None
    ((start, end),) = snapshot.person.over_time.gaps
    assert end - start == pytest.approx(3.0), "from the second before to the second after"
    assert end == pytest.approx(WINDOW_S - 1.5)


def test_the_verdict_does_not_stand_where_small_changes_move_it(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched()
    model = watched.detector._engine.models["a"]
    monkeypatch.setattr(model.scorer, "unmirrored", lambda crops: np.full(len(crops), -4.0, np.float32))
    snapshot = watched.see(GREEN, RULES.min_frames)
    assert snapshot.person is not None and snapshot.person.stability is not None
    assert not snapshot.person.stability.holds
    assert snapshot.person.verdict is Verdict.INCONCLUSIVE


def test_nothing_but_one_crop_is_kept_of_the_pictures() -> None:
    watched = Watched()
    watched.see(PLAIN, 2 * WINDOW_S, fps=2)
    (session,) = watched.detector._live._sessions.values()
    assert len(session._seen) <= 2 * WINDOW_S + 1
    assert len(session._views) <= WINDOW_S
    snapshot = watched.see(PLAIN, 1)
    assert snapshot.person is not None and snapshot.person.crop.rgb.any()
    bare = snapshot.without_pixels()
    assert bare.person is not None and not bare.person.crop.rgb.any()
    watched.detector.end_watch(watched.name)
    assert len(watched.detector._live) == 0


def test_a_damaged_frame_is_refused_and_the_next_one_goes_on() -> None:
    watched = Watched()
    watched.see(GREEN, RULES.min_frames)
    with pytest.raises(DamagedMedia):
        watched.see(GREEN[: len(GREEN) // 2], 1)
    assert person_of(watched.see(GREEN, 1))[0] is Verdict.STRONG_SIGNS


def test_frames_that_no_browser_sends_are_refused_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsupportedMedia):
        camera.decode_camera_frame(encode_png(picture()))
    monkeypatch.setattr(camera, "decode_image", lambda _: pytest.fail("was decoded"))
    with pytest.raises(MediaTooLarge):
        camera.decode_camera_frame(encode_jpeg(np.zeros((1500, 2000, 3), np.uint8), 50))
    with pytest.raises(MediaTooLarge):
        camera.decode_camera_frame(GREEN + bytes(camera.MOST_BYTES))


def test_weights_without_rules_for_clips_watch_nothing() -> None:
    detector = detector_of(Finder([LARGE]), rules=None)
    with pytest.raises(ManifestInvalid, match="nothing can be checked live"):
        detector.watch("somebody", PLAIN, 0.0)


def test_the_oldest_sessions_are_forgotten_first() -> None:
    sessions = LiveSessions(detector_of(Finder([LARGE]))._engine)
    for name in "abcdef":
        sessions.update("first", PLAIN, 0.0)
        sessions.update(name, PLAIN, 0.0)
    assert len(sessions) == 4
    assert "first" in sessions._sessions and "a" not in sessions._sessions
