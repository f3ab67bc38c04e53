"""Cuts a rendition's frames into parts and segments.

One rule for all renditions: the reference rendition opens a segment at a key frame; the others follow at the same
presentation time. Parts end before the frame that would make them longer than the Part Target (RFC 8216bis
§4.4.4.9). Times are ticks of the rendition's timescale unless a name says milliseconds.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import NamedTuple

# Rungs repeat the source's timestamps, but through other clocks' rounding.
BOUNDARY_TOLERANCE_MS = 8
KEY_INTERVALS_REMEMBERED = 30
SHORTEST_PART = 0.85  # of the Part Target Duration, if it is not its segment's last (§4.4.4.9)


class Frame(NamedTuple):
    """One access unit: decode time, presentation offset, coded bytes (length-prefixed NAL units, or raw AAC)."""

    dts: int
    data: bytes
    is_key: bool = True
    composition_offset: int = 0

    @property
    def pts(self) -> int:
        return self.dts + self.composition_offset


@dataclass(frozen=True)
class CutPart:
    """Frames of one part with the duration of each, and its place in a segment."""

    frames: Sequence[Frame]
    durations: Sequence[int]
    segment: int  # the number of the segment it belongs to
    next_starts_pts: int | None = None  # set when the segment ends with this part: where the next one begins

    @property
    def starts_pts(self) -> int:
        return self.frames[0].pts

    @property
    def duration(self) -> int:
        return sum(self.durations)


class SegmentClock:
    """The presentation times at which segments of one run begin; number 0 is the run's first segment."""

    def __init__(self) -> None:
        self._starts_ms: list[float] = []

    @property
    def latest_ms(self) -> float:
        return self._starts_ms[-1]

    @property
    def latest_number(self) -> int:
        """The newest segment's number, -1 before the first."""
        return len(self._starts_ms) - 1

    @property
    def started(self) -> bool:
        return bool(self._starts_ms)

    def open(self, pts_ms: float) -> int:
        """The reference rendition begins a segment here."""
        self._starts_ms.append(pts_ms)
        return len(self._starts_ms) - 1

    def number_at(self, pts_ms: float) -> int:
        """The segment on air at this time; -1 before the first."""
        return bisect_right(self._starts_ms, pts_ms) - 1

    def start_ms(self, number: int) -> float:
        return self._starts_ms[number]

    def start_of_next_ms(self, number: int) -> float:
        """When the segment after this one begins; infinite while nobody knows."""
        return self._starts_ms[number + 1] if number < self.latest_number else inf


