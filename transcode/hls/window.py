"""The sliding live window of one rendition: which segments and parts a playlist lists now.

A window survives restarts of the pipeline: it is stored whole after every change and continued by the next run,
so Media Sequence Numbers, Discontinuity Sequence Numbers and dates never go backwards (RFC 8216bis §6.2.1, §6.2.2).
Each change is also kept as a small list of words and numbers (`take_changes`), so that an origin which has the window
of one revision makes the next one itself (`apply`) and need not be sent the whole.
Durations are seconds; `starts_at` is Unix time in seconds.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

# What stays listed: at least 6 segments (Apple authoring rule 8.11) and long enough that a player which was
# suspended for half a minute finds its place again.
WINDOW_SECONDS = 40.0
MIN_WINDOW_SEGMENTS = 6
# Parts are only useful at the live edge; RFC 8216bis §6.2.2: remove those further than three Target Durations back.
PARTS_KEPT_TARGET_DURATIONS = 3


@dataclass(frozen=True)
class Part:
    """One Partial Segment (RFC 8216bis §4.4.4.9).

    `key_bytes` is how many of its first bytes show a picture: up to the end of the key frame it begins with, or 0.
    """

    duration: float
    size: int
    independent: bool = False
    key_bytes: int = 0

    @cached_property
    def text(self) -> str:
        """JSON; made once, since a part is stored again with every later change of its window."""
        return json.dumps(self.fields(), separators=(",", ":"))

    def fields(self) -> dict[str, float]:
        """As `asdict` has them, without its copies: one of these is made for every part of every rendition."""
        return {
            "duration": self.duration,
            "size": self.size,
            "independent": self.independent,
            "key_bytes": self.key_bytes,
        }


@dataclass(frozen=True)
class WindowSegment:
    """One Media Segment; `parts` is empty once they are too old to list. `key_bytes` is that of its first part."""

    msn: int
    epoch: int
    starts_at: float
    duration: float
    size: int
    parts: tuple[Part, ...] = ()
    discontinuity: bool = False
    gap: bool = False
    key_bytes: int = 0

    @property
    def ends_at(self) -> float:
        """Unix time at which it ends."""
        return self.starts_at + self.duration

    @cached_property
    def text(self) -> str:
        """JSON; made once, like that of its parts."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "parts"}
        return _with_parts(fields, self.parts)


@dataclass
class OpenSegment:
    """The parent of the parts being made now."""

    msn: int
    epoch: int
    starts_at: float
    discontinuity: bool
    parts: list[Part] = field(default_factory=list)

    @property
    def text(self) -> str:
        """JSON."""
        fields = {
            "msn": self.msn,
            "epoch": self.epoch,
            "starts_at": self.starts_at,
            "discontinuity": self.discontinuity,
        }
        return _with_parts(fields, self.parts)


def _with_parts(fields: Mapping[str, Any], parts: Sequence[Part]) -> str:
    listed = ",".join(part.text for part in parts)
    return f'{json.dumps(fields, separators=(",", ":"))[:-1]},"parts":[{listed}]}}'


