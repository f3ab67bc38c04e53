"""§2.6: blocking playlist reload (R§6.2.5.2). What `Reading.has` says is satisfied is what the request waited for."""

from collections.abc import Iterable, Iterator

from tests.conformance.asked import (
    body_seconds,
    directives,
    expect_at_once,
    found,
    media_playlists,
    playlist_of,
    probes,
    special,
    target_duration,
    waiting_seconds,
    within,
)
from tests.conformance.capture import Capture, Exchange
from tests.conformance.rule import Finding, NotApplicable, rule

HOLD_TARGET_DURATIONS = 3
HOLD_SLACK_SECONDS = 1.0  # a 503 later than this after its time is an endless hold to a player
RELEASE_SPREAD_SECONDS = 0.25
FILES_SLACK = 10  # connections that come and go meanwhile


@rule("A-100", "M", "a reload that waits for a segment gets a playlist with it", "R§6.2.5.2")
def waits_for_a_segment(capture: Capture) -> Iterator[Finding]:
    yield from _unsatisfied(one for one in _reloads(capture, "A-100") if directives(one)[1] is None)


@rule("A-101", "M", "a reload that waits for a part gets a playlist with it", "R§6.2.5.2")
def waits_for_a_part(capture: Capture) -> Iterator[Finding]:
    yield from _unsatisfied(one for one in _reloads(capture, "A-101") if directives(one)[1] is not None)


def _reloads(capture: Capture, purpose: str) -> Iterator[Exchange]:
    """The probe and every reload of the follower."""
    found_any = False
    for one in capture.exchanges:
        if one.purpose == purpose or (one.purpose == "block" and one.query):
            found_any = True
            yield one
    if not found_any:
        raise NotApplicable("nothing was reloaded")


def _unsatisfied(reloads: Iterable[Exchange]) -> Iterator[Finding]:
    for one in reloads:
        msn, part = directives(one)
        reading = playlist_of(one)
        if reading is None:
            if one.status != 503:  # the encoder was away: A-107 judges it
                yield found(one, f"answered {one.status}")
        elif msn is not None and not reading.ended and not reading.has(msn, part):
            yield found(one, f"released at {reading.last_msn} and {len(reading.open_parts)} parts")


@rule("A-102", "M", "a part beyond a segment's final one is the first of the next segment", "R§6.2.5.2")
def beyond_the_final_part(capture: Capture) -> Iterator[Finding]:
    asked = {special(one): one for one in probes(capture, "A-102")}
    path = next(iter(asked.values())).path
    parents = {
        segment.msn: len(segment.parts)
        for one, reading in media_playlists(capture)
        if one.path == path
        for segment in reading.segments
        if segment.parts
    }
    rolled = []
    for one in asked.values():
        msn, part = directives(one)
        reading = playlist_of(one)
        if reading is None or msn is None:
            yield found(one, f"answered {one.status}")
        elif part is not None and msn in parents and part >= parents[msn]:
            rolled.append(one)
            if not reading.has(msn + 1, 0):
                yield found(one, f"segment {msn} has {parents[msn]} parts: released before part 0 of the next one")
    if len({one.body for one in [*rolled, asked.get("next", rolled[0])]} if rolled else ()) > 1:
        yield found(rolled[0], "requests that mean the same part got different playlists")


@rule("A-103", "M", "a reload for anything of the past is answered at once, with the whole playlist", "R§6.2.5.2")
def past_is_answered(capture: Capture) -> Iterator[Finding]:
    for one in probes(capture, "A-103"):
        yield from expect_at_once(capture, one, 200)
        reading = playlist_of(one)
        if reading and (reading.skipped or not reading.segments):
            yield found(one, "not the whole playlist")


@rule("A-104", "M", "_HLS_part without _HLS_msn is refused at once", "R§6.2.5.2")
def part_needs_msn(capture: Capture) -> Iterator[Finding]:
    for one in probes(capture, "A-104"):
        yield from expect_at_once(capture, one, 400)


@rule("A-105", "S", "a segment too far ahead is refused at once", "R§6.2.5.2")
def far_segment_is_refused(capture: Capture) -> Iterator[Finding]:
    for one in probes(capture, "A-105"):
        yield from expect_at_once(capture, one, 400)


@rule("A-106", "S", "a part beyond the Advance Part Limit is refused at once, the next one is not", "R§6.2.5.2")
def far_part_is_refused(capture: Capture) -> Iterator[Finding]:
    asked = probes(capture, "A-106")
    beyond = [one for one in asked if special(one) == "beyond"]
    if beyond and not any(one.status == 400 for one in beyond):  # the edge moved between the requests, if once
        yield found(beyond[-1], f"answered {beyond[-1].status}, not 400")
    for one in asked:
        if special(one) == "allowed" and one.status != 200:
            yield found(one, f"the next part is refused with {one.status}")


@rule("A-107", "S", "no reload is held for ever: 503 after three target durations, or what was asked for", "R§6.2.5.2")
def no_endless_hold(capture: Capture) -> Iterator[Finding]:
    """While the encoder is away the answer may also come because GAP segments (A-090) or its return satisfy it."""
    limit = HOLD_TARGET_DURATIONS * target_duration(capture)
    for one in probes(capture, "A-107"):
        held = waiting_seconds(capture, one)
        reading = playlist_of(one)
        msn, part = directives(one)
        if held > within(capture, limit + HOLD_SLACK_SECONDS):
            yield found(one, f"held for {held:.1f} s")
        elif reading is None and (one.status != 503 or held < limit):
            yield found(one, f"answered {one.status} after {held:.1f} s")
        elif reading and msn is not None and not reading.ended and not reading.has(msn, part):
            yield found(one, "released with 200 without what it waited for")


