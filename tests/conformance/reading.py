"""A media playlist as a player reads it: lenient, and only what is needed to follow it. Rules use their own parser."""

import posixpath
import re
from dataclasses import dataclass, field
from functools import lru_cache

from tests.conformance.capture import place

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')


@dataclass(frozen=True)
class ListedSegment:
    """A media segment with a URI; `parts` are those listed of it. `uri` says which bytes of a file, where not all."""

    msn: int
    uri: str
    duration: float
    parts: tuple[str, ...] = ()
    gap: bool = False


@dataclass
class Reading:
    """One playlist. URIs are as written, for `resolve`."""

    version: int = 1
    target_duration: int = 0
    part_target: float = 0.0
    can_skip_until: float = 0.0
    can_block: bool = False
    can_skip_dateranges: bool = False
    media_sequence: int = 0
    discontinuity_sequence: int = 0
    skipped: int = 0
    segments: list[ListedSegment] = field(default_factory=list)
    open_parts: list[str] = field(default_factory=list)
    open_seconds: float = 0.0  # of the open parts
    maps: list[str] = field(default_factory=list)
    hints: dict[str, str] = field(default_factory=dict)  # TYPE → URI
    reports: dict[str, tuple[int, int]] = field(default_factory=dict)  # URI → LAST-MSN, LAST-PART
    gap_parts: set[str] = field(default_factory=set)
    variants: list[str] = field(default_factory=list)  # of a multivariant playlist: every playlist it names
    ended: bool = False
    iframes: bool = False

    @property
    def last_msn(self) -> int:
        """Of the last complete segment; one less than MEDIA-SEQUENCE when there is none."""
        return self.media_sequence + self.skipped + len(self.segments) - 1

    @property
    def seconds(self) -> float:
        return sum(segment.duration for segment in self.segments)

    @property
    def objects(self) -> set[str]:
        """Everything that must be downloadable now."""
        parts = {part for segment in self.segments for part in segment.parts} | set(self.open_parts)
        return self.segment_uris | (parts - self.gap_parts) | set(self.maps)

    @property
    def segment_uris(self) -> set[str]:
        return {segment.uri for segment in self.segments if not segment.gap}

    @property
    def part_uris(self) -> set[str]:
        listed = {part for segment in self.segments for part in segment.parts} | set(self.open_parts)
        return listed - self.gap_parts

    @property
    def edge(self) -> tuple[int, int, int, bool]:
        """The state that a playlist shows: two answers with the same edge must say the same."""
        return self.media_sequence, self.last_msn, len(self.open_parts), self.ended

    def has(self, msn: int, part: int | None = None) -> bool:
        """Whether a reload that waits for this is satisfied (R§6.2.5.2)."""
        if msn <= self.last_msn:
            return True
        return part is not None and msn == self.last_msn + 1 and part < len(self.open_parts)


def resolve(playlist_path: str, uri: str) -> str:
    """A URI in a playlist as a path below the same prefix; one with a scheme stays as it is."""
    if "://" in uri:
        return uri
    return posixpath.normpath(posixpath.join(posixpath.dirname(playlist_path), uri.split("?")[0]))


def attributes(line: str) -> dict[str, str]:
    """Of a tag, unquoted."""
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}


@lru_cache(maxsize=20_000)  # what four renditions say in ten minutes; each rule reads all of it
def read(text: str) -> Reading:
    """What a player understands of a playlist; shared, so not to be changed."""
    return _Reader().read(text)


class _Reader:
    def __init__(self) -> None:
        self.reading = Reading()
        self._duration: float | None = None
        self._range: tuple[int, int] | None = None
        self._range_end = 0
        self._gap = self._variant = False

    def read(self, text: str) -> Reading:
        for line in text.splitlines():
            if line.startswith("#EXT"):
                tag = line.partition(":")[0].removeprefix("#EXT-X-").removeprefix("#").lower().replace("-", "_")
                getattr(self, f"on_{tag}", _nothing)(line)
            elif line and not line.startswith("#"):
                self._uri(line)
        return self.reading

    def _uri(self, line: str) -> None:
        if self._variant:
            self.reading.variants.append(line)
        elif self._duration is not None:
            made = self.reading
            uri = place(line, self._range)
            segment = ListedSegment(made.last_msn + 1, uri, self._duration, tuple(made.open_parts), self._gap)
            made.segments.append(segment)
            made.open_parts, made.open_seconds = [], 0.0
        self._range_end = sum(self._range) if self._range else 0
        self._duration, self._range, self._gap, self._variant = None, None, False, False

    def on_version(self, line: str) -> None:
        self.reading.version = int(_value(line))

    def on_targetduration(self, line: str) -> None:
        self.reading.target_duration = int(_value(line))

    def on_media_sequence(self, line: str) -> None:
        self.reading.media_sequence = int(_value(line))

    def on_discontinuity_sequence(self, line: str) -> None:
        self.reading.discontinuity_sequence = int(_value(line))

    def on_part_inf(self, line: str) -> None:
        self.reading.part_target = float(attributes(line)["PART-TARGET"])

    def on_server_control(self, line: str) -> None:
        control = attributes(line)
        self.reading.can_skip_until = float(control.get("CAN-SKIP-UNTIL", 0))
        self.reading.can_skip_dateranges = control.get("CAN-SKIP-DATERANGES") == "YES"
        self.reading.can_block = control.get("CAN-BLOCK-RELOAD") == "YES"

    def on_skip(self, line: str) -> None:
        self.reading.skipped = int(attributes(line)["SKIPPED-SEGMENTS"])

    def on_extinf(self, line: str) -> None:
        self._duration = float(_value(line).partition(",")[0])

    def on_gap(self, _: str) -> None:
        self._gap = True

    def on_byterange(self, line: str) -> None:
        self._range = _byte_range(_value(line), self._range_end)

    def on_map(self, line: str) -> None:
        found = attributes(line)
        span = found.get("BYTERANGE")
        self.reading.maps.append(place(found["URI"], _byte_range(span, 0) if span else None))

    def on_part(self, line: str) -> None:
        found = attributes(line)
        self.reading.open_parts.append(found["URI"])
        self.reading.open_seconds += float(found["DURATION"])
        if found.get("GAP") == "YES":
            self.reading.gap_parts.add(found["URI"])

    def on_preload_hint(self, line: str) -> None:
        found = attributes(line)
        self.reading.hints[found["TYPE"]] = found["URI"]

    def on_rendition_report(self, line: str) -> None:
        found = attributes(line)
        self.reading.reports[found["URI"]] = int(found["LAST-MSN"]), int(found.get("LAST-PART", -1))

    def on_i_frames_only(self, _: str) -> None:
        self.reading.iframes = True

    def on_endlist(self, _: str) -> None:
        self.reading.ended = True

    def on_stream_inf(self, _: str) -> None:
        self._variant = True

    def on_media(self, line: str) -> None:
        if uri := attributes(line).get("URI"):
            self.reading.variants.append(uri)

    on_i_frame_stream_inf = on_media


def _byte_range(text: str, follows: int) -> tuple[int, int]:
    """R§4.4.4.2: `<n>[@<o>]`; without `o` it begins where the range before it ended."""
    length, _, offset = text.partition("@")
    return int(length), int(offset) if offset else follows


def _value(line: str) -> str:
    return line.partition(":")[2]


def _nothing(_: str) -> None:
    pass
