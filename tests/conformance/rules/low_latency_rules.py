"""§2.5 of the checklist: parts, hints and reports (RFC 8216bis §4.4.3.7-8, §4.4.4.9, §4.4.5.3-4, §6.2, §B.1)."""

from bisect import bisect_left
from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate, pairwise

from tests.conformance.capture import Capture
from tests.conformance.lifting import also, breach_rule, change_rule, playlist_rule
from tests.conformance.playlist_reader import ListedSegment, Playlist
from tests.conformance.rule import Finding, NotApplicable, rule
from tests.conformance.rules.content_rules import is_live
from tests.conformance.rules.history_rules import LATE_SECONDS
from tests.conformance.snapshots import (
    FOLLOWING,
    FirstSight,
    Snapshot,
    first_sights,
    latest,
    live_paths,
    rendition_of,
    snapshots,
)

SHORTEST_SHARE = Decimal("0.85")  # §4.4.4.9: of the Part Target Duration
HOLD_BACK_PARTS = HOLD_BACK_TARGETS = KEPT_TARGETS = 3
SKIP_TARGETS = 6

breach_rule("A-088", "M", "Tags of a parent stand before its first part.", "R§4.4.4.9")


def part_target(playlist: Playlist) -> Decimal:
    return playlist.attribute("PART-INF", "PART-TARGET")


@playlist_rule("A-080", "M", "Parts come with PART-INF, and that with PART-HOLD-BACK.", "R§4.4.3.7-8")
def parts_are_announced(playlist: Playlist) -> Iterator[str]:
    if "PART" in playlist.tags and "PART-INF" not in playlist.tags:
        yield "parts without PART-INF"
    if "PART-INF" in playlist.tags and "PART-HOLD-BACK" not in playlist.by_tag.get("SERVER-CONTROL", {}):
        yield "PART-INF without PART-HOLD-BACK"


@playlist_rule("A-081", "M", "PART-HOLD-BACK is at least three Part Target Durations.", "AS14.3, R§4.4.3.8")
def part_hold_back(playlist: Playlist) -> Iterator[str]:
    held = playlist.attribute("SERVER-CONTROL", "PART-HOLD-BACK")
    if held and held < HOLD_BACK_PARTS * part_target(playlist):
        yield f"PART-HOLD-BACK {held} with parts of {part_target(playlist)}"


@also("A-081")
def part_hold_back_of_all_renditions(capture: Capture) -> Iterator[Finding]:
    found = {path: latest(capture, path).playlist for path in live_paths(capture, low_latency=True)}
    longest = max(part_target(playlist) for playlist in found.values())
    for path, playlist in found.items():
        held = playlist.attribute("SERVER-CONTROL", "PART-HOLD-BACK")
        if held and held < HOLD_BACK_PARTS * longest:
            yield Finding(path, f"PART-HOLD-BACK {held} beside a rendition with parts of {longest}")


@playlist_rule("A-082", "M", "HOLD-BACK spans three Target Durations, CAN-SKIP-UNTIL six.", "R§4.4.3.8")
def hold_back_and_skip(playlist: Playlist) -> Iterator[str]:
    control, target = playlist.by_tag.get("SERVER-CONTROL", {}), playlist.number("TARGETDURATION")
    for name, least in (("HOLD-BACK", HOLD_BACK_TARGETS), ("CAN-SKIP-UNTIL", SKIP_TARGETS)):
        if name in control and playlist.attribute("SERVER-CONTROL", name) < least * target:
            yield f"{name} {control[name]} with a Target Duration of {target}"
    if "CAN-SKIP-DATERANGES" in control and "CAN-SKIP-UNTIL" not in control:
        yield "CAN-SKIP-DATERANGES without CAN-SKIP-UNTIL"


@playlist_rule("A-083", "M", "Parts last between 85 and 100 % of the Part Target Duration.", "R§4.4.4.9")
def part_durations(playlist: Playlist) -> Iterator[str]:
    target = part_target(playlist)
    for segment in [*playlist.segments, playlist.open]:
        for index, part in enumerate(segment.parts):
            if part.duration > target:
                yield f"{part.uri} lasts {part.duration} s"
            following = segment.parts[index + 1] if index + 1 < len(segment.parts) else None
            may_be_short = part.independent or part.gap or following is None or following.gap
            if not may_be_short and part.duration < SHORTEST_SHARE * target:
                yield f"{part.uri} lasts only {part.duration} s"


@change_rule("A-084", "O", "The Part Target Duration never changes.", "ours")
def part_target_stays(older: Playlist, newer: Playlist) -> Iterator[str]:
    if older.tags.get("PART-INF") != newer.tags.get("PART-INF"):
        yield f"PART-INF {older.tags.get('PART-INF')} became {newer.tags.get('PART-INF')}"


@playlist_rule("A-085", "M", "A parent's parts are the parent.", "R§3.2")
def parts_last_as_long_as_their_parent(playlist: Playlist) -> Iterator[str]:
    for segment in playlist.segments:
        total = sum((part.duration for part in segment.parts), Decimal(0))
        if segment.parts and abs(total - segment.duration) >= Decimal("0.001"):
            yield f"the parts of segment {segment.msn} last {total} s, not {segment.duration}"


