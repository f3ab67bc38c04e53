"""Turns one run's frames into parts, segments and windows: everything between the codecs and the live store.

Synchronous and free of I/O: frames go in, Publications come out, in the order in which they must become visible.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil, inf
from typing import Any

from transcode import fmp4
from transcode.hls import names
from transcode.hls.cutter import BOUNDARY_TOLERANCE_MS, CutPart, Cutter, Frame, SegmentClock
from transcode.hls.window import Part, Window, WindowSegment
from transcode.limits import KEY_FRAME_SLACK_SECONDS, MIN_SEGMENT_MS, VIDEO_TIMESCALE

MAX_HELD_FRAMES = 4_000  # frames of a rendition that wait for the reference rendition to reach them
MISSING_TAIL_SECONDS = 0.1  # more than one rendition's last frame may be shorter than another's


@dataclass(frozen=True)
class FinishedSegment:
    """A complete segment of one rendition; `body` is the concatenation of its parts, empty for a gap."""

    rendition: str
    segment: WindowSegment
    body: bytes

    @property
    def name(self) -> str:
        return names.segment_name(self.segment.epoch, self.segment.msn)


@dataclass(frozen=True)
class Publication:
    """One visible change of a rendition: an initialization section, a part, a finished segment, or several of them.

    `window` is the window's state right after the change as JSON, so that what is listed has always been published;
    `changes` are what led to it from revision `revision - len(changes)`.
    """

    rendition: str
    window: str
    changes: list[list[Any]]
    revision: int
    part_name: str | None = None
    part: bytes = b""
    finished: FinishedSegment | None = None
    init_name: str | None = None
    init: bytes = b""


@dataclass
class Track:
    """A rendition that lasts for the whole broadcast: its window and the bytes of its open segment's parts."""

    name: str
    window: Window
    open_parts: list[bytes] = field(default_factory=list)

    def publication(self, **changes: Any) -> Publication:
        """A Publication of this rendition with its window as it is now."""
        window = self.window
        return Publication(self.name, window.to_json(), window.take_changes(), window.revision, **changes)

    def newest_gap(self) -> FinishedSegment:
        """The gap that was just listed."""
        return FinishedSegment(self.name, self.window.segments[-1], b"")

    def epoch_of_gaps(self, beside: WindowSegment) -> int:
        """That of the rendition's own initialization section: a run that does not make it has none of it."""
        last = self.window.segments[-1] if self.window.segments else beside
        return last.epoch

    def close_as_gap(self, beside: WindowSegment) -> None:
        """A gap as long as another rendition's segment; what was begun of it is given up."""
        if self.window.open is not None:
            self.window.give_up_segment()
            self.open_parts = []
        self.window.add_gap(
            epoch=self.epoch_of_gaps(beside),
            starts_at=beside.starts_at,
            duration=beside.duration,
            discontinuity=beside.discontinuity,
        )

    def close_segment(self) -> FinishedSegment | None:
        """Finish the open segment; one whose bytes were lost with its worker becomes a gap."""
        opened = self.window.open
        complete = opened is not None and len(opened.parts) == len(self.open_parts)
        if opened is not None and not complete:
            self.window.lose_segment()
            self.open_parts = []
            return self.newest_gap()
        segment = self.window.close_segment()
        body, self.open_parts = b"".join(self.open_parts), []
        return FinishedSegment(self.name, segment, body) if segment else None


def close_tracks(tracks: Iterable[Track]) -> list[FinishedSegment]:
    """Close what an earlier run left open. A rendition that lagged when its worker died becomes a gap as long as what
    the others have under this number: segments of one number cover the same time."""
    furthest_first = sorted(tracks, key=lambda track: track.window.ends_at, reverse=True)
    finished: list[FinishedSegment] = []
    for track in furthest_first:
        opened = track.window.open
        whole = furthest_first[0].window.segment(opened.msn) if opened is not None else None
        if whole is not None and whole.ends_at - track.window.ends_at > MISSING_TAIL_SECONDS:
            track.close_as_gap(whole)
            finished.append(track.newest_gap())
        elif segment := track.close_segment():
            finished.append(segment)
    return finished


def align_tracks(tracks: Iterable[Track]) -> list[FinishedSegment]:
    """Close what an earlier run left open, and bring all renditions to the same next Media Sequence Number."""
    tracks = list(tracks)
    finished = close_tracks(tracks)
    ahead = max(tracks, key=lambda track: track.window.next_msn, default=None)
    if ahead is None:
        return finished
    for track in tracks:
        missing = [s for s in ahead.window.segments if s.msn >= track.window.next_msn]
        if missing and (not track.window.segments or missing[0].msn > track.window.next_msn):
            # New, or away for longer than a window lasts: numbers must not skip, so it starts with the others'.
            track.window.restart_at(msn=missing[0].msn, discontinuity_sequence=ahead.window.discontinuity_sequence)
        for other in missing:
            track.window.add_gap(
                epoch=track.epoch_of_gaps(other),
                starts_at=other.starts_at,
                duration=other.duration,
                discontinuity=other.discontinuity,
            )
            finished.append(track.newest_gap())
    return finished


