"""A strict reader of playlists, written from RFC 8216bis rather than from our writer; § are its sections.

It never refuses a text: what breaks the grammar becomes a `Breach` under its number in the conformance checklist, and
everything else is read on, so that each rule can judge for itself.
"""

import posixpath
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from tests.conformance.attributes import Attributes, Breach, decimal_float, integer, names, read_attributes
from tests.conformance.capture import place

# §4.4.1.2-3, §4.4.2 (except DEFINE), §4.4.3, §4.4.5.2, §4.4.6.6: at most once.
SINGLE = names(
    "VERSION INDEPENDENT-SEGMENTS START TARGETDURATION MEDIA-SEQUENCE DISCONTINUITY-SEQUENCE ENDLIST PLAYLIST-TYPE "
    "I-FRAMES-ONLY PART-INF SERVER-CONTROL SKIP CONTENT-STEERING"
)
BEFORE_SEGMENTS = frozenset({"MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE"})  # §4.4.3.2, §4.4.3.3
MULTIVARIANT_TAGS = names("MEDIA STREAM-INF I-FRAME-STREAM-INF SESSION-DATA SESSION-KEY CONTENT-STEERING")
MEDIA_TAGS = names(
    "EXTINF TARGETDURATION MEDIA-SEQUENCE DISCONTINUITY-SEQUENCE ENDLIST PLAYLIST-TYPE I-FRAMES-ONLY PART-INF "
    "SERVER-CONTROL BYTERANGE DISCONTINUITY KEY MAP PROGRAM-DATE-TIME GAP BITRATE PART DATERANGE SKIP PRELOAD-HINT "
    "RENDITION-REPORT"
)
REMOVED = frozenset({"ALLOW-CACHE", "PREFETCH"})  # §8; PREFETCH was never in it
WITH_ATTRIBUTES = names(
    "MEDIA STREAM-INF I-FRAME-STREAM-INF SESSION-DATA SESSION-KEY CONTENT-STEERING START DEFINE PART-INF "
    "SERVER-CONTROL KEY MAP PART DATERANGE SKIP PRELOAD-HINT RENDITION-REPORT"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,}(Z|[+-]\d\d:\d\d)")
_URI = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_CONTROLS = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class ListedPart:
    uri: str
    duration: Decimal
    independent: bool
    gap: bool = False


@dataclass
class ListedSegment:
    """A segment, or the open one (without `uri`). `starts_at` is its own PROGRAM-DATE-TIME only."""

    msn: int
    discontinuity_sequence: int
    map_uri: str | None
    starts_at: datetime | None
    parts: list[ListedPart] = field(default_factory=list)
    uri: str = ""  # empty while the segment is open
    duration: Decimal = Decimal(0)
    gap: bool = False
    discontinuity: bool = False
    byte_range: tuple[int, int] | None = None  # length, offset
    map_range: tuple[int, int] | None = None

    @property
    def place(self) -> str:
        """Its URI, and which bytes of it."""
        return place(self.uri, self.byte_range)

    @property
    def map_place(self) -> str:
        """The same of its initialization section; empty when it has none."""
        return place(self.map_uri or "", self.map_range)


@dataclass(frozen=True)
class Variant:
    """STREAM-INF or I-FRAME-STREAM-INF with its URI."""

    attributes: Attributes
    uri: str


@dataclass(eq=False)
class Playlist:
    """What a client knows after reading the text. `segments` are the complete ones. Shared: not to be changed."""

    text: str
    breaches: list[Breach] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)  # name without EXT-X- → the last one's value
    counts: Counter[str] = field(default_factory=Counter)
    segments: list[ListedSegment] = field(default_factory=list)
    open: ListedSegment = field(default_factory=lambda: ListedSegment(0, 0, None, None))
    hints: list[Attributes] = field(default_factory=list)
    reports: list[Attributes] = field(default_factory=list)
    media: list[Attributes] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    iframe_variants: list[Variant] = field(default_factory=list)
    by_tag: dict[str, Attributes] = field(default_factory=dict)  # of tags with attributes: the last one's

    @property
    def ended(self) -> bool:
        return "ENDLIST" in self.tags

    @property
    def is_multivariant(self) -> bool:
        return bool(self.variants or self.media or self.iframe_variants)

    @property
    def is_iframes(self) -> bool:
        return "I-FRAMES-ONLY" in self.tags

    @property
    def is_delta(self) -> bool:
        return "SKIP" in self.tags

    @property
    def has_parts(self) -> bool:
        return "PART" in self.tags or "PART-INF" in self.tags

    @property
    def is_recording(self) -> bool:
        return self.tags.get("PLAYLIST-TYPE") == "VOD"

    def number(self, tag: str) -> int:
        """A tag's integer; 0 where it is missing or none (other rules say so)."""
        text = self.tags.get(tag, "")
        return int(text) if text.isascii() and text.isdigit() else 0

    def attribute(self, tag: str, name: str) -> Decimal:
        """A tag's decimal attribute; 0 where it is missing or none."""
        return decimal_float(self.by_tag.get(tag, {}).get(name, "")) or Decimal(0)

    @property
    def seconds(self) -> Decimal:
        return sum((s.duration for s in self.segments), Decimal(0)) + sum(
            (p.duration for p in self.open.parts), Decimal(0)
        )


