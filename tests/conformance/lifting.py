"""Makes rules of the whole capture from checks of one playlist, or of one playlist before and after a change."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

from tests.conformance.capture import Capture
from tests.conformance.playlist_reader import Playlist
from tests.conformance.rule import RULES, Check, Finding, NotApplicable, rule
from tests.conformance.snapshots import chains, snapshots

PlaylistCheck = Callable[[Playlist], Iterator[str]]
ChangeCheck = Callable[[Playlist, Playlist], Iterator[str]]
PLAYLIST_CHECKS: dict[str, PlaylistCheck] = {}
CHANGE_CHECKS: dict[str, ChangeCheck] = {}
REMEMBERED = 100_000  # verdicts of one check, so that a capture changed in one place is judged again quickly


def playlist_rule(id: str, level: str, says: str, source: str) -> Callable[[PlaylistCheck], PlaylistCheck]:
    """Registers a check of single playlists: it is made of each distinct text that was seen."""

    def register(check: PlaylistCheck) -> PlaylistCheck:
        remembered = lru_cache(REMEMBERED)(lambda playlist: tuple(check(playlist)))

        def check_all(capture: Capture) -> Iterator[Finding]:
            seen = {(one.path, one.playlist): one for one in snapshots(capture)}
            if not seen:
                raise NotApplicable("no playlist")
            for path, playlist in seen:
                yield from (Finding(path, what) for what in remembered(playlist))

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
    """Adds what only a whole capture shows to a rule that is registered already."""

    def extend(more: Check) -> Check:
        first = RULES[id].check

        def both(capture: Capture) -> Iterator[Finding]:
            yield from first(capture)
            yield from more(capture)

        RULES[id] = replace(RULES[id], check=both)
        return more

    return extend