@dataclass(frozen=True)
class RunStart:
    """What all renditions of a run share: its epoch, its first MSN, and the wall-clock time of its first picture."""

    epoch: int
    base_msn: int
    wall_time: float
    first_pts_ms: float
    discontinuity: bool
    shift_ms: int = 0  # from this run's times to those in its files

    @classmethod
    def on_timeline(
        cls, anchor: float, *, epoch: int, base_msn: int, not_before: float, first_pts_ms: float
    ) -> "RunStart":
        """A run whose media times go on where earlier runs' ended: they count from `anchor`, as its dates do."""
        shift_ms = max(ceil((not_before - anchor) * 1000 - first_pts_ms), 0)
        wall_time = anchor + (first_pts_ms + shift_ms) / 1000
        return cls(epoch, base_msn, wall_time, first_pts_ms, discontinuity=base_msn > 0, shift_ms=shift_ms)

    def continued(self, *, epoch: int, base_msn: int, first_pts_ms: float) -> "RunStart":
        """The run that goes on with the same source where this one stops: its dates and times follow without a hole."""
        wall_time = self.wall_time_at(first_pts_ms)
        return RunStart(epoch, base_msn, wall_time, first_pts_ms, discontinuity=True, shift_ms=self.shift_ms)

    def wall_time_at(self, pts_ms: float) -> float:
        """PROGRAM-DATE-TIME of a presentation time; one anchor for all renditions keeps them comparable."""
        return self.wall_time + (pts_ms - self.first_pts_ms) / 1000


class RenditionRun:
    """One rendition during one run."""

    def __init__(self, track: Track, cutter: Cutter, start: RunStart) -> None:
        self.track, self.cutter, self.start = track, cutter, start
        self.end_ms = 0.0  # presentation time up to which parts were made
        self._fragments = 0

    def announce(self) -> None:
        """Open the run's first segment before it has a part, so that players are told of its names (§4.4.5.3)."""
        window = self.track.window
        if window.open is None and window.next_msn == self.start.base_msn:
            self._open(round(self.start.first_pts_ms * self.cutter.timescale / 1000))

    def push(self, frame: Frame) -> list[Publication]:
        return [publication for part in self.cutter.push(frame) for publication in self._publish(part)]

    def end_part(self) -> list[Publication]:
        """The leader has ended a part: end this rendition's as well, so that both become visible at once."""
        return [publication for part in self.cutter.end_part() for publication in self._publish(part)]

    def flush(self) -> list[Publication]:
        """Nothing comes at present: what is pending becomes a short part."""
        return [publication for part in self.cutter.flush() for publication in self._publish(part)]

    def finish(self) -> list[Publication]:
        """The run is over: what is pending becomes the last, short part and segment."""
        made = [publication for part in self.cutter.finish() for publication in self._publish(part)]
        finished = self.track.close_segment()
        return [*made, self.track.publication(finished=finished)] if finished else made

    def _publish(self, cut: CutPart) -> list[Publication]:
        window = self.track.window
        gaps = self._open_for(cut)
        opened = window.open
        assert opened is not None  # noqa: S101  _open_for opened it
        data = self._fragment(cut, with_styp=not opened.parts)
        seconds = cut.duration / self.cutter.timescale
        independent = any(frame.is_key for frame in cut.frames)
        # The samples are the fragment's last bytes; those behind the first are not needed to show it.
        shows_picture = cut.frames[0].is_key and not self.cutter.is_audio
        key_bytes = len(data) - sum(len(frame.data) for frame in cut.frames[1:]) if shows_picture else 0
        index = window.add_part(Part(seconds, len(data), independent, key_bytes))
        name = names.part_name(opened.epoch, opened.msn, index)
        self.track.open_parts.append(data)
        self.end_ms = self._ms(cut.starts_pts) + seconds * 1000
        finished = None
        if cut.next_starts_pts is not None:
            finished = self.track.close_segment()
            self._open(cut.next_starts_pts)
        return [*gaps, self.track.publication(part_name=name, part=data, finished=finished)]

    def _open_for(self, cut: CutPart) -> list[Publication]:
        """Make the segment this part belongs to the open one; segments this rendition skipped become gaps."""
        window, wanted = self.track.window, self.start.base_msn + cut.segment
        if window.open is not None and window.open.msn == wanted:
            if not window.open.parts:
                window.date_segment(starts_at=self.start.wall_time_at(self._ms(cut.starts_pts)))
            return []
        gaps = []
        finished = self.track.close_segment()
        if finished:
            gaps.append(self.track.publication(finished=finished))
        while window.next_msn < wanted:
            gaps.append(self._gap(window.next_msn - self.start.base_msn))
        self._open(cut.starts_pts)
        return gaps

    def _gap(self, number: int) -> Publication:
        clock = self.cutter.clock
        starts = clock.start_ms(number)
        self.track.window.add_gap(
            epoch=self.start.epoch,
            starts_at=self.start.wall_time_at(starts),
            duration=(clock.start_ms(number + 1) - starts) / 1000,
            discontinuity=self.start.discontinuity and number == 0,
        )
        return self.track.publication(finished=self.track.newest_gap())

    def _open(self, pts: int) -> None:
        first = self.track.window.next_msn == self.start.base_msn
        self.track.window.open_segment(
            epoch=self.start.epoch,
            starts_at=self.start.wall_time_at(self._ms(pts)),
            discontinuity=self.start.discontinuity and first,
        )

    def _fragment(self, cut: CutPart, *, with_styp: bool) -> bytes:
        self._fragments += 1
        return fmp4.fragment(
            sequence_number=self._fragments,
            base_decode_time=cut.frames[0].dts + round(self.start.shift_ms * self.cutter.timescale / 1000),
            samples=[
                fmp4.Sample(duration, len(frame.data), frame.is_key, frame.composition_offset)
                for frame, duration in zip(cut.frames, cut.durations, strict=True)
            ],
            data=b"".join(frame.data for frame in cut.frames),
            with_styp=with_styp,
        )

    def _ms(self, ticks: int) -> float:
        return ticks * 1000 / self.cutter.timescale


