"""§2.10 of the checklist, and the picture itself: the frame counter in every rendition and in the recording."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.conformance.capture import Capture
from tests.conformance.lifting import also, playlist_rule
from tests.conformance.media import Piece, contiguous, decode_stretch, spread, stretches
from tests.conformance.playlist_reader import ListedSegment, Playlist
from tests.conformance.rule import Finding, NotApplicable, rule
from tests.conformance.snapshots import (
    bodies,
    latest,
    listed_segments,
    live_paths,
    media_paths,
    recording_paths,
    rendition_of,
    snapshots,
)

COUNTED_SECONDS = 40.0  # of the beginning, middle and end of a stretch: FFmpeg decodes that much of each rendition
DATE_TOLERANCE_SECONDS = 0.5
COMPARED_SEGMENTS = 8
SAME_MOMENT_SECONDS = 0.05  # a frame of picture and half a frame of sound


def counted(capture: Capture) -> None:
    if not capture.expected.counted:
        raise NotApplicable("the picture has no frame counter")


def video_stretches(capture: Capture, path: str) -> Iterator[list[Piece]]:
    """What is decoded of a playlist's picture."""
    for stretch in stretches(capture, path):
        if stretch[0].is_video:
            yield from contiguous(stretch, COUNTED_SECONDS)


@rule("A-032", "O", "A segment's date is within 500 ms of when its first picture was sent.", "AS8.5")
def dates_are_true(capture: Capture) -> Iterator[Finding]:
    counted(capture)
    if not capture.sent:
        raise NotApplicable("nobody noted when the pictures were sent")
    for path in live_paths(capture):
        for stretch in video_stretches(capture, path):
            for piece, number in first_numbers(stretch):
                sent = capture.sent.get(number)
                date = piece.segment.starts_at
                if sent is None or date is None:
                    continue
                off = date.timestamp() - sent
                allowed = DATE_TOLERANCE_SECONDS + capture.expected.slack_seconds
                if abs(off) > allowed and abs(off) < _loop_seconds(capture):
                    yield Finding(piece.path, f"dated {off:+.3f} s off picture {number}")


def _loop_seconds(capture: Capture) -> float:
    """A clip that is sent again repeats its numbers; the time noted is then that of the last repetition."""
    return len(capture.sent) / capture.expected.frame_rate * 0.9


def first_numbers(stretch: Sequence[Piece]) -> Iterator[tuple[Piece, int]]:
    """The counter of each segment's first picture, where it can be told."""
    numbers = decode_stretch(stretch).numbers
    at = 0
    for piece in stretch:
        number = numbers[at] if at < len(numbers) else None
        if number is not None:
            yield piece, number
        at += len(piece.media.samples)


@rule("A-073", "O", "No picture is missing, doubled or out of order in any rendition (decoded in samples).", "ours")
def every_picture_is_there(capture: Capture) -> Iterator[Finding]:
    counted(capture)
    for path in live_paths(capture):
        for stretch in video_stretches(capture, path):
            yield from _count(capture, stretch)


def _count(capture: Capture, stretch: Sequence[Piece]) -> Iterator[Finding]:
    where = f"{stretch[0].path} to {stretch[-1].path}"
    decoded = decode_stretch(stretch)
    samples = sum(len(piece.media.samples) for piece in stretch)
    if decoded.complaint:
        yield Finding(where, decoded.complaint)
    elif len(decoded.numbers) != samples:
        yield Finding(where, f"{samples} samples, {len(decoded.numbers)} pictures")
    wrap = (max(capture.sent), min(capture.sent)) if capture.sent else None
    steps = [(one, other) for one, other in pairwise(decoded.numbers) if not _follows(one, other, wrap)]
    if steps:
        yield Finding(where, f"{len(steps)} wrong steps, the first from {steps[0][0]} to {steps[0][1]}")


def _follows(one: int | None, other: int | None, wrap: tuple[int, int] | None) -> bool:
    if one is None or other is None:
        return False
    return other == one + 1 or (one, other) == wrap


@rule(
    "A-074", "M", "Renditions have the same content, numbers, Target Duration and control at the same time.", "R§6.2.4"
)
def renditions_match(capture: Capture) -> Iterator[Finding]:
    for kind in (live_paths, recording_paths):
        try:
            found = kind(capture)
        except NotApplicable:
            continue
        for group in _groups(found):
            yield from _mismatches(capture, group)
    if capture.expected.counted:
        yield from _other_content(capture)


def _groups(found: list[str]) -> Iterator[list[str]]:
    """Live, DVR and recording each by themselves."""
    prefixes = {path.removesuffix(f"{rendition_of(path)}/index.m3u8") for path in found}
    for prefix in sorted(prefixes):
        group = [path for path in found if path == f"{prefix}{rendition_of(path)}/index.m3u8"]
        if group:
            yield group


def _mismatches(capture: Capture, group: list[str]) -> Iterator[Finding]:
    first = latest(capture, group[0]).playlist
    known = {segment.msn: segment for segment in listed_segments(capture, group[0])}
    for path in group[1:]:
        playlist = latest(capture, path).playlist
        for tag in ("TARGETDURATION", "SERVER-CONTROL"):
            if playlist.tags.get(tag) != first.tags.get(tag):
                yield Finding(path, f"{tag} {playlist.tags.get(tag)}, {first.tags.get(tag)} in {group[0]}")
        for segment in listed_segments(capture, path):
            if segment.msn in known:
                yield from (Finding(path, f"{what} {group[0]}") for what in _unlike(segment, known[segment.msn]))