@rule("A-086", "M", "The next part comes within one Part Target Duration (100 ms more on a loaded machine).", "R§6.2.1")
def parts_keep_coming(capture: Capture) -> Iterator[Finding]:
    for path in live_paths(capture, low_latency=True):
        playlist = latest(capture, path).playlist
        sights = first_sights(capture, path, parts=True)
        steps = sorted(other.at - one.at for one, other in pairwise(sights) if not _beside_a_gap(one, other))
        allowed = float(part_target(playlist)) + LATE_SECONDS + capture.expected.slack_seconds
        late = [step for step in steps if step > allowed]
        if late:
            p50, p99 = steps[len(steps) // 2], steps[int(len(steps) * 0.99)]
            figures = f"p50 {p50:.3f}, p99 {p99:.3f}, max {steps[-1]:.3f} s"
            yield Finding(path, f"{len(late)} of {len(steps)} parts came late: {figures}")


def _beside_a_gap(one: FirstSight, other: FirstSight) -> bool:
    """Absence that GAP segments stand for; A-045 and A-090 watch over those."""
    return one.segment.gap or other.segment.gap


@playlist_rule("A-089S", "S", "Parts further than three Target Durations from the end are removed.", "R§6.2.2")
def old_parts_leave(playlist: Playlist) -> Iterator[str]:
    after = sum((part.duration for part in playlist.open.parts), Decimal(0))
    # They may leave when the next segment is complete: a Target Duration later.
    allowed = (KEPT_TARGETS + 1) * playlist.number("TARGETDURATION")
    for segment in reversed(playlist.segments):
        if segment.parts and after > allowed:
            yield f"the parts of segment {segment.msn} are still listed {after} s from the end"
        after += segment.duration


@rule("A-089", "M", "A part stays downloadable for three Target Durations after its tag was removed.", "R§6.2.2")
def removed_parts_stay(capture: Capture) -> Iterator[Finding]:
    for path in live_paths(capture, low_latency=True):
        kept = KEPT_TARGETS * latest(capture, path).playlist.number("TARGETDURATION")
        last_listed: dict[str, float] = {}
        for one in snapshots(capture, *FOLLOWING, path=path):
            for segment in [*one.playlist.segments, one.playlist.open]:
                last_listed.update({one.resolve(part.uri): one.seen_at for part in segment.parts if not part.gap})
        for exchange in capture.exchanges:
            listed_at = last_listed.get(exchange.path)
            if listed_at is None or exchange.purpose not in ("media", "again") or exchange.status in (200, 206):
                continue
            if exchange.done_at <= listed_at + kept:
                yield Finding(
                    exchange.path, f"{exchange.status} {exchange.done_at - listed_at:.3f} s after it was listed"
                )


@rule("A-090", "M", "While the encoder is away, GAP segments stand for what is missing.", "R§6.2.1")
def absence_is_signalled(capture: Capture) -> Iterator[Finding]:
    if not any(one.name == "encoder_gone" for one in capture.happenings):
        raise NotApplicable("the encoder was never away")
    for path in live_paths(capture):
        target = latest(capture, path).playlist.number("TARGETDURATION")
        seen = set()
        for snapshot in snapshots(capture, path=path):
            for one, other in pairwise(snapshot.playlist.segments):
                hole = _hole(one, other)
                if hole > target and other.uri not in seen:
                    seen.add(other.uri)
                    yield Finding(path, f"{hole:.3f} s before segment {other.msn} are neither media nor gap")


def _hole(one: ListedSegment, other: ListedSegment) -> float:
    if one.starts_at is None or other.starts_at is None or not other.discontinuity:
        return 0.0  # without a discontinuity A-031 watches over the dates
    return (other.starts_at - one.starts_at).total_seconds() - float(one.duration)


@playlist_rule("A-091", "M", "A live playlist hints at its next part, and the next part is what was hinted.", "R§B.1")
def next_part_is_hinted(playlist: Playlist) -> Iterator[str]:
    if not is_live(playlist) or not playlist.has_parts or playlist.ended or not _has_begun(playlist):
        return
    hints = [hint for hint in playlist.hints if hint.get("TYPE") == "PART"]
    if not hints:
        yield "no hint of the next part"
    listed = {part.uri for segment in [*playlist.segments, playlist.open] for part in segment.parts}
    yield from (f"{hint['URI']} is hinted and listed" for hint in hints if hint.get("URI") in listed)


def _has_begun(playlist: Playlist) -> bool:
    return bool(playlist.segments or playlist.open.parts)


@playlist_rule("A-091S", "S", "There is one hint of each type.", "R§4.4.5.3")
def one_hint_of_each_type(playlist: Playlist) -> Iterator[str]:
    types = [hint.get("TYPE") for hint in playlist.hints]
    yield from (f"{types.count(kind)} hints of type {kind}" for kind in {*types} if types.count(kind) > 1)


@also("A-091")
def hints_come_true(capture: Capture) -> Iterator[Finding]:
    for path in live_paths(capture, low_latency=True):
        for purpose in FOLLOWING:
            for one, other in pairwise(snapshots(capture, purpose, path=path)):
                yield from (Finding(path, what) for what in _broken_hints(one.playlist, other.playlist))


def _broken_hints(older: Playlist, newer: Playlist) -> Iterator[str]:
    hinted = {hint.get("TYPE"): hint.get("URI") for hint in older.hints}
    parent = next((s for s in [*newer.segments, newer.open] if s.msn == older.open.msn), None)
    known = len(older.open.parts)
    if not hinted.get("PART") or parent is None or len(parent.parts) <= known:
        return  # nothing new, or the hinted part's segment ended without it
    came = parent.parts[known].uri
    if came != hinted["PART"]:
        # A run that begins after another cancels what was planned (§6.2.6); what is hinted from then on must come.
        if not parent.discontinuity or known:
            yield f"{hinted['PART']} was hinted and {came} came"
        return
    maps = {segment.map_uri for segment in [*older.segments, older.open]}
    if maps != {None} and parent.map_uri not in maps and hinted.get("MAP") != parent.map_uri:
        yield f"{came} needs {parent.map_uri}, which was neither listed nor hinted"


@rule("A-092", "M", "Each playlist reports where the other renditions stand.", "R§B.1, 4.4.5.4")
def renditions_are_reported(capture: Capture) -> Iterator[Finding]:
    found = live_paths(capture, low_latency=True)
    if len(found) < 2:
        raise NotApplicable("a single rendition")
    edges = {path: _edges(capture, path) for path in found}
    for path in found:
        for one in snapshots(capture, *FOLLOWING, path=path):
            if not one.playlist.ended and not one.playlist.is_delta:
                yield from (Finding(path, what) for what in _wrong_reports(one, edges))


Edges = list[tuple[float, tuple[int, int]]]  # when it was seen, (MSN, part index)


def _edges(capture: Capture, path: str) -> Edges:
    seen = sorted((one.seen_at, _edge(one.playlist)) for one in snapshots(capture, *FOLLOWING, path=path))
    return list(zip([at for at, _ in seen], accumulate((edge for _, edge in seen), max), strict=True))


def _edge(playlist: Playlist) -> tuple[int, int]:
    """The newest part, or the newest segment where that has no parts."""
    if playlist.open.parts or not playlist.segments:
        return playlist.open.msn, len(playlist.open.parts) - 1
    return playlist.segments[-1].msn, len(playlist.segments[-1].parts) - 1


def _wrong_reports(one: Snapshot, edges: dict[str, Edges]) -> Iterator[str]:
    told = {}
    for report in one.playlist.reports:
        uri = report.get("URI", "")
        if "://" in uri or uri.startswith("/"):
            yield f"the URI {uri} of a report is not relative"
        last_part = report.get("LAST-PART", "")
        told[one.resolve(uri)] = int(report.get("LAST-MSN") or 0), int(last_part) if last_part.isdigit() else -1
    for path, known in edges.items():
        real = _edge_before(known, one.exchange.asked_at)
        if path == one.path or real <= (0, -1):
            continue
        if path not in told:
            yield f"no report of {rendition_of(path)}"
        elif _parts_behind(told[path], real) > 1:
            yield f"{rendition_of(path)} is at {real}, reported at {told[path]}"


def _edge_before(known: Edges, asked_at: float) -> tuple[int, int]:
    """The newest thing that anybody had surely seen by then; (-1, -1) when there was nothing."""
    count = bisect_left(known, asked_at, key=lambda one: one[0])
    return known[count - 1][1] if count else (-1, -1)


def _parts_behind(told: tuple[int, int], real: tuple[int, int]) -> int:
    """How many parts a report lags; a segment's last part and the next one's first are neighbours."""
    if told >= real:
        return 0
    if told[0] == real[0]:
        return real[1] - told[1]
    return real[1] + 1 if real[0] == told[0] + 1 else real[0] - told[0] + 1


@rule("A-093", "M", "Renditions are updated within one Part Target Duration of each other.", "R§B.1")
def renditions_keep_in_step(capture: Capture) -> Iterator[Finding]:
    found = live_paths(capture, low_latency=True)
    if len(found) < 2:
        raise NotApplicable("a single rendition")
    sights = {path: {one.segment.msn: one.at for one in reversed(first_sights(capture, path))} for path in found}
    allowed = float(max(part_target(latest(capture, path).playlist) for path in found)) + LATE_SECONDS
    allowed += capture.expected.slack_seconds
    late = {}
    for msn in set.intersection(*(set(one) for one in sights.values())):
        spread = max(one[msn] for one in sights.values()) - min(one[msn] for one in sights.values())
        if spread > allowed:
            late[msn] = spread
    if late:
        worst = max(late, key=lambda msn: late[msn])
        yield Finding("all renditions", f"{len(late)} segments apart, segment {worst} by {late[worst]:.3f} s")
