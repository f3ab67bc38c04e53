"""What one flush of a room writes: one batch that nearly everybody gets, and the few exceptions to it."""

from collections.abc import Mapping, Sequence

from chat.core.events import Person
from chat.core.frames import Batch
from chat.core.removals import Entry
from chat.core.sampling import About


class Flush:
    """`left_out`: by seq, events that the sample is without, and whom each concerns. Moderators get everything."""

    def __init__(self, entries: Sequence[Entry], left_out: Mapping[int, About]) -> None:
        self.first, self.last = entries[0][0], entries[-1][0]
        self.everything = Batch(tuple(payload for _, payload in entries))
        self.is_sampled = bool(left_out)
        self._entries, self._left_out = entries, left_out
        self._about = About.any_of(left_out.values())
        self.for_most = self._batch_without(left_out) if self.is_sampled else self.everything

    def is_for_most(self, person: Person | None, *, moderates: bool) -> bool:
        """Whether he, if he has nothing of it yet, gets what nearly everybody gets."""
        return not self.is_sampled or not (moderates or _is_for(self._about, person))

    def batch_for(self, person: Person | None, *, moderates: bool, has_until: int) -> Batch:
        """For one who is not like everybody; it may be empty. He has everything up to `has_until` already."""
        if has_until >= self.first:
            hidden = set() if moderates else self._hidden_from(person)
            return self._batch_without(hidden, after=has_until)
        if moderates:
            return self.everything
        if _is_for(self._about, person):
            return self._batch_without(self._hidden_from(person))
        return self.for_most

    def _hidden_from(self, person: Person | None) -> set[int]:
        return {seq for seq, about in self._left_out.items() if not _is_for(about, person)}

    def _batch_without(self, hidden: Mapping[int, About] | set[int], *, after: int = 0) -> Batch:
        return Batch(tuple(payload for seq, payload in self._entries if seq > after and seq not in hidden))


def _is_for(about: About, person: Person | None) -> bool:
    return person is not None and about.concerns(person.id, person.login)