@rule("A-108", "M", "after the end directives mean nothing, and who waited gets the end", "R§6.2.5.2")
def the_end_releases(capture: Capture) -> Iterator[Finding]:
    for one in probes(capture, "A-108"):
        reading = playlist_of(one)
        if special(one) == "after":
            yield from expect_at_once(capture, one, 200)
        if reading and not reading.ended and special(one) == "after":
            yield found(one, "no EXT-X-ENDLIST")
        if special(one) == "held" and not (reading and (reading.ended or reading.has(*_wanted(one)))):
            yield found(one, f"answered {one.status} without the end")


def _wanted(one: Exchange) -> tuple[int, int | None]:
    msn, part = directives(one)
    return msn or 0, part


@rule("A-109", "O", "numbers that are none are refused at once, without an error of the server", "ours")
def nonsense_is_refused(capture: Capture) -> Iterator[Finding]:
    """`01` is a decimal-integer of R§4.2, and `_HLS_msn[]` is another parameter: these two may be answered."""
    for one in probes(capture, "A-109"):
        allowed = (200, 400) if special(one) in {"leading zero", "array"} else (400,)
        yield from expect_at_once(capture, one, *allowed)


@rule("A-110", "M", "parameters in any order and beside unknown ones get the same playlist", "R§6.2.5")
def any_order(capture: Capture) -> Iterator[Finding]:
    asked = probes(capture, "A-110")
    for one in asked:
        if one.status != 200:
            yield found(one, f"answered {one.status}")
        elif one.body != asked[0].body:
            yield found(one, f"another playlist than for {asked[0].query}")


@rule(
    "A-111", "M", "a blocked answer is the whole playlist as it is without directives; asking changes nothing", "R§B.1"
)
def same_as_unblocked(capture: Capture) -> Iterator[Finding]:
    """Only answers that show the same moment are compared; reports of other renditions may be newer."""
    asked, compared = probes(capture, "A-111"), 0
    for one, other in zip(asked, asked[1:], strict=False):
        if one.path == other.path and special(other) == "plain":
            first, second = playlist_of(one), playlist_of(other)
            if first is None or second is None:
                yield found(other, f"answered {one.status} and {other.status}")
            elif first.edge == second.edge:
                compared += 1
                if without_reports(one) != without_reports(other):
                    yield found(other, "differs from the blocked answer of the same moment")
    if not compared:
        raise NotApplicable("no two answers show the same moment")


def without_reports(one: Exchange) -> list[str]:
    return [line for line in one.text.splitlines() if not line.startswith("#EXT-X-RENDITION-REPORT")]


@rule("A-112", "O", "a crowd that waits for one playlist is released together, with the same bytes", "ours")
def crowd_is_released(capture: Capture) -> Iterator[Finding]:
    asked = probes(capture, "A-112")
    if refused := [one for one in asked if one.status != 200]:
        yield found(refused[0], f"{len(refused)} of {len(asked)} got {refused[0].status}")
    if len({one.body for one in asked if one.status == 200}) > 1:
        yield found(asked[0], "not all got the same playlist")
    first, last = min(one.first_byte_at for one in asked), max(one.done_at for one in asked)
    if (spread := last - first - capture.stalled(first, last)) > within(capture, RELEASE_SPREAD_SECONDS):
        yield found(asked[0], f"{len(asked)} were released within {spread:.2f} s")


@rule("A-113", "O", "clients that hang up while they are held leave nothing behind", "ours")
def hung_up_are_forgotten(capture: Capture) -> Iterator[Finding]:
    if "origin_files_after_hang_up" not in capture.facts:
        raise NotApplicable("nobody hung up in this recording")
    before, after = (capture.facts[f"origin_files_{when}_hang_up"] for when in ("before", "after"))
    if after > before + FILES_SLACK:
        yield Finding("origin", f"{before:.0f} open files before, {after:.0f} five seconds after they hung up")


@rule("A-114", "S", "key frame playlists block like the others", "R§6.2.5.2")
def key_frame_playlists_block(capture: Capture) -> Iterator[Finding]:
    live = {
        one.path: reading
        for one, reading in media_playlists(capture)
        if b"#EXT-X-I-FRAMES-ONLY" in one.body and b"#EXT-X-PLAYLIST-TYPE" not in one.body
    }
    if not live:
        raise NotApplicable("no live key frame playlist")
    for path, reading in live.items():
        if not reading.can_block:
            yield Finding(path, "CAN-BLOCK-RELOAD is not offered")
        yield from _unsatisfied(one for one in capture.of(path, "block") if one.query)


@rule("A-115", "O", "a source that comes in bursts keeps nobody waiting longer than a request may be held", "ours")
def bursts_are_bearable(capture: Capture) -> Iterator[Finding]:
    if not any(one.name == "bursts" for one in capture.happenings):
        raise NotApplicable("the source came evenly")
    limit = within(capture, HOLD_TARGET_DURATIONS * target_duration(capture) + HOLD_SLACK_SECONDS)
    for one in capture.exchanges:
        if one.purpose == "block" and waiting_seconds(capture, one) + body_seconds(capture, one) > limit:
            yield found(one, f"held for {one.done_at - one.asked_at:.1f} s")
