"""A strict reader of live media playlists, written from RFC 8216bis rather than from our writer; § are its sections.

Every rule raises `BrokenRule` with its number in the conformance checklist.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

FRAME_SECONDS = 0.034  # of the slowest usual rate, 30 frames a second
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]+"|[^",\s]+)(?:,|$)')
_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?")
_ONCE = ("VERSION", "TARGETDURATION", "SERVER-CONTROL", "PART-INF", "MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE", "SKIP")


class BrokenRule(AssertionError):
    """A playlist breaks the rule of this number."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(f"{rule}: {why}")
        self.rule = rule


@dataclass(frozen=True)
class ListedPart:
    uri: str
    duration: Decimal
    independent: bool


@dataclass
class ListedSegment:
    msn: int
    discontinuity_sequence: int
    map_uri: str | None
    starts_at: datetime | None
    parts: list[ListedPart] = field(default_factory=list)
    uri: str = ""  # empty while the segment is open
    duration: Decimal = Decimal(0)
    gap: bool = False


@dataclass
class Playlist:
    """What a client knows after reading the text. `segments` are the complete ones."""

    tags: dict[str, str]
    segments: list[ListedSegment]
    open: ListedSegment
    hints: list[dict[str, str]]
    reports: list[dict[str, str]]

    @property
    def ended(self) -> bool:
        return "ENDLIST" in self.tags

    def number(self, tag: str) -> int:
        return int(self.tags[tag])

    def attribute(self, tag: str, name: str) -> Decimal:
        return Decimal(attributes(self.tags[tag])[name])

    @property
    def seconds(self) -> Decimal:
        return sum((s.duration for s in self.segments), Decimal(0)) + sum(
            (p.duration for p in self.open.parts), Decimal(0)
        )


def demand(rule: str, holds: object, why: str) -> None:
    if not holds:
        raise BrokenRule(rule, why)


