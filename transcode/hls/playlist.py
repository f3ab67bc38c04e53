"""Media playlists as text, tag by tag (draft-pantos-hls-rfc8216bis-22; § numbers are its sections)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from transcode.hls import names
from transcode.hls.archive import Archive
from transcode.hls.window import OpenSegment, Part, Window, WindowSegment

# Apple authoring rule 14.3: PART-HOLD-BACK at least three Part Target Durations; §4.4.3.8: HOLD-BACK at least three
# Target Durations, CAN-SKIP-UNTIL at least six.
PART_HOLD_BACK_PARTS = 3
HOLD_BACK_TARGET_DURATIONS = 3
SKIP_BOUNDARY_TARGET_DURATIONS = 6
VERSION_WITH_MAP = 6  # §8: EXT-X-MAP in a playlist that is not I-frames only
VERSION_WITH_IFRAME_MAP = 5  # §8: EXT-X-MAP in one that is
VERSION_WITH_SKIP = 9  # §8: EXT-X-SKIP
# Four hours of dates would be two thirds of a long playlist. A delta update shows at least six target durations, so
# one of its segments has a date of its own.
DATED_EVERY_SEGMENTS = 4


@dataclass(frozen=True)
class RenditionReport:
    """Where another rendition stands (§4.4.5.4); -1 where it has no segment or its last one no part."""

    uri: str
    last_msn: int
    last_part: int


@dataclass(frozen=True)
class PlaylistForm:
    """How a playlist lists whole segments."""

    prefix: str = ""  # leads from the playlist to the rendition's files
    iframes: bool = False  # the first key frame of each segment instead of the segment (§4.4.3.6)
    archive: Archive | None = None  # where the segments lie, once they are pieces of one file

    def map_line(self, epoch: int) -> str:
        """EXT-X-MAP (§4.4.4.5) of a run."""
        if self.archive is None:
            return f'#EXT-X-MAP:URI="{self.prefix}{names.init_name(epoch)}"'
        at, size = self.archive.init_of(epoch)
        return f'#EXT-X-MAP:URI="{self.prefix}{names.ARCHIVE}",BYTERANGE="{size}@{at}"'

    def media_lines(self, segment: WindowSegment) -> list[str]:
        """The segment's address, and which bytes of it are meant (§4.4.4.2)."""
        if self.archive is None:
            lines = [f"#EXT-X-BYTERANGE:{segment.key_bytes}@0"] if self.iframes and segment.key_bytes else []
            return [*lines, f"{self.prefix}{names.segment_name(segment.epoch, segment.msn)}"]
        place = self.archive.places.get(segment.msn)  # a gap has none
        size = segment.key_bytes if self.iframes else segment.size
        lines = [f"#EXT-X-BYTERANGE:{size}@{place.at}"] if place and size else []
        return [*lines, f"{self.prefix}{names.ARCHIVE}"]


_LIVE_FORM = PlaylistForm()


@dataclass(frozen=True)
class ListedRange:
    """What a sliding playlist says before its first segment."""

    target_duration: int
    first_msn: int
    discontinuity_sequence: int


def render_live(window: Window, *, skip: bool = False, reports: Sequence[RenditionReport] = ()) -> str:
    """The live media playlist; with `skip`, a delta update (§6.2.5.1) when there is something to skip."""
    skipped = 0
    if skip and not window.ended:
        end = sum(part.duration for part in window.open.parts) if window.open else 0.0
        skipped = skippable(window.segments, window.target_duration, end=end)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION_WITH_SKIP if skipped else VERSION_WITH_MAP}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f"#EXT-X-TARGETDURATION:{window.target_duration}",
        _server_control(window.target_duration, window.part_target),
        f"#EXT-X-PART-INF:PART-TARGET={_decimal(window.part_target)}",
        f"#EXT-X-MEDIA-SEQUENCE:{_first_msn(window)}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{window.discontinuity_sequence}",
    ]
    if skipped:
        lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
    # A delta update says again which map holds: Shaka Player reads each update by itself and knows none otherwise.
    epoch = None
    for segment in window.segments[skipped:]:
        lines += _segment_lines(segment, new_map=segment.epoch != epoch)
        epoch = segment.epoch
    lines += _edge_lines(window, epoch)
    lines += (_report_line(report) for report in reports if report.last_msn >= 0 and not window.ended)
    return "\n".join(lines) + "\n"


