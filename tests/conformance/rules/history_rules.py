"""§2.3 of the checklist: how a playlist may change (RFC 8216bis §6.2.1, §6.2.2)."""

import hashlib
from collections.abc import Iterator
from itertools import pairwise

from tests.conformance.attributes import names
from tests.conformance.capture import Capture
from tests.conformance.lifting import change_rule
from tests.conformance.playlist_reader import ListedPart, ListedSegment, Playlist
from tests.conformance.rule import Finding, NotApplicable, rule
from tests.conformance.snapshots import FOLLOWING, distinct, first_sights, latest, live_paths, snapshots

LATE_SECONDS = 0.1  # a loaded machine of two cores, and a poll every 100 ms
END_SECONDS = 10.0
# What may differ between two snapshots besides segments, parts, hints and reports.
CHANGING = frozenset({"MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE", "ENDLIST"})
OF_SEGMENTS = names(
    "EXTINF DISCONTINUITY MAP KEY PROGRAM-DATE-TIME GAP PART BYTERANGE PRELOAD-HINT RENDITION-REPORT BITRATE DATERANGE"
)


def by_place(playlist: Playlist) -> dict[str, ListedSegment]:
    return {segment.place: segment for segment in playlist.segments}


@change_rule("A-040", "M", "The Target Duration never changes.", "R§6.2.1")
def target_duration_stays(older: Playlist, newer: Playlist) -> Iterator[str]:
    was, now = older.tags.get("TARGETDURATION"), newer.tags.get("TARGETDURATION")
    if was != now:
        yield f"TARGETDURATION {was} became {now}"


@change_rule("A-041", "M", "Only additions at the end, removals at the beginning and old parts' removal.", "R§6.2.1")
def only_allowed_changes(older: Playlist, newer: Playlist) -> Iterator[str]:
    if older.is_multivariant:
        return
    skipped = CHANGING | OF_SEGMENTS
    for name in (older.tags.keys() | newer.tags.keys()) - skipped - {"TARGETDURATION", "PART-INF"}:
        if older.tags.get(name) != newer.tags.get(name):
            yield f"{name} {older.tags.get(name)} became {newer.tags.get(name)}"
    if not newer.segments or not older.segments:
        return
    places = [segment.place for segment in older.segments]
    kept = places[places.index(newer.segments[0].place) :] if newer.segments[0].place in places else []
    if [segment.place for segment in newer.segments[: len(kept)]] != kept:
        yield f"segments {kept[0]} to {kept[-1]} were not kept in their order"
    yield from _changed_parts(older, newer)


def _changed_parts(older: Playlist, newer: Playlist) -> Iterator[str]:
    now = by_place(newer)
    for was in older.segments:
        if was.place in now and was.parts and now[was.place].parts not in (was.parts, []):
            yield f"the parts of segment {was.msn} changed after it was complete"
    closed = next((s for s in [*newer.segments, newer.open] if s.parts and s.msn == older.open.msn), None)
    listed = older.open.parts
    if closed and listed and closed.parts[: len(listed)] != listed:
        yield f"the parts of the open segment {closed.msn} changed: {_first_difference(listed, closed.parts)}"


def _first_difference(was: list[ListedPart], now: list[ListedPart]) -> str:
    return next((f"{a.uri} became {b.uri}" for a, b in zip(was, now, strict=False) if a != b), "some were lost")


@change_rule("A-042", "M", "Numbers grow by what was removed and never decrease.", "R§6.2.2")
def numbers_never_decrease(older: Playlist, newer: Playlist) -> Iterator[str]:
    for name in ("MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE"):
        if newer.number(name) < older.number(name):
            yield f"{name} {older.number(name)} became {newer.number(name)}"
    if not newer.segments:
        return
    for removed, segment in enumerate(older.segments):
        if segment.place == newer.segments[0].place:
            step = newer.number("MEDIA-SEQUENCE") - older.number("MEDIA-SEQUENCE")
            if step != removed:
                yield f"{removed} segments were removed and MEDIA-SEQUENCE grew by {step}"


