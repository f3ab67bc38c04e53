"""Media playlists as text, tag by tag (draft-pantos-hls-rfc8216bis-22; § numbers are its sections)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from transcode.hls import names
from transcode.hls.window import Part, Window, WindowSegment

# Apple authoring rule 14.3: PART-HOLD-BACK at least three Part Target Durations; §4.4.3.8: HOLD-BACK at least three
# Target Durations, CAN-SKIP-UNTIL at least six.
PART_HOLD_BACK_PARTS = 3
HOLD_BACK_TARGET_DURATIONS = 3
SKIP_BOUNDARY_TARGET_DURATIONS = 6
VERSION_WITH_MAP = 6  # §8: EXT-X-MAP in a playlist that is not I-frames only
VERSION_WITH_SKIP = 9  # §8: EXT-X-SKIP


@dataclass(frozen=True)
class RenditionReport:
    """Where another rendition stands (§4.4.5.4); -1 where it has no segment or its last one no part."""

    uri: str
    last_msn: int
    last_part: int


def render_live(window: Window, *, skip: bool = False, reports: Sequence[RenditionReport] = ()) -> str:
    """The live media playlist; with `skip`, a delta update (§6.2.5.1) when there is something to skip."""
    skipped = _skippable(window) if skip and not window.ended else 0
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION_WITH_SKIP if skipped else VERSION_WITH_MAP}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f"#EXT-X-TARGETDURATION:{window.target_duration}",
        _server_control(window),
        f"#EXT-X-PART-INF:PART-TARGET={_decimal(window.part_target)}",
        f"#EXT-X-MEDIA-SEQUENCE:{window.segments[0].msn if window.segments else max(window.last_msn + 1, 0)}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{window.discontinuity_sequence}",
    ]
    if skipped:
        lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
    epoch = window.segments[skipped - 1].epoch if skipped else None
    for segment in window.segments[skipped:]:
        lines += _segment_lines(segment, new_map=segment.epoch != epoch)
        epoch = segment.epoch
    lines += _edge_lines(window, epoch)
    lines += (_report_line(report) for report in reports if report.last_msn >= 0 and not window.ended)
    return "\n".join(lines) + "\n"


def render_recording(segments: Iterable[WindowSegment], *, target_duration: int, prefix: str) -> str:
    """A recording's media playlist (PLAYLIST-TYPE VOD). `prefix` leads from it to the rendition's files."""
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION_WITH_MAP}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXT-X-TARGETDURATION:{target_duration}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-DISCONTINUITY-SEQUENCE:0",
    ]
    epoch = None
    for segment in segments:
        lines += _segment_lines(segment, new_map=segment.epoch != epoch, prefix=prefix, parts=False)
        epoch = segment.epoch
    return "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n"


def _server_control(window: Window) -> str:
    attributes = [
        "CAN-BLOCK-RELOAD=YES",
        f"PART-HOLD-BACK={_decimal(PART_HOLD_BACK_PARTS * window.part_target)}",
        f"HOLD-BACK={_decimal(HOLD_BACK_TARGET_DURATIONS * window.target_duration)}",
        f"CAN-SKIP-UNTIL={_decimal(SKIP_BOUNDARY_TARGET_DURATIONS * window.target_duration)}",
    ]
    return "#EXT-X-SERVER-CONTROL:" + ",".join(attributes)


def _skippable(window: Window) -> int:
    """How many segments lie before the Skip Boundary, counted back from the end of the playlist (§4.4.3.8)."""
    boundary = SKIP_BOUNDARY_TARGET_DURATIONS * window.target_duration
    end = sum(part.duration for part in window.open.parts) if window.open else 0.0
    for count in range(len(window.segments), 0, -1):
        if end >= boundary:
            return count
        end += window.segments[count - 1].duration
    return 0


def _segment_lines(segment: WindowSegment, *, new_map: bool, prefix: str = "", parts: bool = True) -> list[str]:
    # §4.4.4.9: tags that apply to the segment stand before its first part.
    lines = _head_lines(segment.epoch, segment.starts_at, segment.discontinuity, new_map, prefix)
    if parts:
        lines += _part_lines(segment.epoch, segment.msn, segment.parts)
    if segment.gap:
        lines.append("#EXT-X-GAP")
    lines.append(f"#EXTINF:{_decimal(segment.duration)},")
    lines.append(prefix + names.segment_name(segment.epoch, segment.msn))
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
        lines += _head_lines(opened.epoch, opened.starts_at, opened.discontinuity, opened.epoch != epoch, "")
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


def _head_lines(epoch: int, starts_at: float, discontinuity: bool, new_map: bool, prefix: str) -> list[str]:
    lines = ["#EXT-X-DISCONTINUITY"] if discontinuity else []
    if new_map:
        lines.append(f'#EXT-X-MAP:URI="{prefix}{names.init_name(epoch)}"')
    lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date_time(starts_at)}")
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