class Packager:
    """All renditions of one run. The leader's key frames open segments; the others follow it, never run ahead."""

    def __init__(self, *, start: RunStart, part_target: float, leader: str, absent: Iterable[Track] = ()) -> None:
        """`absent`: renditions of the broadcast that this run does not make; they get gaps, so that numbers match."""
        self.start, self.part_target, self.leader = start, part_target, leader
        self.runs: dict[str, RenditionRun] = {}
        self._absent = {track.name: track for track in absent}
        self._away: dict[str, RenditionRun] = {}  # made earlier in this run, absent now
        self._joining: set[str] = set()  # begin with the next segment
        self._from_ms: dict[str, float] = {}  # where renditions joined that were absent at first
        self._clock = SegmentClock()
        self._horizon_ms = -1.0
        self._held: dict[str, deque[Frame]] = {}

    def add_video(self, track: Track, init: bytes, frame_rate: float) -> Publication:
        """A video rendition joins the run; returns its initialization section to publish."""
        return self._add(
            track,
            init,
            Cutter(
                self._clock,
                VIDEO_TIMESCALE,
                self.part_target,
                leads=track.name == self.leader,
                min_segment_ms=MIN_SEGMENT_MS,
                max_segment_ms=(track.window.target_duration + KEY_FRAME_SLACK_SECONDS) * 1000,
                default_duration=round(VIDEO_TIMESCALE / frame_rate),
            ),
        )

    def add_audio(self, track: Track, init: bytes, sample_rate: int, samples_per_frame: int) -> Publication:
        """The sound joins the run; returns its initialization section to publish."""
        cutter = Cutter(self._clock, sample_rate, self.part_target, is_audio=True, fixed_duration=samples_per_frame)
        return self._add(track, init, cutter)

    def _add(self, track: Track, init: bytes, cutter: Cutter) -> Publication:
        if track.name in self._from_ms:
            self._begin_late(cutter, self._from_ms[track.name])
        run = self.runs[track.name] = RenditionRun(track, cutter, self.start)
        run.announce()
        self._held[track.name] = deque(maxlen=MAX_HELD_FRAMES)
        return track.publication(init_name=names.init_name(self.start.epoch), init=init)

    def push(self, name: str, frame: Frame) -> list[Publication]:
        """Take one frame; returns what became ready, the leader's part first."""
        if name != self.leader:
            self._held[name].append(frame)
            return self._release(name)
        run = self.runs[name]
        made = run.push(frame)
        self._horizon_ms = frame.dts * 1000 / run.cutter.timescale
        ends_part = bool(made)
        made += self._gaps_beside(made)
        for other, follower in self.runs.items():
            if follower is not run:
                made += self._release(other)
                if ends_part and follower.cutter.is_audio:
                    made += follower.end_part()
        return made

    @property
    def next_cut_ms(self) -> float:
        """The decode time in milliseconds that the leader must have come to before a part of what is pushed as it
        comes can end, unless a key frame comes out of turn; those who follow it from afar are not asked."""
        cutters = [run.cutter for name, run in self.runs.items() if name == self.leader or run.cutter.is_audio]
        return min((cutter.next_cut_ms for cutter in cutters), default=inf)

    def segment_seconds(self, pts_ms: float) -> float:
        """How long the open segment is when a picture at this time belongs to it."""
        return (pts_ms - self._clock.latest_ms) / 1000 if self._clock.started else 0.0

    def flush(self, name: str) -> list[Publication]:
        """The source is silent: show what there is of this rendition's next part before it is overdue (§6.2.1).

        A rendition that follows may come as far as the leader did.
        """
        leader, run = self.runs.get(self.leader), self.runs.get(name)
        if leader is None or run is None:
            return []
        if run is leader:
            return run.flush()
        self._horizon_ms = max(self._horizon_ms, leader.end_ms)
        return [*self._release(name), *run.flush()]

    def finish(self) -> list[Publication]:
        """End of the run: everything still held is cut and every open segment closed.

        Sound that is ahead of the picture ends with it: it would make the last segment too long.
        """
        leader = self.runs.get(self.leader)
        made = leader.finish() if leader else []
        for name, run in self.runs.items():
            if run is not leader:
                self._horizon_ms = leader.end_ms if leader and run.cutter.is_audio else float("inf")
                made += [*self._release(name), *run.finish()]
        return [*made, *self._gaps_beside(made)]

    def leave(self, name: str, track: Track, *, whole: bool) -> list[Publication]:
        """The rendition is not made any more: gaps from here on. Without `whole` its open segment becomes one too."""
        run, made = self.runs.pop(name, None), []
        if run is not None:
            self._away[name] = run
            if whole:
                made = [entry for frame in self._held[name] for entry in run.push(frame)] + run.finish()
            run.cutter.forget_pending()
            self._held[name].clear()
        self._absent[name] = track
        return [*made, *self._fill(track)]

    def join(self, name: str, from_ms: float) -> None:
        """An absent rendition is made again from this moment on; a new one is added when its headers are known."""
        self._absent.pop(name, None)
        self._from_ms[name] = from_ms
        self._joining.add(name)
        if name in self._away:
            run = self.runs[name] = self._away.pop(name)
            self._begin_late(run.cutter, from_ms)

    def _begin_late(self, cutter: Cutter, from_ms: float) -> None:
        cutter.resume_dts = round((from_ms - BOUNDARY_TOLERANCE_MS) * cutter.timescale / 1000)

    def _gaps_beside(self, made: Iterable[Publication]) -> list[Publication]:
        """Gaps of the absent renditions for each segment the leader finished."""
        if not any(entry.rendition == self.leader and entry.finished is not None for entry in made):
            return []
        return [gap for track in self._absent.values() for gap in self._fill(track)]

    def _fill(self, track: Track) -> list[Publication]:
        """Gaps for what the leader has finished and an absent rendition has not."""
        leader, window, gaps = self.runs.get(self.leader), track.window, []
        for segment in leader.track.window.segments if leader else ():
            opened = window.open
            if segment.msn < (opened.msn if opened else window.next_msn):
                continue
            track.close_as_gap(segment)
            gaps.append(track.publication(finished=track.newest_gap()))
        return gaps

    def resume_ms(self, name: str) -> float:
        """Where a restarted encoder of this rendition has to begin: the start of its open segment."""
        run = self.runs[name]
        run.cutter.forget_pending()
        self._held[name].clear()
        number = max(self._clock.number_at(run.end_ms + BOUNDARY_TOLERANCE_MS), 0)
        return self._clock.start_ms(number) if self._clock.started else 0.0

    def _release(self, name: str) -> list[Publication]:
        run, held, made = self.runs[name], self._held[name], []
        while held and run.cutter.decided_ms(held[0]) <= self._horizon_ms:
            frame = held.popleft()
            if name in self._joining and self.begins_segment(frame.pts * 1000 / run.cutter.timescale):
                self._joining.discard(name)
            if name not in self._joining:
                made += run.push(frame)
        return made

    def begins_segment(self, pts_ms: float) -> bool:
        """Whether a segment begins with the picture of this time, as far as the leader has come."""
        number = self._clock.number_at(pts_ms + BOUNDARY_TOLERANCE_MS)
        return number >= 0 and pts_ms - self._clock.start_ms(number) <= BOUNDARY_TOLERANCE_MS