def _unlike(segment: ListedSegment, other: ListedSegment) -> Iterator[str]:
    if segment.discontinuity_sequence != other.discontinuity_sequence:
        yield f"segment {segment.msn} has another Discontinuity Sequence Number than in"
    if segment.starts_at and other.starts_at:
        off = (segment.starts_at - other.starts_at).total_seconds()
        if abs(off) > SAME_MOMENT_SECONDS:
            yield f"segment {segment.msn} begins {off:+.3f} s beside"


def _other_content(capture: Capture) -> Iterator[Finding]:
    numbers: dict[int, dict[str, int]] = {}
    for path in live_paths(capture):
        for stretch in video_stretches(capture, path):
            for piece, number in spread(list(first_numbers(stretch)), COMPARED_SEGMENTS):
                numbers.setdefault(piece.segment.msn, {})[path] = number
    for msn, found in numbers.items():
        if len(set(found.values())) > 1:
            yield Finding("all renditions", f"segment {msn} begins with pictures {found}")


@playlist_rule("A-160", "M", "A recording says VOD and ENDLIST; an EVENT playlist drops nothing.", "AS8.6-8, R§6.2.1")
def recordings_are_marked(playlist: Playlist) -> Iterator[str]:
    kind = playlist.tags.get("PLAYLIST-TYPE")
    if kind == "VOD" and not playlist.ended:
        yield "PLAYLIST-TYPE VOD without ENDLIST"
    if kind not in (None, "VOD", "EVENT"):
        yield f"PLAYLIST-TYPE {kind}"
    if kind is not None and playlist.number("MEDIA-SEQUENCE"):
        yield f"PLAYLIST-TYPE {kind} begins with segment {playlist.number('MEDIA-SEQUENCE')}"


@also("A-160")
def recordings_stay(capture: Capture) -> Iterator[Finding]:
    for path in media_paths(capture):
        seen = {one.playlist: one for one in snapshots(capture, path=path) if one.playlist.is_recording}
        if len(seen) > 1:
            yield Finding(path, f"{len(seen)} different recordings")
    for path in {one.path for one in snapshots(capture)}:
        if path.startswith("vod/") and not path.endswith("iframes.m3u8"):
            playlist = latest(capture, path).playlist
            if not playlist.is_multivariant and not playlist.is_recording:
                yield Finding(path, "no PLAYLIST-TYPE VOD")


@rule("A-161", "M", "A recording's renditions begin together and cover the same time.", "R§6.2.4, AS8.7")
def recordings_cover_the_same(capture: Capture) -> Iterator[Finding]:
    found = recording_paths(capture)
    spans = {path: _span(capture, path) for path in found}
    begin, length = spans[found[0]]
    for path, (begins, lasts) in spans.items():
        allowed = SAME_MOMENT_SECONDS * (1 + _breaks(capture, path))
        if abs(begins - begin) > SAME_MOMENT_SECONDS or abs(lasts - length) > allowed:
            yield Finding(path, f"begins {begins - begin:+.3f} s and lasts {lasts - length:+.3f} s beside {found[0]}")


def _span(capture: Capture, path: str) -> tuple[float, float]:
    """When a recording begins, and how long it is."""
    listed = listed_segments(capture, path)
    begins = listed[0].starts_at if listed else None
    return begins.timestamp() if begins else 0.0, float(sum(segment.duration for segment in listed))


def _breaks(capture: Capture, path: str) -> int:
    """Each run may end with a shorter or longer last frame."""
    return sum(segment.discontinuity for segment in listed_segments(capture, path))


@rule("A-162", "O", "The recording is what was broadcast: every segment, in order, to the last part.", "ours")
def recordings_are_whole(capture: Capture) -> Iterator[Finding]:
    live = {rendition_of(path): path for path in live_paths(capture) if not path.startswith("dvr/")}
    for path in recording_paths(capture):
        shown = live.get(rendition_of(path))
        if shown is None or not latest(capture, shown).playlist.ended:
            continue
        kept = _kept(capture, path)
        recorded = [media for _, media, _ in kept]
        begins = {media for _, media, discontinuity in kept if discontinuity}
        for resolved, media, discontinuity in _kept(capture, shown):
            if media not in recorded:
                yield Finding(path, f"{resolved} was broadcast and is not in the recording")
            elif discontinuity and media not in begins and recorded[0] != media:
                yield Finding(path, f"the discontinuity before {resolved} is not in the recording")
        if len({where for where, _, _ in kept}) != len(kept):
            yield Finding(path, "a segment is in the recording twice")


def _kept(capture: Capture, path: str) -> list[tuple[str, bytes, bool]]:
    """Where each segment is, what it is (its bytes, since a recording's may lie elsewhere), and what is before it."""
    one, held = latest(capture, path), bodies(capture)
    return [
        (where, hashlib.sha256(held.get(where, where.encode())).digest(), segment.discontinuity)
        for segment in listed_segments(capture, path)
        if not segment.gap and (where := one.resolve(segment.place))
    ]