@lru_cache(maxsize=100_000)
def resolve(playlist_path: str, uri: str) -> str:
    """A URI in a playlist as the path of an Exchange; one with a scheme stays as it is."""
    if "://" in uri:
        return uri
    return posixpath.normpath(posixpath.join(posixpath.dirname(playlist_path), uri.split("?")[0]))


class _Reader:
    """Takes a playlist line by line."""

    def __init__(self, text: str) -> None:
        self.made = Playlist(text)
        self.map: tuple[str, tuple[int, int] | None] | None = None
        self.current: ListedSegment | None = None
        self.extinf: Decimal | None = None
        self.variant: Attributes | None = None
        self.discontinuity_sequence = self.media_sequence = self.range_end = 0
        self.by_tag: dict[str, Callable[[str], None]] = {
            "EXTINF": self._extinf,
            "MEDIA-SEQUENCE": self._media_sequence,
            "DISCONTINUITY-SEQUENCE": self._first_discontinuity_sequence,
            "DISCONTINUITY": self._discontinuity,
            "PROGRAM-DATE-TIME": self._date,
            "GAP": self._gap,
            "BYTERANGE": self._byte_range,
        }
        self.by_attribute_tag: dict[str, Callable[[Attributes], None]] = {
            "MAP": self._map,
            "PART": self._part,
            "SKIP": self._skip,
            "PRELOAD-HINT": lambda given: self.made.hints.append(given),
            "RENDITION-REPORT": lambda given: self.made.reports.append(given),
            "MEDIA": lambda given: self.made.media.append(given),
            "STREAM-INF": self._stream_inf,
            "I-FRAME-STREAM-INF": lambda given: self.made.iframe_variants.append(Variant(given, given.get("URI", ""))),
            "KEY": self._key,
        }

    def breach(self, rule: str, what: str) -> None:
        self.made.breaches.append(Breach(rule, what))

    def line(self, line: str) -> None:
        if line.startswith("#EXT"):
            name, _, value = line.removeprefix("#EXT-X-").removeprefix("#").partition(":")
            self._tag(name, value)
        elif line and not line.startswith("#"):
            self._uri(line)

    def _tag(self, name: str, value: str) -> None:
        self.made.counts[name] += 1
        if name in REMOVED:
            self.breach("A-010", f"{name} is in the playlist")
        if name in SINGLE and name in self.made.tags:
            self.breach("A-004", f"{name} twice")
        if self.variant is not None:
            self.breach("A-130", f"STREAM-INF is followed by {name}, not by its URI")
            self.variant = None
        if name in BEFORE_SEGMENTS and (self.made.segments or self.current):
            self.breach("A-024", f"{name} after the first segment")
        self.made.tags[name] = value
        if name in WITH_ATTRIBUTES:
            self._attribute_tag(name, value)
        elif name in self.by_tag:
            self.by_tag[name](value)

    def _attribute_tag(self, name: str, value: str) -> None:
        given, breaches = read_attributes(name, value)
        self.made.breaches += breaches
        if "PROGRAM-ID" in given:
            self.breach("A-010", "PROGRAM-ID is in the playlist")
        self.made.by_tag[name] = given
        if name in self.by_attribute_tag:
            self.by_attribute_tag[name](given)

    def _integer(self, name: str, value: str) -> int:
        number = integer(value)
        if number is None:
            self.breach("A-007", f"{name}:{value} is no decimal-integer")
        return number or 0

    def _media_sequence(self, value: str) -> None:
        self.media_sequence = self._integer("MEDIA-SEQUENCE", value)

    def _first_discontinuity_sequence(self, value: str) -> None:
        self.discontinuity_sequence = self._integer("DISCONTINUITY-SEQUENCE", value)

    def _extinf(self, value: str) -> None:
        text, comma, _ = value.partition(",")
        self.extinf = decimal_float(text)
        if self.extinf is None or not comma:
            self.breach("A-007", f"EXTINF:{value} is no duration and comma")
            self.extinf = self.extinf or Decimal(0)

    def _skip(self, given: Attributes) -> None:
        self.media_sequence += integer(given.get("SKIPPED-SEGMENTS", "")) or 0

    def segment(self) -> ListedSegment:
        if self.current is None:
            msn = self.media_sequence + len(self.made.segments)
            self.current = ListedSegment(msn, self.discontinuity_sequence, None, None)
            if self.map is not None:
                self.current.map_uri, self.current.map_range = self.map
        return self.current

    def _before_parts(self, name: str) -> ListedSegment:
        segment = self.segment()
        if segment.parts:
            self.breach("A-088", f"{name} of segment {segment.msn} after its first part")
        return segment

    def _discontinuity(self, _: str) -> None:
        segment = self._before_parts("DISCONTINUITY")
        self.discontinuity_sequence += 1
        segment.discontinuity_sequence, segment.discontinuity = self.discontinuity_sequence, True

    def _map(self, given: Attributes) -> None:
        self.map = given.get("URI", ""), _range(given.get("BYTERANGE", ""), 0)
        segment = self._before_parts("MAP")
        segment.map_uri, segment.map_range = self.map

    def _key(self, _: Attributes) -> None:
        self._before_parts("KEY")

    def _date(self, value: str) -> None:
        segment = self._before_parts("PROGRAM-DATE-TIME")
        if not _DATE.fullmatch(value):
            self.breach("A-029S", f"{value} has no milliseconds or no zone")
        try:
            date = datetime.fromisoformat(value)
            segment.starts_at = date if date.tzinfo else None
        except ValueError:
            self.breach("A-029", f"{value} is no date")

    def _part(self, given: Attributes) -> None:
        self.segment().parts.append(
            ListedPart(
                given.get("URI", ""),
                decimal_float(given.get("DURATION", "")) or Decimal(0),
                given.get("INDEPENDENT") == "YES",
                given.get("GAP") == "YES",
            )
        )

    def _gap(self, _: str) -> None:
        self.segment().gap = True

    def _byte_range(self, value: str) -> None:
        self.segment().byte_range = _range(value, self.range_end)

    def _stream_inf(self, given: Attributes) -> None:
        self.variant = given

    def _uri(self, uri: str) -> None:
        if not _URI.fullmatch(uri):
            self.breach("A-009", f"{uri!r} is no URI")
        if self.variant is not None:
            self.made.variants.append(Variant(self.variant, uri))
            self.variant = None
            return
        if self.extinf is None:
            self.breach("A-009", f"{uri!r} belongs to no EXTINF and no STREAM-INF")
            return
        segment = self.segment()
        segment.uri, segment.duration = uri, self.extinf
        self.range_end = sum(segment.byte_range) if segment.byte_range else 0
        self.made.segments.append(segment)
        self.current, self.extinf = None, None

    def finish(self) -> Playlist:
        if self.variant is not None:
            self.breach("A-130", "STREAM-INF at the end has no URI")
        if self.extinf is not None:
            self.breach("A-009", "EXTINF at the end has no URI")
        self.made.open = self.segment()
        found = set(self.made.counts)
        if found & MULTIVARIANT_TAGS and found & MEDIA_TAGS:
            self.breach("A-008", f"tags of both kinds: {sorted(found & (MULTIVARIANT_TAGS | MEDIA_TAGS))}")
        return self.made