def render_iframes(window: Window, *, skip: bool = False) -> str:
    """The I-frame playlist beside the live media playlist: the same segments, the first key frame of each."""
    form = PlaylistForm(iframes=True)
    skipped = skippable(window.segments, window.target_duration) if skip and not window.ended else 0
    listed = ListedRange(window.target_duration, _first_msn(window), window.discontinuity_sequence)
    texts = [render_head(listed, form, skipped=skipped)]
    previous = None
    for segment in window.segments[skipped:]:
        texts.append(segment_text(segment, previous, form))
        previous = segment
    return "".join(texts) + ("#EXT-X-ENDLIST\n" if window.ended else "")


def render_recording(segments: Iterable[WindowSegment], form: PlaylistForm, *, target_duration: int) -> str:
    """A recording's media or I-frame playlist (PLAYLIST-TYPE VOD)."""
    head = [
        "#EXTM3U",
        *_kind_lines(form),
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXT-X-TARGETDURATION:{target_duration}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n",
    ]
    texts = ["\n".join(head)]
    previous = None
    for segment in segments:
        texts.append(segment_text(segment, previous, form))
        previous = segment
    return "".join(texts) + "#EXT-X-ENDLIST\n"


def render_head(listed: ListedRange, form: PlaylistForm, *, skipped: int = 0) -> str:
    """Everything before the first segment of a sliding playlist without parts."""
    lines = [
        "#EXTM3U",
        *_kind_lines(form, VERSION_WITH_SKIP if skipped else 0),
        f"#EXT-X-TARGETDURATION:{listed.target_duration}",
        _server_control(listed.target_duration),
        f"#EXT-X-MEDIA-SEQUENCE:{listed.first_msn}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{listed.discontinuity_sequence}",
    ]
    if skipped:
        lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
    return "\n".join(lines) + "\n"


def segment_text(segment: WindowSegment, previous: WindowSegment | None, form: PlaylistForm) -> str:
    """One segment of a playlist without parts, after `previous` (None: it is the first that is listed)."""
    new_map = previous is None or segment.epoch != previous.epoch
    map_line = form.map_line(segment.epoch) if new_map else ""
    lines = _head_lines(segment, map_line) if new_map or is_dated(segment) else []
    # A segment without a key frame of its own is none in an I-frame playlist.
    if segment.gap or (form.iframes and not segment.key_bytes):
        lines.append("#EXT-X-GAP")
    lines += [f"#EXTINF:{_decimal(segment.duration)},", *form.media_lines(segment), ""]
    return "\n".join(lines)


def is_dated(segment: WindowSegment) -> bool:
    """Whether a playlist without parts gives this segment's date wherever it stands."""
    return segment.discontinuity or segment.msn % DATED_EVERY_SEGMENTS == 0


def skippable(segments: Sequence[WindowSegment], target_duration: int, *, end: float = 0.0) -> int:
    """How many segments lie before the Skip Boundary, counted back from the end of the playlist (§4.4.3.8).

    `end`: seconds of media behind the last segment.
    """
    boundary = SKIP_BOUNDARY_TARGET_DURATIONS * target_duration
    count = len(segments)
    for segment in reversed(segments):
        if end >= boundary:
            return count
        end += segment.duration
        count -= 1
    return 0


