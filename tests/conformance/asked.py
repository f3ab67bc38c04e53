"""What the rules about HTTP ask of a capture: the probes of one rule, their directives, how long an answer took."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs

from tests.conformance.capture import Capture, Exchange
from tests.conformance.reading import Reading, read
from tests.conformance.rule import Finding, NotApplicable

# "At once" of an answer that needs no waiting. A part is published every 0.2 s and more: whoever was held takes longer.
AT_ONCE_SECONDS = 0.25
_MAX_AGE = re.compile(r"max-age=(\d+)")


def probes(capture: Capture, purpose: str) -> list[Exchange]:
    """The requests of one probe (`A-110` with all that is special about them), without those that looked before it."""
    found = [
        one
        for one in capture.exchanges
        if one.purpose.partition(":")[0] == purpose and not one.purpose.endswith(":before")
    ]
    if not found:
        raise NotApplicable("was not asked in this recording")
    return found


def special(one: Exchange) -> str:
    """What is special about a probe: `reversed` of `A-110:reversed`."""
    return one.purpose.partition(":")[2]


def directives(one: Exchange) -> tuple[int | None, int | None]:
    """`_HLS_msn` and `_HLS_part` of a sound request."""
    query = parse_qs(one.query)
    msn, part = query.get("_HLS_msn"), query.get("_HLS_part")
    return int(msn[0]) if msn else None, int(part[0]) if part else None


def waiting_seconds(capture: Capture, one: Exchange) -> float:
    """From the request to the first byte, without the time in which the recorder itself did not run."""
    return one.first_byte_at - one.asked_at - capture.stalled(one.asked_at, one.first_byte_at)


def body_seconds(capture: Capture, one: Exchange) -> float:
    """From the first to the last byte, likewise."""
    return one.done_at - one.first_byte_at - capture.stalled(one.first_byte_at, one.done_at)


def within(capture: Capture, seconds: float) -> float:
    """A limit of time, with what this machine is allowed beyond it."""
    return seconds + capture.expected.slack_seconds


def playlist_of(one: Exchange) -> Reading | None:
    """The playlist in an answer, None when there is none that can be read."""
    if one.status != 200 or not one.body.startswith(b"#EXTM3U"):
        return None
    try:
        return read(one.text)
    except (KeyError, ValueError):
        return None


def media_playlists(capture: Capture) -> Iterator[tuple[Exchange, Reading]]:
    """Every media playlist that came, whole or as a delta."""
    for one in capture.exchanges:
        if one.is_playlist and one.method == "GET" and (reading := playlist_of(one)) and reading.target_duration:
            yield one, reading


def target_duration(capture: Capture) -> int:
    return next((reading.target_duration for _, reading in media_playlists(capture)), capture.expected.target_duration)


def max_age(one: Exchange) -> int | None:
    """Of its Cache-Control; 0 where it may not be cached, None where nothing is said."""
    said = one.headers.get("cache-control", "")
    if "no-store" in said or "no-cache" in said:
        return 0
    found = _MAX_AGE.search(said)
    return int(found[1]) if found else None


def found(one: Exchange, what: str) -> Finding:
    """A finding that names the request."""
    where = f"{one.method} {one.path}" + (f"?{one.query}" if one.query else "")
    return Finding(where, what)


def expect_at_once(capture: Capture, one: Exchange, *statuses: int) -> Iterator[Finding]:
    """An answer with one of these statuses, without waiting."""
    if one.status not in statuses:
        yield found(one, f"answered {one.status}, not {' or '.join(map(str, statuses))}")
    elif (seconds := waiting_seconds(capture, one)) > within(capture, AT_ONCE_SECONDS):
        yield found(one, f"answered after {seconds:.2f} s, not at once")