def attributes(text: str) -> dict[str, str]:
    """An attribute list (§4.2), refusing what the grammar refuses."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _ATTRIBUTE.match(text, at)
        demand("A-007", match, f"attribute list {text!r}")
        assert match
        name, value = match.groups()
        demand("A-007", name not in found, f"{name} twice in {text!r}")
        found[name] = value.strip('"')
        at = match.end()
    return found


def seconds(text: str) -> Decimal:
    demand("A-007", _DECIMAL.fullmatch(text), f"{text!r} is no decimal-floating-point")
    return Decimal(text)


class _Reader:
    """Takes a playlist line by line."""

    def __init__(self) -> None:
        self.tags: dict[str, str] = {}
        self.segments: list[ListedSegment] = []
        self.hints: list[dict[str, str]] = []
        self.reports: list[dict[str, str]] = []
        self.map_uri: str | None = None
        self.current: ListedSegment | None = None
        self.extinf: Decimal | None = None
        self.discontinuity_sequence = 0
        self.media_sequence = 0
        self.by_tag: dict[str, Callable[[str], None]] = {
            "DISCONTINUITY": self._discontinuity,
            "MAP": self._map,
            "PROGRAM-DATE-TIME": self._date,
            "PART": self._part,
            "GAP": self._gap,
            "PRELOAD-HINT": lambda value: self.hints.append(attributes(value)),
            "RENDITION-REPORT": lambda value: self.reports.append(attributes(value)),
            "SKIP": self._skip,
        }

    def line(self, line: str) -> None:
        if line.startswith("#EXTINF:"):
            self.extinf = seconds(line.removeprefix("#EXTINF:").split(",")[0])
        elif line.startswith("#EXT-X-"):
            name, _, value = line.removeprefix("#EXT-X-").partition(":")
            self._tag(name, value)
        elif not line.startswith("#"):
            self._uri(line)

    def _tag(self, name: str, value: str) -> None:
        demand("A-010", name not in {"ALLOW-CACHE", "PREFETCH"}, name)
        if name in self.by_tag:
            self.by_tag[name](value)
        else:
            demand("A-004", name not in self.tags, f"{name} twice")
        if name in _ONCE:
            demand("A-024", not self.segments or name == "SKIP", f"{name} after the first segment")
        if name == "MEDIA-SEQUENCE":
            self.media_sequence = int(value)
        if name == "DISCONTINUITY-SEQUENCE":
            self.discontinuity_sequence = int(value)
        self.tags[name] = value

    def _skip(self, value: str) -> None:
        demand("A-004", "SKIP" not in self.tags, "SKIP twice")
        self.media_sequence += int(attributes(value)["SKIPPED-SEGMENTS"])

    def segment(self) -> ListedSegment:
        if self.current is None:
            msn = self.media_sequence + len(self.segments)
            self.current = ListedSegment(msn, self.discontinuity_sequence, self.map_uri, None)
        return self.current

    def _before_parts(self, name: str) -> ListedSegment:
        segment = self.segment()
        demand("A-088", not segment.parts, f"{name} of segment {segment.msn} after its first part")
        return segment

    def _discontinuity(self, _: str) -> None:
        self.discontinuity_sequence += 1
        self._before_parts("DISCONTINUITY").discontinuity_sequence = self.discontinuity_sequence

    def _map(self, value: str) -> None:
        self.map_uri = attributes(value)["URI"]
        self._before_parts("MAP").map_uri = self.map_uri

    def _date(self, value: str) -> None:
        demand("A-029", re.search(r"\.\d{3}(Z|[+-]\d\d:\d\d)$", value), f"{value} has no milliseconds or zone")
        self._before_parts("PROGRAM-DATE-TIME").starts_at = datetime.fromisoformat(value)

    def _part(self, value: str) -> None:
        given = attributes(value)
        self.segment().parts.append(
            ListedPart(given["URI"], seconds(given["DURATION"]), given.get("INDEPENDENT") == "YES")
        )

    def _gap(self, _: str) -> None:
        self.segment().gap = True

    def _uri(self, uri: str) -> None:
        demand("A-009", re.fullmatch(r"[A-Za-z0-9._~/-]+", uri), f"{uri!r} is no URI")
        demand("A-004", self.extinf is not None, f"{uri} has no EXTINF")
        segment = self.segment()
        segment.uri, segment.duration = uri, self.extinf or Decimal(0)
        self.segments.append(segment)
        self.current, self.extinf = None, None


def read(text: str) -> Playlist:
    """A live media playlist, or BrokenRule."""
    lines = text.split("\n")
    demand("A-001", lines[0] == "#EXTM3U", f"first line {lines[0]!r}")
    demand("A-002", text.endswith("\n") and not re.search(r"[\x00-\x09\x0b-\x1f\x7f\ufeff]", text), "characters")
    reader = _Reader()
    for line in lines[1:-1]:
        reader.line(line)
    opened = reader.segment()
    return Playlist(reader.tags, reader.segments, opened, reader.hints, reader.reports)


def check(text: str, *, other_renditions: int = 0) -> Playlist:
    """Read a live media playlist and demand everything that one snapshot can show."""
    playlist = read(text)
    _check_header(playlist)
    for segment in playlist.segments:
        _check_segment(playlist, segment)
    _check_parts(playlist)
    _check_dates(playlist)
    _check_edge(playlist, other_renditions)
    return playlist


def _check_header(playlist: Playlist) -> None:
    tags = playlist.tags
    demand("A-005", playlist.number("VERSION") == (9 if "SKIP" in tags else 6), f"version {tags['VERSION']}")
    demand("A-020", tags.get("TARGETDURATION", "").isdigit(), "TARGETDURATION")
    demand("A-024", "MEDIA-SEQUENCE" in tags, "no MEDIA-SEQUENCE")
    demand("A-025", "DISCONTINUITY-SEQUENCE" in tags, "no DISCONTINUITY-SEQUENCE")
    demand("A-065", "INDEPENDENT-SEGMENTS" in tags, "no INDEPENDENT-SEGMENTS")
    demand("A-080", "PART-INF" in tags and "PART-HOLD-BACK" in tags["SERVER-CONTROL"], "no PART-INF")
    part_target, target = playlist.attribute("PART-INF", "PART-TARGET"), playlist.number("TARGETDURATION")
    demand("A-081", playlist.attribute("SERVER-CONTROL", "PART-HOLD-BACK") >= 3 * part_target, "PART-HOLD-BACK")
    demand("A-082", playlist.attribute("SERVER-CONTROL", "HOLD-BACK") >= 3 * target, "HOLD-BACK")
    demand("A-082", playlist.attribute("SERVER-CONTROL", "CAN-SKIP-UNTIL") >= 6 * target, "CAN-SKIP-UNTIL")


def _check_segment(playlist: Playlist, segment: ListedSegment) -> None:
    target = playlist.number("TARGETDURATION")
    demand("A-021", segment.duration < target + Decimal("0.5"), f"segment {segment.msn} lasts {segment.duration}")
    demand("A-028", segment.map_uri or "SKIP" in playlist.tags, f"segment {segment.msn} has no MAP")
    demand("A-029", segment.starts_at, f"segment {segment.msn} has no PROGRAM-DATE-TIME")
    if segment.parts:
        total = sum(part.duration for part in segment.parts)
        difference = abs(total - segment.duration)
        demand("A-085", difference < Decimal("0.001"), f"parts of {segment.msn} last {total}, not {segment.duration}")


def _check_parts(playlist: Playlist) -> None:
    target = playlist.attribute("PART-INF", "PART-TARGET")
    for segment in [*playlist.segments, playlist.open]:
        for part in segment.parts:
            demand("A-083", part.duration <= target, f"{part.uri} lasts {part.duration}")
        for part in segment.parts[:-1]:
            demand("A-083", part.duration >= target * Decimal("0.85"), f"{part.uri} lasts only {part.duration}")
    after = Decimal(0)
    for segment in reversed(playlist.segments):
        old = after > 3 * playlist.number("TARGETDURATION")
        demand("A-089", not segment.parts or not old, f"parts of {segment.msn} are still listed")
        after += segment.duration


def _check_dates(playlist: Playlist) -> None:
    for one, other in pairwise(playlist.segments):
        if one.discontinuity_sequence == other.discontinuity_sequence and one.starts_at and other.starts_at:
            step = (other.starts_at - one.starts_at).total_seconds()
            demand("A-031", abs(step - float(one.duration)) <= FRAME_SECONDS, f"date of segment {other.msn}")


def _check_edge(playlist: Playlist, other_renditions: int) -> None:
    if playlist.ended:
        demand("A-035", not playlist.hints and not playlist.open.parts, "a hint or an open segment after the end")
        return
    hints = [hint for hint in playlist.hints if hint["TYPE"] == "PART"]
    demand("A-091", len(hints) == 1, f"{len(hints)} hints of parts")
    demand("A-091", hints[0]["URI"] not in [part.uri for part in playlist.open.parts], "hint of a listed part")
    demand("A-092", len(playlist.reports) == other_renditions, f"{len(playlist.reports)} rendition reports")


def check_history(older: Playlist, newer: Playlist) -> None:
    """What must hold between two snapshots of one playlist (§6.2.1, §6.2.2)."""
    demand("A-040", older.tags["TARGETDURATION"] == newer.tags["TARGETDURATION"], "TARGETDURATION changed")
    demand("A-084", older.tags["PART-INF"] == newer.tags["PART-INF"], "PART-TARGET changed")
    for tag in ("MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE"):
        demand("A-042", newer.number(tag) >= older.number(tag), f"{tag} went back")
    demand("A-050", not older.ended or newer.ended, "the end was taken back")
    before = {segment.msn: segment for segment in older.segments}
    demand("A-042", newer.segments[-1].msn >= older.segments[-1].msn, "segments went back")
    for segment in newer.segments:
        known = before.get(segment.msn)
        if known is None:
            continue
        rule = "A-043" if known.discontinuity_sequence != segment.discontinuity_sequence else "A-044"
        for name in ("discontinuity_sequence", "uri", "duration", "starts_at", "gap"):
            demand(rule, getattr(known, name) == getattr(segment, name), f"{name} of segment {segment.msn} changed")
    for number, part in enumerate(newer.segments[-1].parts):
        listed = older.open.parts if older.open.msn == newer.segments[-1].msn else []
        demand("A-044", number >= len(listed) or listed[number] == part, f"{part.uri} changed")
