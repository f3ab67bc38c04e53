"""For tests of single playlists: raises for the first rule of the checklist that one text, or one change, breaks."""

from tests.conformance.lifting import CHANGE_CHECKS, PLAYLIST_CHECKS
from tests.conformance.playlist_reader import Playlist, read
from tests.conformance.rules import load_rules

load_rules()


class BrokenRule(AssertionError):
    """A playlist breaks the rule of this number."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(f"{rule}: {why}")
        self.rule = rule


def demand_good(text: str, *, other_renditions: int | None = None) -> Playlist:
    """Reads one playlist; raises BrokenRule for the first rule that this text alone breaks."""
    playlist = read(text)
    for id, check in PLAYLIST_CHECKS.items():
        for why in check(playlist):
            raise BrokenRule(id, why)
    if other_renditions is not None and not playlist.ended and len(playlist.reports) != other_renditions:
        raise BrokenRule("A-092", f"{len(playlist.reports)} rendition reports")
    return playlist


def demand_good_change(older: Playlist, newer: Playlist) -> None:
    """Raises BrokenRule for the first rule that this change of a playlist breaks."""
    for id, check in CHANGE_CHECKS.items():
        for why in check(older, newer):
            raise BrokenRule(id, why)
