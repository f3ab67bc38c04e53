"""§2.6: playlist delta updates (R§6.2.5.1)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.conformance.asked import directives, found, media_playlists, playlist_of, probes, special
from tests.conformance.capture import Capture, Exchange
from tests.conformance.reading import Reading, attributes, read
from tests.conformance.rule import Finding, NotApplicable, rule

VERSION_WITH_SKIP, VERSION_WITH_DATERANGES = 9, 10
ROUNDING_SECONDS = 0.001
SEGMENT_TAGS = (
    "#EXTINF",
    "#EXT-X-PART:",
    "#EXT-X-DISCONTINUITY",
    "#EXT-X-MAP",
    "#EXT-X-KEY",
    "#EXT-X-PROGRAM-DATE-TIME",
    "#EXT-X-GAP",
    "#EXT-X-BYTERANGE",
    "#EXT-X-BITRATE",
)
HEADER_TAGS = ("#EXT-X-DISCONTINUITY-SEQUENCE",)
NOT_COMPARED = ("#EXT-X-VERSION", "#EXT-X-SKIP", "#EXT-X-RENDITION-REPORT")


@rule("A-116", "M", "a delta leaves out exactly what is older than the Skip Boundary", "R§6.2.5.1")
def skips_to_the_boundary(capture: Capture) -> Iterator[Finding]:
    """The end from which the boundary counts may be that of the last segment or of the last part: both are in use."""
    judged = 0
    for one, reading in media_playlists(capture):
        if "_HLS_skip=YES" not in one.query or not reading.can_skip_until or reading.ended:
            continue
        judged += 1
        if reading.skipped:
            yield from _skipped_too_much(one, reading)
        if reading.seconds - _first_seconds(reading) >= reading.can_skip_until + ROUNDING_SECONDS:
            yield found(one, f"{reading.seconds:.1f} s are listed, the boundary is {reading.can_skip_until:.1f} s")
    if not judged:
        raise NotApplicable("no delta update was asked for")


def _skipped_too_much(one: Exchange, reading: Reading) -> Iterator[Finding]:
    if reading.seconds + reading.open_seconds < reading.can_skip_until - ROUNDING_SECONDS:
        yield found(one, f"only {reading.seconds:.1f} s are left, the boundary is {reading.can_skip_until:.1f} s")
    if reading.version < VERSION_WITH_SKIP:
        yield found(one, f"EXT-X-SKIP needs version {VERSION_WITH_SKIP}, not {reading.version}")


def _first_seconds(reading: Reading) -> float:
    return reading.segments[0].duration if reading.segments else 0.0


@dataclass
class _Pieces:
    """A playlist by what stays comparable after a merge: the map in force is noted with every segment."""

    common: list[str] = field(default_factory=list)
    segments: dict[int, list[str]] = field(default_factory=dict)
    maps: dict[int, str] = field(default_factory=dict)
    edge: list[str] = field(default_factory=list)  # of the open segment


def _take_apart(text: str, map_before: str = "") -> _Pieces:
    made, block, in_force = _Pieces(), [], map_before
    reading = read(text)
    msn = reading.media_sequence + reading.skipped
    for line in text.splitlines():
        if line.startswith("#EXT-X-MAP"):
            in_force = line
        elif line.startswith(SEGMENT_TAGS) and not line.startswith(HEADER_TAGS):
            block.append(line)
        elif line and not line.startswith("#"):
            made.segments[msn], made.maps[msn], block = [*block, line], in_force, []
            msn += 1
        elif not line.startswith(NOT_COMPARED):
            made.common.append(line)
    made.edge = block
    return made


def merge(known: str, delta: str) -> _Pieces | None:
    """What a client has after a delta update; None when it does not know all that was left out (R§6.2.5.1)."""
    before, reading = _take_apart(known), read(delta)
    skipped = range(reading.media_sequence, reading.media_sequence + reading.skipped)
    if any(msn not in before.segments for msn in skipped):
        return None
    after = _take_apart(delta, before.maps[skipped[-1]] if skipped else "")
    for msn in skipped:
        after.segments[msn], after.maps[msn] = before.segments[msn], before.maps[msn]
    return after


def _without_parts(pieces: _Pieces, skipped: range) -> dict[int, list[str]]:
    """A client drops the parts of old segments by itself."""
    return {
        msn: [line for line in lines if msn not in skipped or not line.startswith("#EXT-X-PART:")]
        for msn, lines in pieces.segments.items()
    }


@rule("A-117", "M", "a delta merged into what is known is the playlist as it is without one", "R§6.2.5.1")
def merges_to_the_whole(capture: Capture) -> Iterator[Finding]:
    compared, known = 0, ""
    asked = probes(capture, "A-117")
    for before, one, after in zip(asked, asked[1:], asked[2:], strict=False):
        if special(one) != "delta" or not (reading := playlist_of(one)) or not reading.skipped:
            continue
        whole = next((full for full in (before, after) if _edge(full) == reading.edge), None)
        if known and whole and (merged := merge(known, one.text)):
            compared += 1
            yield from _differences(one, merged, _take_apart(whole.text), reading)
        known = before.text if playlist_of(before) else known
    if not compared:
        raise NotApplicable("no delta update stands between two playlists of the same moment")


def _edge(one: Exchange) -> object:
    reading = playlist_of(one)
    return reading.edge if reading else None


def _differences(one: Exchange, merged: _Pieces, whole: _Pieces, reading: Reading) -> Iterator[Finding]:
    skipped = range(reading.media_sequence, reading.media_sequence + reading.skipped)
    mine, true = _without_parts(merged, skipped), _without_parts(whole, skipped)
    for msn in sorted(mine.keys() | true.keys()):
        if mine.get(msn) != true.get(msn) or merged.maps.get(msn) != whole.maps.get(msn):
            yield found(one, f"segment {msn} is {mine.get(msn)} after the merge, {true.get(msn)} in the playlist")
            return
    if merged.common != whole.common or merged.edge != whole.edge:
        lines = set(merged.common + merged.edge) ^ set(whole.common + whole.edge)
        yield found(one, f"other lines differ: {sorted(lines) or 'their order'}")


@rule("A-118", "M", "v2 leaves out date ranges only where CAN-SKIP-DATERANGES offers it", "R§6.2.5.1")
def skips_dateranges_by_offer(capture: Capture) -> Iterator[Finding]:
    for one in probes(capture, "A-118"):
        reading = playlist_of(one)
        if reading is None:
            yield found(one, f"answered {one.status}")
            continue
        removed = "RECENTLY-REMOVED-DATERANGES" in _skip_attributes(one)
        if removed and not reading.can_skip_dateranges:
            yield found(one, "RECENTLY-REMOVED-DATERANGES without CAN-SKIP-DATERANGES")
        if reading.can_skip_dateranges and reading.skipped and reading.version < VERSION_WITH_DATERANGES:
            yield found(one, f"version {reading.version}")


def _skip_attributes(one: Exchange) -> dict[str, str]:
    lines = [line for line in one.text.splitlines() if line.startswith("#EXT-X-SKIP")]
    return attributes(lines[0]) if lines else {}


@rule("A-119", "M", "_HLS_skip that means nothing gets the whole playlist", "R§6.2.5.1")
def meaningless_skip_is_ignored(capture: Capture) -> Iterator[Finding]:
    for one in probes(capture, "A-119"):
        reading = playlist_of(one)
        if reading is None:
            yield found(one, f"answered {one.status}")
        elif reading.skipped:
            yield found(one, f"{reading.skipped} segments are left out")


@rule("A-120", "M", "all three directives together: each rule holds", "R§6.2.5")
def all_three(capture: Capture) -> Iterator[Finding]:
    for one in probes(capture, "A-120"):
        reading = playlist_of(one)
        msn, part = directives(one)
        if reading is None or msn is None:
            yield found(one, f"answered {one.status}")
            continue
        if not reading.ended and not reading.has(msn, part):
            yield found(one, "released without the part it waited for")
        if reading.seconds - _first_seconds(reading) >= reading.can_skip_until + ROUNDING_SECONDS:
            yield found(one, "no delta update")
