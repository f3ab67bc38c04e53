"""Which stored segments make a clip, and how their times join to one (pure).

Times are Unix seconds by the broadcast's own clock; lengths are seconds of what was recorded. While the encoder was
away nothing was, and a clip runs over that hole without a pause.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transcode.hls.window import WindowSegment

# Between two segments of one run; more is a hole. Less than a picture lasts at 10 a second.
JOIN_SECONDS = 0.1
START_SLACK_SECONDS = 0.005  # by which a picture may begin after the date asked for: those are rounded to milliseconds
END_SLACK_SECONDS = 0.05  # what rounded dates may lack at the end of a clip


@dataclass(frozen=True)
class Stretch:
    """Segments that follow one another without a break. `shift`: seconds to add to their times, so that it follows the
    stretch before it."""

    video: tuple[WindowSegment, ...]
    sound: tuple[WindowSegment, ...]
    shift: float = 0.0

    @property
    def epoch(self) -> int:
        return self.video[0].epoch


@dataclass(frozen=True)
class ClipPlan:
    """A clip as it can be made. `missing`: seconds that were wanted and are not recorded (yet)."""

    rendition: str
    sound: str | None
    stretches: tuple[Stretch, ...]
    starts_at: float
    duration: float
    missing: float

    @property
    def joins(self) -> tuple[tuple[float, float], ...]:
        """Where an absence is left out: the second of the clip at which it goes on, and the time that was then."""
        return tuple(
            (part.video[0].starts_at + part.shift - self.starts_at, part.video[0].starts_at)
            for part in self.stretches[1:]
        )

    @property
    def size(self) -> int:
        """Bytes of the segments."""
        return sum(segment.size for part in self.stretches for segment in (*part.video, *part.sound))


def plan_clip(
    tracks: Mapping[str, Sequence[WindowSegment]],
    videos: Sequence[str],
    sound: str | None,
    *,
    starts_at: float,
    duration: float,
    most_bytes: int,
) -> ClipPlan | None:
    """From the best of `videos` (named best first) that has no gap in the clip and is not too large; if every one has a
    gap, from the one that has most. `tracks` have one entry for each row of the index. None: nothing is recorded."""
    plans = [_plan(name, sound, tracks, starts_at, duration) for name in videos]
    made = [plan for plan in plans if plan is not None]
    fitting = [plan for plan in made if plan.size <= most_bytes] or made[-1:]
    whole = [plan for plan in fitting if not _has_gap(tracks[plan.rendition], starts_at, plan)]
    if whole:
        furthest = max(plan.duration for plan in whole)
        return next(plan for plan in whole if plan.duration > furthest - JOIN_SECONDS)
    return max(fitting, key=lambda plan: plan.duration, default=None)


def latest(segments: Sequence[WindowSegment], duration: float) -> tuple[float, float] | None:
    """Where a clip of the last `duration` seconds begins, and how long it is if there are not so many."""
    recorded = [segment for segment in segments if not segment.gap]
    left = duration
    for segment in reversed(recorded):
        if segment.duration >= left:
            return segment.ends_at - left, duration
        left -= segment.duration
    return (recorded[0].starts_at, duration - left) if recorded else None


def _plan(
    name: str, sound: str | None, tracks: Mapping[str, Sequence[WindowSegment]], starts_at: float, duration: float
) -> ClipPlan | None:
    after = [
        segment for segment in tracks[name] if not segment.gap and segment.ends_at > starts_at + START_SLACK_SECONDS
    ]
    if not after:
        return None
    begin = max(starts_at, after[0].starts_at)
    left, chosen = duration, []
    for segment in after:
        chosen.append(segment)
        left -= segment.ends_at - max(segment.starts_at, begin)
        if left <= 0:
            break
    missing = left if left > END_SLACK_SECONDS else 0.0
    heard = {segment.msn: segment for segment in tracks.get(sound or "", ()) if not segment.gap}
    return ClipPlan(name, sound, _stretches(chosen, heard), begin, duration - missing, missing)


def _stretches(chosen: Sequence[WindowSegment], heard: Mapping[int, WindowSegment]) -> tuple[Stretch, ...]:
    groups: list[list[WindowSegment]] = []
    for segment in chosen:
        if groups and _follows(groups[-1][-1], segment):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    made: list[Stretch] = []
    for group in groups:
        # Pictures and sound of one number belong together, also where one of them ends a little later.
        sound = tuple(heard[segment.msn] for segment in group if segment.msn in heard)
        shift = made[-1].video[-1].ends_at + made[-1].shift - group[0].starts_at if made else 0.0
        made.append(Stretch(tuple(group), sound, shift))
    return tuple(made)


def _follows(before: WindowSegment, after: WindowSegment) -> bool:
    return after.epoch == before.epoch and after.starts_at - before.ends_at < JOIN_SECONDS


def _has_gap(video: Sequence[WindowSegment], starts_at: float, plan: ClipPlan) -> bool:
    """Whether other renditions have something within the clip that this one lacks."""
    ends_at = plan.stretches[-1].video[-1].ends_at
    return any(s.gap and s.ends_at > starts_at + JOIN_SECONDS and s.starts_at < ends_at for s in video)