def _kind_lines(form: PlaylistForm, version: int = 0) -> list[str]:
    if form.iframes:
        version = version or VERSION_WITH_IFRAME_MAP
        return [f"#EXT-X-VERSION:{version}", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-I-FRAMES-ONLY"]
    return [f"#EXT-X-VERSION:{version or VERSION_WITH_MAP}", "#EXT-X-INDEPENDENT-SEGMENTS"]


def _first_msn(window: Window) -> int:
    return window.segments[0].msn if window.segments else max(window.last_msn + 1, 0)


def _server_control(target_duration: int, part_target: float = 0.0) -> str:
    attributes = ["CAN-BLOCK-RELOAD=YES"]
    if part_target:
        attributes.append(f"PART-HOLD-BACK={_decimal(PART_HOLD_BACK_PARTS * part_target)}")
    attributes += [
        f"HOLD-BACK={_decimal(HOLD_BACK_TARGET_DURATIONS * target_duration)}",
        f"CAN-SKIP-UNTIL={_decimal(SKIP_BOUNDARY_TARGET_DURATIONS * target_duration)}",
    ]
    return "#EXT-X-SERVER-CONTROL:" + ",".join(attributes)


def _segment_lines(segment: WindowSegment, *, new_map: bool) -> list[str]:
    # §4.4.4.9: tags that apply to the segment stand before its first part.
    lines = _head_lines(segment, _LIVE_FORM.map_line(segment.epoch) if new_map else "")
    lines += _part_lines(segment.epoch, segment.msn, segment.parts)
    if segment.gap:
        lines.append("#EXT-X-GAP")
    lines.append(f"#EXTINF:{_decimal(segment.duration)},")
    lines.append(names.segment_name(segment.epoch, segment.msn))
    return lines


def _edge_lines(window: Window, epoch: int | None) -> list[str]:
    if window.ended:
        return ["#EXT-X-ENDLIST"]
    opened = window.open
    if opened is None:
        if epoch is None:
            return []
        # Between two segments: the next part is the first one of the next segment.
        return [_hint_line(epoch, window.next_msn, 0)]
    lines: list[str] = []
    if opened.parts:
        lines += _head_lines(opened, _LIVE_FORM.map_line(opened.epoch) if opened.epoch != epoch else "")
        lines += _part_lines(opened.epoch, opened.msn, opened.parts)
    elif opened.epoch != epoch and epoch is not None:
        # §4.4.5.3: the hinted part needs an initialization section that no listed segment has named.
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="{names.init_name(opened.epoch)}"')
    lines.append(_hint_line(opened.epoch, opened.msn, len(opened.parts)))
    return lines


def _report_line(report: RenditionReport) -> str:
    """A gap has no parts, so a rendition that ends with one has no LAST-PART."""
    last_part = f",LAST-PART={report.last_part}" if report.last_part >= 0 else ""
    return f'#EXT-X-RENDITION-REPORT:URI="{report.uri}",LAST-MSN={report.last_msn}{last_part}'


def _head_lines(segment: WindowSegment | OpenSegment, map_line: str) -> list[str]:
    lines = ["#EXT-X-DISCONTINUITY"] if segment.discontinuity else []
    if map_line:
        lines.append(map_line)
    lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date_time(segment.starts_at)}")
    return lines


def _part_lines(epoch: int, msn: int, parts: Iterable[Part]) -> list[str]:
    return [
        f'#EXT-X-PART:DURATION={_decimal(part.duration)},URI="{names.part_name(epoch, msn, index)}"'
        + (",INDEPENDENT=YES" if part.independent else "")
        for index, part in enumerate(parts)
    ]


def _hint_line(epoch: int, msn: int, part: int) -> str:
    return f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{names.part_name(epoch, msn, part)}"'


def _decimal(seconds: float) -> str:
    """A decimal-floating-point (§4.2): no exponent, no sign; 5 places keep sums exact to a frame for days."""
    return f"{seconds:.5f}"


def _date_time(unix_seconds: float) -> str:
    """ISO 8601 with milliseconds and a zone (§4.4.4.6)."""
    return datetime.fromtimestamp(unix_seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
