"""§2.3 as far as it is about HTTP: what is listed can be had, whole, at once, and as long as it must (R§6.2.1-2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from tests.conformance.asked import body_seconds, found, max_age, media_playlists, playlist_of, target_duration, within
from tests.conformance.capture import Capture, Exchange
from tests.conformance.reading import read, resolve
from tests.conformance.rule import Finding, NotApplicable, rule

TRICKLE_SECONDS = 0.1
TRICKLE_BYTES = 2_000_000  # larger bodies may take longer on a busy machine
STALE_TARGET_DURATIONS = 3
GONE = (404, 410)


@dataclass
class _Segment:
    """Until when a segment was listed, and how long it must stay after that."""

    last_listed: float
    duration: float
    longest: float  # seconds of the longest playlist that held it

    @property
    def may_go_at(self) -> float:
        return self.last_listed + self.duration + self.longest


def _segments(capture: Capture) -> dict[str, _Segment]:
    """By path, as whole live playlists list them."""
    seen: dict[str, _Segment] = {}
    for one, reading in media_playlists(capture):
        if reading.skipped or one.path.startswith("vod/"):
            continue
        for segment in reading.segments:
            path = resolve(one.path, segment.uri)
            longest = max(reading.seconds, seen[path].longest if path in seen else 0.0)
            if not segment.gap:
                seen[path] = _Segment(one.asked_at, segment.duration, longest)
    return seen


@rule("A-047", "M", "a removed segment stays for its own and the longest playlist's duration", "R§6.2.2")
def removed_segments_stay(capture: Capture) -> Iterator[Finding]:
    segments = _segments(capture)
    asked = [one for one in capture.exchanges if one.purpose == "again" and one.path in segments]
    if not asked:
        raise NotApplicable("no segment left a playlist")
    for one in asked:
        if (one.status != one.wanted_status or not one.whole) and one.asked_at < segments[one.path].may_go_at:
            early = segments[one.path].may_go_at - one.asked_at
            yield found(one, f"answered {one.status}, {early:.1f} s before it may be gone")


@rule("A-048", "M", "a playlist changes as a whole: no answer is cut off or unreadable", "R§6.2.1")
def playlists_are_whole(capture: Capture) -> Iterator[Finding]:
    asked = [one for one in capture.exchanges if one.is_playlist and one.status == 200 and one.method == "GET"]
    if not asked:
        raise NotApplicable("no playlist")
    for one in asked:
        if problem := _broken(one):
            yield found(one, problem)


def _broken(one: Exchange) -> str:
    length = one.headers.get("content-length")
    if not one.whole or (length is not None and int(length) != one.wire_size):
        return f"cut off after {one.wire_size} bytes"
    if not one.body.startswith(b"#EXTM3U") or not one.body.endswith(b"\n"):
        return "does not begin or end as a playlist does"
    try:
        read(one.text)
    except (KeyError, ValueError) as problem:
        return f"cannot be read: {problem!r}"
    return ""


@rule("A-049", "M", "what is listed is there, whole, and comes without a pause", "R§6.2.1")
def listed_is_there(capture: Capture) -> Iterator[Finding]:
    asked = [one for one in capture.exchanges if one.purpose == "media"]
    if not asked:
        raise NotApplicable("nothing was downloaded")
    sizes: dict[str, int] = {}
    for one in asked:
        if one.status != one.wanted_status or not one.whole:
            yield found(one, f"answered {one.status}" if one.status != one.wanted_status else "cut off")
            continue
        if "#" in one.path and (problem := _other_range(one)):
            yield found(one, problem)
        if sizes.setdefault(one.path, one.wire_size) != one.wire_size:
            yield found(one, f"{one.wire_size} bytes, {sizes[one.path]} before")
        if one.wire_size <= TRICKLE_BYTES and (seconds := body_seconds(capture, one)) > within(
            capture, TRICKLE_SECONDS
        ):
            yield found(one, f"trickled for {seconds:.2f} s")


def _other_range(one: Exchange) -> str:
    """Whether what came is what was asked for (RFC 9110 §14.4)."""
    span = one.path.partition("#")[2]
    first, _, last = span.partition("-")
    said = one.headers.get("content-range", "")
    if not said.startswith(f"bytes {span}/") or len(one.body) != int(last) - int(first) + 1:
        return f"{len(one.body)} bytes, said to be {said or 'nothing'}"
    return ""


@rule("A-051", "M", "segments outlive a removed presentation by one playlist duration", "R§6.2.1")
def removed_presentation_stays(capture: Capture) -> Iterator[Finding]:
    removed_at: dict[str, float] = {}
    for one in capture.exchanges:
        if one.is_playlist and one.purpose == "poll" and one.status in GONE:
            removed_at.setdefault(one.path, one.done_at)
    live = [path for path in removed_at if any(playlist_of(one) for one in capture.of(path))]
    if not live:
        raise NotApplicable("the presentation was not removed")
    segments = _segments(capture)
    first = min(removed_at[path] for path in live)
    for one in capture.exchanges:
        segment = segments.get(one.path)
        if segment and one.status in GONE and first < one.asked_at < first + segment.longest:
            yield found(one, f"gone {one.asked_at - first:.1f} s after the playlist")


@rule("A-052", "S", "media says how long it may be cached", "R§6.2.2")
def media_says_its_lifetime(capture: Capture) -> Iterator[Finding]:
    asked = [one for one in capture.exchanges if one.purpose in {"media", "again"} and one.status == one.wanted_status]
    if not asked:
        raise NotApplicable("nothing was downloaded")
    for one in asked:
        if max_age(one) is None and "expires" not in one.headers:
            yield found(one, "neither Cache-Control: max-age nor Expires")


@rule("A-053", "S", "a live playlist is not older than three target durations", "AS8.24")
def playlists_are_fresh(capture: Capture) -> Iterator[Finding]:
    dated = [
        (one, reading)
        for one, reading in media_playlists(capture)
        if not reading.ended and {"last-modified", "date"} <= one.headers.keys()
    ]
    if not dated:
        raise NotApplicable("no live playlist says when it was modified")
    limit = STALE_TARGET_DURATIONS * target_duration(capture)
    for one, _ in dated:
        date, modified = (parsedate_to_datetime(one.headers[name]) for name in ("date", "last-modified"))
        if (age := (date - modified).total_seconds()) > limit:
            yield found(one, f"modified {age:.0f} s before its date")