@dataclass
class Cutter:
    """Cuts one rendition. `leads` makes it the reference whose key frames open segments."""

    clock: SegmentClock
    timescale: int
    part_target: float
    leads: bool = False
    is_audio: bool = False
    min_segment_ms: float = 0.0
    max_segment_ms: float = 0.0  # a segment grows over several key frame intervals as long as it stays below
    fixed_duration: int = 0  # ticks; AAC frames are all alike
    default_duration: int = 0  # ticks, for a run's only frame
    resume_dts: int | None = None  # frames before this were published by an earlier attempt
    _pending: list[Frame] = field(default_factory=list)
    _newest_dts: int = 0  # of all frames taken, as they came
    _newest_interval: int = 0
    _flushed_until: int | None = None  # where the next frame is decoded after a flush
    _segment: int = -1
    _last_key: Frame | None = None
    _key_intervals_ms: deque[float] = field(default_factory=lambda: deque(maxlen=KEY_INTERVALS_REMEMBERED))

    def push(self, frame: Frame) -> list[CutPart]:
        """Take the next frame in decode order; returns what it completed: no part, one, or two."""
        if self.resume_dts is not None:
            if frame.dts < self.resume_dts:
                return []
            self.resume_dts = None
        number = self._segment_of(frame)
        if number < 0:
            return []  # before the first key frame: nothing could show it
        self._newest_dts, self._newest_interval = frame.dts, frame.dts - self._newest_dts
        frame = self._after_flush(frame)
        if not self._pending:
            self._segment, self._pending = number, [frame]
            return []
        parts = self._cut_before_a_long_frame(frame)
        duration = self.fixed_duration or max(frame.dts - self._pending[-1].dts, 1)
        length = frame.dts - self._pending[0].dts
        if number > self._segment or length + duration > self.part_target * self.timescale:
            parts.append(self._cut(frame, ends_segment=number > self._segment))
            self._segment, self._pending = number, [frame]
            return parts
        self._pending.append(frame)
        return parts

    def finish(self) -> list[CutPart]:
        """The run is over: the frames that are left, the last one as long as the one before it."""
        if not self._pending:
            return []
        return [self._cut(None)]

    def end_part(self) -> list[CutPart]:
        """Of sound, whose frames are all alike: the reference rendition has ended a part, and whatever belongs before
        its end was taken. End this one as well if it is long enough, or if nothing more belongs to its segment."""
        if not self._pending:
            return []
        following = Frame(self._pending[-1].dts + self.fixed_duration, b"")
        number = self.clock.number_at(self.decided_ms(following))
        if number > self._segment:
            part, self._segment = self._cut(following, ends_segment=True), number
            return [part]
        last = self._pending[-1]  # stays: should the source fall silent now, there is something left to show in time
        if last.dts - self._pending[0].dts < SHORTEST_PART * self.part_target * self.timescale:
            return []
        self._pending.pop()
        part, self._pending = self._cut(last), [last]
        return [part]

    @property
    def next_cut_ms(self) -> float:
        """How far the reference rendition must have come before the pending part can end, in milliseconds; unless a
        key frame comes out of turn, or frames come faster than before. Infinite while nothing is pending."""
        if not self._pending:
            return self.clock.start_of_next_ms(self._segment) if self.is_audio else inf
        interval = self.fixed_duration or self._newest_interval
        full = Frame(round(self._pending[0].dts + self.part_target * self.timescale) - interval, b"")
        if self.is_audio:
            return min(self.decided_ms(full), self.clock.start_of_next_ms(self._segment))
        return min(full.dts * 1000 / self.timescale, self._next_key_ms)

    @property
    def _next_key_ms(self) -> float:
        """When the next key frame is decoded if it comes as the last one did."""
        if self._last_key is None or not self._key_intervals_ms:
            return inf
        return self._last_key.dts * 1000 / self.timescale + self._key_intervals_ms[-1]

    def flush(self) -> list[CutPart]:
        """Nothing comes at present: make a part of what is there. The last frame lasts as long as the one before it,
        for now; that is made good with the next one's presentation offset (`_after_flush`)."""
        if not self._pending:
            return []
        part = self._cut(None)
        self._flushed_until = part.frames[0].dts + part.duration
        return [part]

    def forget_pending(self) -> None:
        """Drop frames not yet cut and expect them again (their encoder was restarted)."""
        if self._pending:
            self.resume_dts = self._pending[0].dts
        elif self._flushed_until is not None:
            self.resume_dts = self._newest_dts + 1
        self._pending = []

    def _after_flush(self, frame: Frame) -> Frame:
        """The frame decoded where the flushed part ends, since decode times have no hole (ISO 14496-12 8.8.12), and
        shown when it should be. A part that promised too much moves the following frames, too."""
        if self._flushed_until is None or self.fixed_duration:
            return frame
        dts = self._flushed_until
        self._flushed_until = dts + 1 if frame.dts < dts else None
        return frame._replace(dts=dts, composition_offset=frame.pts - dts)

    def _cut_before_a_long_frame(self, following: Frame) -> list[CutPart]:
        """A frame that lasts longer than those before it promised would make its part too long: begin a new one."""
        length = following.dts - self._pending[0].dts
        if len(self._pending) < 2 or length <= round(self.part_target * self.timescale):
            return []
        long = self._pending.pop()
        part = self._cut(long)
        self._pending = [long]
        return [part]

    def _cut(self, following: Frame | None, *, ends_segment: bool = False) -> CutPart:
        frames, self._pending = self._pending, []
        durations = [max(after.dts - frame.dts, 1) for frame, after in pairwise(frames)]
        last = self.fixed_duration or self._promise(frames)
        if following is not None and not self.fixed_duration:
            last = max(following.dts - frames[-1].dts, 1)
        next_starts = following.pts if following is not None and ends_segment else None
        return CutPart(frames, [*durations, last], self._segment, next_starts)

    def _promise(self, frames: Sequence[Frame]) -> int:
        """How long the last frame lasts while its follower is not known: as long as the one before it, and counted
        from when it came, not from where a flush has moved it."""
        usual = self._newest_interval if len(frames) > 1 else self.default_duration
        return max(self._newest_dts + usual - frames[-1].dts, 1)

    def decided_ms(self, frame: Frame) -> float:
        """How far the reference rendition must have come before this frame's segment is known."""
        pts_ms = frame.pts * 1000 / self.timescale
        # Sound is cut at the frame nearest to the picture's boundary: half a frame either way.
        return pts_ms + (self.fixed_duration * 500 / self.timescale if self.is_audio else BOUNDARY_TOLERANCE_MS)

    def _segment_of(self, frame: Frame) -> int:
        if self.leads:
            return self._lead(frame, frame.pts * 1000 / self.timescale)
        if not self.is_audio and not frame.is_key:
            return self._segment
        return max(self.clock.number_at(self.decided_ms(frame)), self._segment)

    def _lead(self, frame: Frame, pts_ms: float) -> int:
        if frame.is_key:
            if self._last_key is not None:
                self._key_intervals_ms.append((frame.pts - self._last_key.pts) * 1000 / self.timescale)
            self._last_key = frame._replace(data=b"")
            if not self.clock.started or self._is_time(pts_ms - self.clock.latest_ms):
                return self.clock.open(pts_ms)
        return self.clock.latest_number

    def _is_time(self, segment_ms: float) -> bool:
        """Whether to cut at a key frame when the segment has lasted this long: unless there is room for one more key
        frame interval, as long as the longest of late. An encoder that sets them at scene changes is cut early."""
        if segment_ms < self.min_segment_ms:
            return False
        intervals = self._key_intervals_ms
        # The first one proves nothing, and viewers wait for a segment; unlike ones promise nothing of the next.
        regular = len(intervals) > 1 and max(intervals) - min(intervals) < max(intervals) / 10
        return not regular or segment_ms + max(intervals) > self.max_segment_ms
