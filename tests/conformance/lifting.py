"""Makes rules of the whole capture from checks of one playlist, or of one playlist before and after a change."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from tests.conformance.capture import Capture
from tests.conformance.playlist_reader import Playlist
from tests.conformance.rule import Check, Finding, NotApplicable, rule
from tests.conformance.snapshots import chains, distinct

PlaylistCheck = Callable[[Playlist], Iterator[str]]
ChangeCheck = Callable[[Playlist, Playlist], Iterator[str]]
PLAYLIST_CHECKS: dict[str, PlaylistCheck] = {}
CHANGE_CHECKS: dict[str, ChangeCheck] = {}
_MORE: dict[str, list[Check]] = {}
REMEMBERED = 100_000  # verdicts of one check, so that a capture changed in one place is judged again quickly


def playlist_rule(id: str, level: str, says: str, source: str) -> Callable[[PlaylistCheck], PlaylistCheck]:
    """Registers a check of single playlists: it is made of each distinct text that was seen."""

    def register(check: PlaylistCheck) -> PlaylistCheck:
        remembered = lru_cache(REMEMBERED)(lambda playlist: tuple(check(playlist)))

        def check_all(capture: Capture) -> Iterator[Finding]:
            seen = distinct(capture)
            if not seen:
                raise NotApplicable("no playlist")
            for path, playlist in seen:
                yield from (Finding(path, what) for what in remembered(playlist))
            for more in _MORE.get(id, ()):
                yield from more(capture)

        PLAYLIST_CHECKS[id] = check
        rule(id, level, says, source)(check_all)
        return check

    return register


def breach_rule(id: str, level: str, says: str, source: str) -> None:
    """Registers a rule that the reader itself watches over."""

    @playlist_rule(id, level, says, source)
    def check(playlist: Playlist) -> Iterator[str]:
        yield from (breach.what for breach in playlist.breaches if breach.rule == id)


def change_rule(id: str, level: str, says: str, source: str) -> Callable[[ChangeCheck], ChangeCheck]:
    """Registers a check of each change of a playlist: the whole text before and after it."""

    def register(check: ChangeCheck) -> ChangeCheck:
        remembered = lru_cache(REMEMBERED)(lambda older, newer: tuple(check(older, newer)))

        def check_all(capture: Capture) -> Iterator[Finding]:
            changed = False
            for chain in chains(capture):
                for older, newer in zip(chain, chain[1:], strict=False):
                    changed = True
                    where = f"{newer.path} at {newer.seen_at:.3f}"
                    yield from (Finding(where, what) for what in remembered(older.playlist, newer.playlist))
            if not changed:
                raise NotApplicable("no playlist changed")

        CHANGE_CHECKS[id] = check
        rule(id, level, says, source)(check_all)
        return check

    return register


def also(id: str) -> Callable[[Check], Check]:
    """Adds to a rule of single playlists what only a whole capture shows."""

    def extend(more: Check) -> Check:
        _MORE.setdefault(id, []).append(more)
        return more

    return extend