def _range(text: str, follows: int) -> tuple[int, int] | None:
    """§4.4.4.2: `<n>[@<o>]`; without `o` it begins where the range before it ended."""
    length, _, offset = text.partition("@")
    if integer(length) is None:
        return None
    return int(length), integer(offset) if integer(offset) is not None else follows  # type: ignore[return-value]


def read(text: str) -> Playlist:
    """Any playlist."""
    reader = _Reader(text)
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0] != "#EXTM3U":
        reader.breach("A-001", f"first line {lines[0][:40]!r}")
    _read_characters(text, reader)
    for line in lines[1:]:
        if line != line.strip():
            reader.breach("A-009", f"white space around {line[:60]!r}")
        reader.line(line.strip())
    return reader.finish()


def _read_characters(text: str, reader: _Reader) -> None:
    if text.startswith("\ufeff"):
        reader.breach("A-002", "a byte order mark")
    if _CONTROLS.search(text) or "\r" in text.replace("\r\n", ""):
        reader.breach("A-002", "a control character")
    if not text.isascii() and unicodedata.normalize("NFC", text) != text:
        reader.breach("A-002", "not in Unicode normalization form C")
    if not text.endswith("\n"):
        reader.breach("A-009", "the last line does not end")


@lru_cache(maxsize=60_000)  # the changes of four renditions in half an hour
def read_body(body: bytes) -> Playlist:
    """A playlist as it came over the wire; shared, so not to be changed."""
    try:
        return read(body.decode())
    except UnicodeDecodeError as error:
        made = read(body.decode(errors="replace"))
        made.breaches.append(Breach("A-002", f"not UTF-8: {error}"))
        return made
