"""What a room has still to write, to viewers who are not equally far."""

from chat.core.flush import Flush
from chat.core.removals import Entry
from chat.core.sampling import About


class Outbox:
    """Entries by their place: the first that was ever added has place 0. All who are equally far share one flush."""

    def __init__(self) -> None:
        self.end = 0  # the place of the entry that is added next
        self._start = 0  # of the oldest that is kept
        self._entries: list[Entry] = []
        self._left_out: dict[int, About] = {}
        self._flushes: dict[int, Flush] = {}

    def add(self, entry: Entry, about: About | None) -> None:
        """`about`: whom it concerns, if the sample that most are shown is without it."""
        self._entries.append(entry)
        if about is not None:
            self._left_out[entry[0]] = about
        self.end += 1
        self._flushes.clear()

    def since(self, place: int) -> Flush:
        """Everything from this place on, of which there must be some."""
        flush = self._flushes.get(place)
        if flush is None:
            entries = self._entries[place - self._start :]
            left_out = {seq: about for seq, about in self._left_out.items() if seq >= entries[0][0]}
            flush = self._flushes[place] = Flush(entries, left_out)
        return flush

    def forget_before(self, place: int) -> None:
        """Everybody is so far."""
        if place == self._start:
            return
        del self._entries[: place - self._start]
        self._start = place
        if self._left_out:
            oldest = self._entries[0][0] if self._entries else float("inf")
            self._left_out = {seq: about for seq, about in self._left_out.items() if seq >= oldest}
