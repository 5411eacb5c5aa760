"""The card of a live check: verdict, score, the followed face, and its last minute."""

from __future__ import annotations

from dataclasses import replace

from detector.media.images import encode_jpeg
from detector.records import FaceResult, LiveSnapshot, Manifest, Verdict
from detector.report.page_cards import headline
from detector.report.scale import gauge
from detector.report.templates import render
from detector.report.timeline import Timeline, timeline
from detector.verdict.live import LIVE_LIMITS
from detector.words import results as words
from detector.words.language import ENGLISH, Language

__all__ = ["camera_causes", "live"]

_QUALITY = 85
"""JPEG quality of the face, which is sent twice a second."""
_MARKS_S = (60, 40, 20, 0)
"""Places on the time axis, seconds ago."""


def live(
    snapshot: LiveSnapshot,
    manifest: Manifest,
    say: Language = ENGLISH,
    *,
    over: str | None = None,
    ids: str = "fc-live",
) -> str:
    """The state of a live check; the face is shown as long as it runs.

    Args:
        snapshot: as ``Detector.watch`` gives it.
        manifest: for the cuts between verdicts.
        say: the reader's language.
        over: why the camera was turned off; None while the check runs.
        ids: beginning of the ids of its elements.
    """
    person = snapshot.person
    rule = manifest.clips.frame_mean.get(snapshot.decides) if manifest.clips else None
    crop = None
    if person is not None and over is None:
        crop = encode_jpeg(person.crop.rgb, _QUALITY)
    return render(
        "live.html",
        say,
        verdict=Verdict.NOT_ANALYSED if person is None else person.verdict,
        headline=words.LIVE_NO_RESULT if person is None or person.p_fake is None else headline(person),
        gauge=None if person is None else gauge(person, words.LIVE_SCORE, rule.bands if rule else None),
        reason=words.LIVE_NO_FACE if person is None else person.reason,
        crop=crop,
        facts=over or words.live_facts(words.clock(snapshot.running_s, with_tenths=False), snapshot.rate),
        timeline=None if person is None else _last_minute(person, snapshot.decides, manifest, over is not None),
        timeline_text=None if person is None else _text(person),
        limits=LIVE_LIMITS,
        ids=ids,
    )


def camera_causes(say: Language = ENGLISH) -> str:
    """Sentences on why there is no camera, hidden until a script shows the one that holds."""
    return render("camera_causes.html", say)


def _last_minute(person: FaceResult, decides: str, manifest: Manifest, over: bool) -> Timeline:
    spec = manifest.models.get(decides)
    assert person.over_time is not None, "a snapshot's face has its course over time"
    drawn = timeline(person.over_time, spec.bands if spec else None, _MARKS_S[0])
    marks = tuple((100 * (1 - ago / _MARKS_S[0]), words.seconds_ago(ago, over)) for ago in _MARKS_S)
    return replace(drawn, marks=marks)


def _text(person: FaceResult) -> str:
    points = person.over_time.points if person.over_time else ()
    known = [point.p_fake for point in points if point.p_fake is not None]
    lowest, highest = (words.score_text(end(known)) if known else None for end in (min, max))
    return words.live_timeline_text(lowest, highest)
