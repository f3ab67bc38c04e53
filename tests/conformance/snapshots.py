"""A capture's playlists as a client saw them: which snapshots there are of each, in order, and what they list."""

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar, cast

from tests.conformance.capture import Capture, Exchange
from tests.conformance.playlist_reader import ListedSegment, Playlist, read_body, resolve
from tests.conformance.rule import NotApplicable

Made = TypeVar("Made")
FOLLOWING = ("poll", "block")  # each is one client that asks one thing after the other


@dataclass(frozen=True)
class Snapshot:
    """One answer that carried a playlist."""

    exchange: Exchange
    playlist: Playlist

    @property
    def path(self) -> str:
        return self.exchange.path

    @property
    def seen_at(self) -> float:
        return self.exchange.done_at

    def resolve(self, uri: str) -> str:
        return resolve(self.path, uri)


class _Index:
    """What a capture's playlists are, found once: every rule asks for them."""

    def __init__(self, capture: Capture) -> None:
        self.capture, self.size = capture, len(capture.exchanges)
        self.all: list[Snapshot] = []
        self.by_path: dict[str, list[Snapshot]] = {}
        self.bodies: dict[str, bytes] = {}
        self.made: dict[tuple[object, ...], object] = {}
        for one in capture.exchanges:
            if one.status != one.wanted_status or one.method != "GET":
                continue
            if not one.is_playlist:
                self.bodies.setdefault(one.path, one.body)
            else:
                snapshot = Snapshot(one, read_body(one.body))
                self.all.append(snapshot)
                self.by_path.setdefault(one.path, []).append(snapshot)


_indexes: list[_Index] = []  # of the capture judged last


def _index(capture: Capture) -> _Index:
    if not _indexes or _indexes[0].capture is not capture or _indexes[0].size != len(capture.exchanges):
        _indexes[:] = [_Index(capture)]
    return _indexes[0]


def snapshots(capture: Capture, *purposes: str, path: str = "") -> Iterator[Snapshot]:
    """Every playlist that was answered with 200, in the order of the answers."""
    index = _index(capture)
    for one in index.by_path.get(path, []) if path else index.all:
        if not purposes or one.exchange.purpose in purposes:
            yield one


def remembered(capture: Capture, key: tuple[object, ...], make: Callable[[], Made]) -> Made:
    """What `make` finds in this capture, found once."""
    index = _index(capture)
    if key not in index.made:
        index.made[key] = make()
    return cast(Made, index.made[key])


def bodies(capture: Capture) -> dict[str, bytes]:
    """What was downloaded besides playlists, by path; ranges by path and place."""
    return _index(capture).bodies


def paths(capture: Capture) -> list[str]:
    """Of all playlists, in the order in which they were first seen."""
    return list(_index(capture).by_path)


def media_paths(capture: Capture) -> list[str]:
    """Of all media playlists that are not I-frames only."""
    return [path for path in paths(capture) if _is_media(latest(capture, path).playlist)]


def _is_media(playlist: Playlist) -> bool:
    return not playlist.is_multivariant and not playlist.is_iframes


def live_paths(capture: Capture, *, low_latency: bool = False) -> list[str]:
    """Of media playlists that are or were live; NotApplicable when there is none."""
    found = [
        path
        for path in media_paths(capture)
        if not (playlist := latest(capture, path).playlist).is_recording and (playlist.has_parts or not low_latency)
    ]
    if not found:
        raise NotApplicable("no live media playlist" + (" with parts" if low_latency else ""))
    return found


def recording_paths(capture: Capture) -> list[str]:
    """Of a recording's media playlists; NotApplicable when there is none."""
    found = [path for path in media_paths(capture) if latest(capture, path).playlist.is_recording]
    if not found:
        raise NotApplicable("no recording")
    return found


def latest(capture: Capture, path: str) -> Snapshot:
    """The last snapshot of a playlist that is not a delta update."""
    for one in reversed(_index(capture).by_path.get(path, [])):
        if not one.playlist.is_delta:
            return one
    raise NotApplicable(f"no whole snapshot of {path}")


def distinct(capture: Capture) -> list[tuple[str, Playlist]]:
    """Each text of each playlist once."""
    return remembered(
        capture, ("distinct",), lambda: list(dict.fromkeys((one.path, one.playlist) for one in snapshots(capture)))
    )


def chains(capture: Capture) -> list[list[Snapshot]]:
    """Each playlist as one client after the other saw it grow; whole playlists only, equal neighbours once."""
    return remembered(capture, ("chains",), lambda: list(_chains(capture)))


def _chains(capture: Capture) -> Iterator[list[Snapshot]]:
    for path in paths(capture):
        for purpose in FOLLOWING:
            chain: list[Snapshot] = []
            for one in snapshots(capture, purpose, path=path):
                if not one.playlist.is_delta and (not chain or chain[-1].playlist is not one.playlist):
                    chain.append(one)
            if chain:
                yield chain


@dataclass(frozen=True)
class FirstSight:
    """When a segment or part was first listed; `surely_after` is when it was surely not listed yet."""

    uri: str
    at: float
    surely_after: float
    segment: ListedSegment


def first_sights(capture: Capture, path: str, *, parts: bool = False) -> list[FirstSight]:
    """In the order in which segments (or parts, and gaps without parts) appeared to whoever looked first."""
    return remembered(capture, ("sights", path, parts), lambda: _first_sights(capture, path, parts=parts))


def _first_sights(capture: Capture, path: str, *, parts: bool) -> list[FirstSight]:
    found: dict[str, FirstSight] = {}
    before = float("-inf")
    for snapshot in snapshots(capture, *FOLLOWING, path=path):
        for segment in [*snapshot.playlist.segments, snapshot.playlist.open]:
            for uri in _units(segment, parts=parts):
                if uri not in found:
                    found[uri] = FirstSight(uri, snapshot.seen_at, before, segment)
        before = max(before, snapshot.exchange.asked_at)
    return list(found.values())


def _units(segment: ListedSegment, *, parts: bool) -> list[str]:
    if parts and not segment.gap:
        return [part.uri for part in segment.parts]
    return [segment.uri] if segment.uri else []


def listed_segments(capture: Capture, path: str) -> list[ListedSegment]:
    """Every segment a playlist ever listed, by Media Sequence Number, as it was first listed complete."""
    return remembered(capture, ("listed", path), lambda: _listed_segments(capture, path))


def _listed_segments(capture: Capture, path: str) -> list[ListedSegment]:
    found: dict[int, ListedSegment] = {}
    for snapshot in snapshots(capture, path=path):
        if not snapshot.playlist.is_delta:
            for segment in snapshot.playlist.segments:
                found.setdefault(segment.msn, segment)
    return [found[msn] for msn in sorted(found)]


def rendition_of(path: str) -> str:
    """`dvr/360p/index.m3u8` → `360p`."""
    return posixpath.basename(posixpath.dirname(path))