@dataclass
class Window:
    """The state behind one live media playlist. Mutated only by the methods below, each of which is one change."""

    target_duration: int
    part_target: float
    next_msn: int = 0
    discontinuity_sequence: int = 0
    segments: list[WindowSegment] = field(default_factory=list)
    open: OpenSegment | None = None
    ended: bool = False
    revision: int = 0  # changes so far
    _changes: list[list[Any]] = field(default_factory=list, repr=False, compare=False)

    def open_segment(self, *, epoch: int, starts_at: float, discontinuity: bool) -> None:
        """Begin the next segment. The previous one must have been closed."""
        if self.open is not None:
            raise ValueError(f"segment {self.open.msn} is still open")
        self._note("open_segment", epoch=epoch, starts_at=starts_at, discontinuity=discontinuity)
        self.open = OpenSegment(self.next_msn, epoch, starts_at, discontinuity)
        self.next_msn += 1

    def date_segment(self, *, starts_at: float) -> None:
        """The open segment begins here: it was opened before its first frame was known."""
        if self.open is None or self.open.parts:
            raise ValueError("no segment is open without a part")
        if self.open.starts_at != starts_at:
            self._note("date_segment", starts_at=starts_at)
            self.open.starts_at = starts_at

    def add_part(self, part: Part) -> int:
        """List a finished part of the open segment; returns its index."""
        if self.open is None:
            raise ValueError("no segment is open")
        self._note("add_part", **part.fields())
        self.open.parts.append(part)
        return len(self.open.parts) - 1

    def close_segment(self) -> WindowSegment | None:
        """Finish the open segment and slide the window; None when it held no part and was dropped."""
        opened = self.open
        if opened is None:
            return None
        self._note("close_segment")
        self.open = None
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
            key_bytes=opened.parts[0].key_bytes,
        )
        self._append(segment)
        return segment

    def lose_segment(self) -> None:
        """The open segment's bytes are gone: a gap stands in its place."""
        opened = self.open
        if opened is None:
            raise ValueError("no segment is open")
        self._note("lose_segment")
        self.open = None
        duration = sum(part.duration for part in opened.parts)
        self._append(
            WindowSegment(
                opened.msn, opened.epoch, opened.starts_at, duration, 0, discontinuity=opened.discontinuity, gap=True
            )
        )

    def give_up_segment(self) -> None:
        """The open segment will not be made; its number is free again."""
        if self.open is None:
            raise ValueError("no segment is open")
        self._note("give_up_segment")
        self.next_msn, self.open = self.open.msn, None

    def add_gap(self, *, epoch: int, starts_at: float, duration: float, discontinuity: bool) -> None:
        """List a segment that this rendition does not have (EXT-X-GAP), so that its numbers match the others'."""
        self._note("add_gap", epoch=epoch, starts_at=starts_at, duration=duration, discontinuity=discontinuity)
        self._append(WindowSegment(self.next_msn, epoch, starts_at, duration, 0, discontinuity=discontinuity, gap=True))
        self.next_msn += 1

    def restart_at(self, *, msn: int, discontinuity_sequence: int) -> None:
        """Forget all segments and go on with this number: a rendition that was away for longer than a window lasts."""
        self._note("restart_at", msn=msn, discontinuity_sequence=discontinuity_sequence)
        self.segments.clear()
        self.next_msn, self.discontinuity_sequence = msn, discontinuity_sequence

    def end(self) -> None:
        """Nothing will be added any more: EXT-X-ENDLIST."""
        self.close_segment()
        self._note("end")
        self.ended = True

    def _note(self, method: str, **arguments: Any) -> None:
        self.revision += 1
        self._changes.append([method, arguments])

    def take_changes(self) -> list[list[Any]]:
        """What was done since the last call, for `apply`."""
        taken, self._changes = self._changes, []
        return taken

    def apply(self, changes: Sequence[Sequence[Any]]) -> None:
        """Do what `take_changes` of another copy of this window said. Raises ValueError for what is no change."""
        for method, arguments in changes:
            if method not in _CHANGES:
                raise ValueError(f"{method!r} is no change of a window")
            if method == "add_part":
                self.add_part(Part(**arguments))
            else:
                getattr(self, method)(**arguments)
        self._changes.clear()

    @property
    def last_msn(self) -> int:
        """Media Sequence Number of the last complete segment, -1 when there is none yet."""
        if self.open is not None:
            return self.open.msn - 1
        return self.next_msn - 1

    @property
    def ends_at(self) -> float:
        """Unix time up to which there is something; 0 when there is nothing at all."""
        if self.open is not None and self.open.parts:
            return self.open.starts_at + sum(part.duration for part in self.open.parts)
        return self.segments[-1].ends_at if self.segments else 0.0

    def segment(self, msn: int) -> WindowSegment | None:
        """The complete segment of this number, if it is listed."""
        return next((segment for segment in reversed(self.segments) if segment.msn == msn), None)

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
                self.segments[index] = replace(entry, parts=())
            age += entry.duration

    def to_json(self) -> str:
        """The whole state, for `from_json`."""
        plain = json.dumps({name: getattr(self, name) for name in _PLAIN_FIELDS}, separators=(",", ":"))
        listed = ",".join(segment.text for segment in self.segments)
        opened = self.open.text if self.open is not None else "null"
        return f'{plain[:-1]},"segments":[{listed}],"open":{opened}}}'

    @classmethod
    def from_json(cls, text: str | bytes) -> "Window":
        """A window as `to_json` stored it."""
        stored = json.loads(text)
        opened = stored["open"]
        return cls(
            **{key: stored[key] for key in _PLAIN_FIELDS},
            segments=[
                WindowSegment(**{**entry, "parts": tuple(Part(**part) for part in entry["parts"])})
                for entry in stored["segments"]
            ],
            open=OpenSegment(**{**opened, "parts": [Part(**part) for part in opened["parts"]]}) if opened else None,
        )


def with_known_maps(segments: Iterable[WindowSegment]) -> list[WindowSegment]:
    """The same segments, each gap in the epoch of what its rendition last had, or will have first: a run that does not
    make a rendition has no initialization section of it, and a playlist must not name one."""
    known = list(segments)
    epoch = next((segment.epoch for segment in known if not segment.gap), None)
    made = []
    for segment in known:
        if not segment.gap:
            epoch = segment.epoch
        made.append(segment if epoch is None or segment.epoch == epoch else replace(segment, epoch=epoch))
    return made


_PLAIN_FIELDS = ("target_duration", "part_target", "next_msn", "discontinuity_sequence", "ended", "revision")
_CHANGES = (
    "open_segment",
    "date_segment",
    "add_part",
    "close_segment",
    "lose_segment",
    "give_up_segment",
    "add_gap",
    "restart_at",
    "end",
)