@change_rule("A-043", "M", "A listed segment's Discontinuity Sequence Number never changes.", "R§6.2.2")
def discontinuity_numbers_stay(older: Playlist, newer: Playlist) -> Iterator[str]:
    now = by_place(newer)
    for segment in older.segments:
        after = now.get(segment.place)
        if after and after.discontinuity_sequence != segment.discontinuity_sequence:
            yield f"segment {after.msn}: {segment.discontinuity_sequence} became {after.discontinuity_sequence}"


@rule("A-044", "O", "A number always means the same segment, and a URI the same bytes.", "ours")
def nothing_is_renamed(capture: Capture) -> Iterator[Finding]:
    yield from _renamed(capture)
    seen: dict[str, bytes] = {}
    for one in capture.exchanges:
        if (
            one.is_playlist
            or one.status != one.wanted_status
            or one.method != "GET"
            or one.path.endswith((".json", ".mpd"))
        ):
            continue
        digest = hashlib.sha256(one.body).digest()
        if seen.setdefault(one.path, digest) != digest:
            yield Finding(one.path, "other bytes than before")


def _renamed(capture: Capture) -> Iterator[Finding]:
    known: dict[tuple[str, int], tuple[object, ...]] = {}
    for path, playlist in distinct(capture):
        for segment in playlist.segments:
            facts = (segment.place, segment.duration, segment.gap)  # a date may be said later on: A-031
            if known.setdefault((path, segment.msn), facts) != facts:
                yield Finding(path, f"segment {segment.msn} is another: {segment.place}, {segment.duration} s")


@rule("A-045", "M", "A new segment comes within 1.5 Target Durations, with an encoder or without.", "R§6.2.1")
def segments_keep_coming(capture: Capture) -> Iterator[Finding]:
    for path in live_paths(capture):
        end = latest(capture, path)
        sights = first_sights(capture, path)
        allowed = 1.5 * end.playlist.number("TARGETDURATION") + LATE_SECONDS + capture.expected.slack_seconds
        for one, other in pairwise(sights):
            if other.at - one.at > allowed:
                yield Finding(path, f"{other.uri} came {other.at - one.at:.3f} s after {one.uri}")
        open_end = [s for s in snapshots(capture, *FOLLOWING, path=path)]
        if sights and open_end and not end.playlist.ended:
            silence = open_end[-1].exchange.asked_at - sights[-1].at
            if silence > allowed:
                yield Finding(path, f"nothing came in the {silence:.3f} s after {sights[-1].uri}")


@change_rule("A-046", "M", "Removal leaves at least three Target Durations of media.", "R§6.2.2")
def enough_is_left(older: Playlist, newer: Playlist) -> Iterator[str]:
    removed = newer.number("MEDIA-SEQUENCE") > older.number("MEDIA-SEQUENCE")
    if removed and newer.seconds < 3 * newer.number("TARGETDURATION"):
        yield f"only {newer.seconds} s are left"


@rule("A-050", "M", "ENDLIST comes within 10 s of the end, and nothing changes after it.", "R§6.2.1")
def the_end_is_told(capture: Capture) -> Iterator[Finding]:
    ends = [one.at for one in capture.happenings if one.name == "ended"]
    allowed = END_SECONDS + capture.expected.slack_seconds
    for path in live_paths(capture):
        told = [one for one in snapshots(capture, path=path) if not one.playlist.is_delta]
        late = [one for one in told if ends and one.exchange.asked_at > ends[0] + allowed]
        if any(not one.playlist.ended for one in late):
            yield Finding(path, f"no ENDLIST {allowed:.0f} s after the end")
        end = min((one for one in told if one.playlist.ended), key=lambda one: one.seen_at, default=None)
        for one in told:
            # Only what was asked for after the end had been told: a request that was held overtakes none.
            if end and one.exchange.asked_at > end.seen_at and one.playlist is not end.playlist:
                yield Finding(path, f"changed after ENDLIST, at {one.seen_at:.3f}")
    if not ends and not any(latest(capture, path).playlist.ended for path in live_paths(capture)):
        raise NotApplicable("the broadcast did not end")
