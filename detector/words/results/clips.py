"""Facts about a clip and the people in it: times, frames and the timeline of scores."""

from __future__ import annotations

from collections.abc import Sequence

from detector.records import Appearance, ClipCounts, InputInfo, Moment
from detector.sentences import N_, Sentence, joined, listed
from detector.words.results.scores import numbered, score_text

__all__ = [
    "HOW_TO_READ_CLIP",
    "MOMENTS",
    "STAND_OUT",
    "TIMELINE",
    "TIMELINE_PARTS",
    "TIMELINE_PRINTED",
    "clip_facts",
    "clock",
    "go_to",
    "moment_facts",
    "point_facts",
    "seen_facts",
    "timeline_text",
]

TIMELINE = Sentence("One dot a frame. Press a dot to see it. Rings: the highest scores. Grey: the face was not found.")
TIMELINE_PRINTED = Sentence("One dot a frame. Rings: the highest scores. Grey: the face was not found.")
TIMELINE_PARTS = Sentence("Dashed: a part that shows signs though the whole does not.")
STAND_OUT = Sentence(
    "Single frames score much higher than the whole video, so a short part may be altered: look at the times below."
)
MOMENTS = Sentence("The most suspicious moments:")
HOW_TO_READ_CLIP = (
    N_("The score of a person is made from all frames; a single one can score much higher or lower by chance."),
)


def clock(seconds: float, *, with_tenths: bool = True) -> str:
    """Write a time of a clip as "0:07.4" or "1:02:07.4", or as "0:07" and "1:02:07" without tenths."""
    whole, tenths = divmod(round(seconds * 10), 10)
    hours, rest = divmod(whole, 3600)
    text = f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
    return f"{text}.{tenths}" if with_tenths else text


def seen_facts(seen: Appearance) -> Sentence:
    """Describe when and how often a person was seen."""
    text = Sentence(
        "Seen from {first} to {last}, in {seen} of the {frames} frames looked at; {scored} could be checked.",
        first=clock(seen.first_s),
        last=clock(seen.last_s),
        seen=len(seen.points),
        frames=seen.frames,
        scored=sum(point.p_fake is not None for point in seen.points),
    )
    if not seen.gaps:
        return text
    gaps = Sentence.plural("Out of sight once in between.", "Out of sight {count} times in between.", len(seen.gaps))
    return joined(text, gaps)


def clip_facts(info: InputInfo, counts: ClipCounts) -> Sentence:
    """Describe what a clip holds and what was looked at."""
    parts = [Sentence("{time} long", time=clock(info.duration_s or 0.0))]
    if info.fps:
        # 24.97 as well as 25: three digits, and no zeros that say nothing.
        rate = f"{info.fps:.3g}"
        parts.append(Sentence("{rate} frames a second", rate=rate))
    parts.append(
        Sentence(
            "{codec}; {sampled} of {all} frames were looked at",
            codec=info.codec,
            sampled=counts.sampled,
            all=counts.in_file,
        )
    )
    if counts.undecodable:
        parts.append(Sentence("{count} could not be decoded", count=counts.undecodable))
    return listed(parts)


def timeline_text(number: int, scores: Sequence[float]) -> Sentence:
    """What a timeline shows, for those who cannot see it."""
    who = numbered(number, clip=True)
    if not scores:
        return Sentence("Scores of {one} over the time of the video: none could be made", one=who)
    return Sentence(
        "Scores of {one} over the time of the video: from {low} to {high}",
        one=who,
        low=score_text(min(scores)),
        high=score_text(max(scores)),
    )


def point_facts(time_s: float, score: float | None) -> Sentence:
    """When a frame is and what it scored, if it did."""
    if score is None:
        return Sentence("{time}: not checked", time=clock(time_s))
    return Sentence("{time}: {score}", time=clock(time_s), score=score_text(score))


def go_to(time_s: float) -> Sentence:
    """What a press on a moment does."""
    return Sentence("Show the video at {time}", time=clock(time_s))


def moment_facts(moment: Moment) -> Sentence:
    """When a frame is and what it scored."""
    return Sentence("{time}: {score}", time=clock(moment.time_s), score=score_text(moment.p_fake))
