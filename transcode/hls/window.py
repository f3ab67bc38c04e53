"""The sliding live window of one rendition: which segments and parts a playlist lists now.

A window survives restarts of the pipeline: it is stored whole after every change and continued by the next run,
so Media Sequence Numbers, Discontinuity Sequence Numbers and dates never go backwards (RFC 8216bis §6.2.1, §6.2.2).
Durations are seconds; `starts_at` is Unix time in seconds.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# What stays listed: at least 6 segments (Apple authoring rule 8.11) and long enough that a player which was
# suspended for half a minute finds its place again.
WINDOW_SECONDS = 40.0
MIN_WINDOW_SEGMENTS = 6
# Parts are only useful at the live edge; RFC 8216bis §6.2.2: remove those further than three Target Durations back.
PARTS_KEPT_TARGET_DURATIONS = 3


@dataclass(frozen=True)
class Part:
    """One Partial Segment (RFC 8216bis §4.4.4.9)."""

    duration: float
    size: int
    independent: bool = False


@dataclass(frozen=True)
class WindowSegment:
    """One Media Segment; `parts` is empty once they are too old to list."""

    msn: int
    epoch: int
    starts_at: float
    duration: float
    size: int
    parts: tuple[Part, ...] = ()
    discontinuity: bool = False
    gap: bool = False


@dataclass
class OpenSegment:
    """The parent of the parts being made now."""

    msn: int
    epoch: int
    starts_at: float
    discontinuity: bool
    parts: list[Part] = field(default_factory=list)


@dataclass
class Window:
    """The state behind one live media playlist. Mutated only by the methods below."""

    target_duration: int
    part_target: float
    next_msn: int = 0
    discontinuity_sequence: int = 0
    segments: list[WindowSegment] = field(default_factory=list)
    open: OpenSegment | None = None
    ended: bool = False

    def open_segment(self, *, epoch: int, starts_at: float, discontinuity: bool) -> None:
        """Begin the next segment. The previous one must have been closed."""
        if self.open is not None:
            raise ValueError(f"segment {self.open.msn} is still open")
        self.open = OpenSegment(self.next_msn, epoch, starts_at, discontinuity)
        self.next_msn += 1

    def add_part(self, part: Part) -> int:
        """List a finished part of the open segment; returns its index."""
        if self.open is None:
            raise ValueError("no segment is open")
        self.open.parts.append(part)
        return len(self.open.parts) - 1

    def close_segment(self) -> WindowSegment | None:
        """Finish the open segment and slide the window; None when it held no part and was dropped."""
        opened, self.open = self.open, None
        if opened is None:
            return None
        if not opened.parts:
            self.next_msn = opened.msn
            return None
        segment = WindowSegment(
            msn=opened.msn,
            epoch=opened.epoch,
            starts_at=opened.starts_at,
            duration=sum(part.duration for part in opened.parts),
            size=sum(part.size for part in opened.parts),
            parts=tuple(opened.parts),
            discontinuity=opened.discontinuity,
        )
        self._append(segment)
        return segment

    def add_gap(self, *, epoch: int, starts_at: float, duration: float, discontinuity: bool) -> None:
        """List a segment that this rendition does not have (EXT-X-GAP), so that its numbers match the others'."""
        self._append(WindowSegment(self.next_msn, epoch, starts_at, duration, 0, discontinuity=discontinuity, gap=True))
        self.next_msn += 1

    def end(self) -> None:
        """Nothing will be added any more: EXT-X-ENDLIST."""
        self.close_segment()
        self.ended = True

    @property
    def last_msn(self) -> int:
        """Media Sequence Number of the last complete segment, -1 when there is none yet."""
        if self.open is not None:
            return self.open.msn - 1
        return self.next_msn - 1

    @property
    def edge(self) -> tuple[int, int]:
        """(MSN, part index) of the newest thing a client can have; part -1: the segment has no part yet."""
        if self.open is not None and self.open.parts:
            return self.open.msn, len(self.open.parts) - 1
        return self.last_msn, (len(self.segments[-1].parts) - 1 if self.segments else -1)

    def _append(self, segment: WindowSegment) -> None:
        self.segments.append(segment)
        self._drop_old_parts()
        total = sum(entry.duration for entry in self.segments)
        while len(self.segments) > MIN_WINDOW_SEGMENTS and total - self.segments[0].duration >= WINDOW_SECONDS:
            removed = self.segments.pop(0)
            total -= removed.duration
            # RFC 8216bis §6.2.2: counts the EXT-X-DISCONTINUITY tags that left with their segments.
            self.discontinuity_sequence += removed.discontinuity

    def _drop_old_parts(self) -> None:
        age, keep = 0.0, PARTS_KEPT_TARGET_DURATIONS * self.target_duration
        for index in range(len(self.segments) - 1, -1, -1):
            entry = self.segments[index]
            if age >= keep and entry.parts:
                self.segments[index] = WindowSegment(**{**_fields(entry), "parts": ()})
            age += entry.duration

    def to_json(self) -> dict[str, Any]:
        """The whole state, for `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Window":
        """A window as `to_json` stored it."""
        opened = stored["open"]
        return cls(
            **{key: stored[key] for key in _PLAIN_FIELDS},
            segments=[
                WindowSegment(**{**entry, "parts": tuple(Part(**part) for part in entry["parts"])})
                for entry in stored["segments"]
            ],
            open=OpenSegment(**{**opened, "parts": [Part(**part) for part in opened["parts"]]}) if opened else None,
        )


_PLAIN_FIELDS = ("target_duration", "part_target", "next_msn", "discontinuity_sequence", "ended")


def _fields(segment: WindowSegment) -> dict[str, Any]:
    return {name: getattr(segment, name) for name in WindowSegment.__dataclass_fields__}
