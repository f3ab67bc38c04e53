"""How a room's events reach its viewers: slice after slice, to each everything there is when its turn comes.

An idle room's event goes to all slices at once. In a busy room the turns go round: what came since a slice's last turn
shares one write, and nobody waits for the end of a sweep that began before the event came. So everyone has it one round
later, however fast the room is. Between two turns the process reads what came in, and other rooms have theirs: a room
that fills its core slows down nobody but itself.
"""

import asyncio
import os

from chat.core.flush import Flush
from chat.core.outbox import Outbox
from chat.core.removals import Entry
from chat.core.sampling import About
from chat.limits import CLOCK_SECONDS, FLUSH_TICK_SECONDS, SLICE_VIEWERS, SLOW_BUFFER_BYTES
from chat.sinks import NOT_LENT
from chat.viewer import Viewer


class FanOut:
    """Viewers come and go at any time; each is written what is sent while he is there, once and in order."""

    def __init__(self) -> None:
        self.slow: set[Viewer] = set()  # who is left out until he has read what he was written
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox()
        self._slices: list[Slice] = []
        self._seats: dict[Viewer, Seat] = {}
        self._next = 0  # the slice whose turn comes next
        self._turn: asyncio.Handle | None = None

    def add(self, viewer: Viewer) -> None:
        """What of it he has already, `viewer.has_until` says."""
        free = next((one for one in reversed(self._slices) if one.has_room), None)
        if free is None:
            free = Slice(self._outbox.end, self.slow)
            self._slices.append(free)
        self._seats[viewer] = free.add(viewer)

    def remove(self, viewer: Viewer) -> None:
        seat = self._seats.pop(viewer, None)
        if seat is not None:
            self.slow.discard(viewer)
            seat.slice.remove(seat)
            if seat.slice.is_empty:
                self._slices.remove(seat.slice)

    def send(self, entry: Entry, about: About | None = None) -> None:
        """`about`: whom it concerns, if it is not for everybody."""
        self._outbox.add(entry, about)
        if self._turn is None:
            self._go_on()

    def serve_again(self, viewer: Viewer) -> None:
        """He has read what he was written; what he missed meanwhile is for the caller to tell."""
        viewer.slow_since = None
        self.slow.discard(viewer)

    def stop(self) -> None:
        """Nobody is here any more."""
        if self._turn is not None:
            self._turn.cancel()

    def _go_on(self) -> None:
        """One turn. The next is another of the event loop, so that a large room does not starve what comes in."""
        self._turn = None
        one = self._behind()
        if one is None:
            self._outbox.forget_before(self._outbox.end)
            return
        started = self._loop.time()
        if one.due > started + CLOCK_SECONDS:
            self._turn = self._loop.call_at(one.due, self._go_on)
            return
        one.write(self._outbox.since(one.place), started)
        one.place = self._outbox.end
        one.due = started + FLUSH_TICK_SECONDS
        self._next += 1
        self._outbox.forget_before(min(each.place for each in self._slices))
        if self._behind() is not None:
            self._turn = self._loop.call_soon(self._go_on)

    def _behind(self) -> "Slice | None":
        """The next in turn who has not been written everything."""
        for number in range(self._next, self._next + len(self._slices)):
            one = self._slices[number % len(self._slices)]
            if one.place < self._outbox.end:
                self._next = number % len(self._slices)
                return one
        return None


class Slice:
    """Some hundreds of a room's viewers, in seats. All are equally far, but for who is slow or came ahead."""

    def __init__(self, place: int, slow: set[Viewer]) -> None:
        self.place = place  # in the outbox: up to here it has been written
        self.due = 0.0  # when its next turn may be
        self.descriptors: list[int] = []  # by seat: what his connection has lent
        self._seats: list[Seat | None] = []
        self._free: list[int] = []
        self._slow = slow

    @property
    def has_room(self) -> bool:
        return bool(self._free) or len(self._seats) < SLICE_VIEWERS

    @property
    def is_empty(self) -> bool:
        return len(self._free) == len(self._seats)

    def add(self, viewer: Viewer) -> "Seat":
        if not self._free:
            self._free.append(len(self._seats))
            self._seats.append(None)
            self.descriptors.append(NOT_LENT)
        number = self._free.pop()
        seat = self._seats[number] = Seat(self, number, viewer)
        return seat

    def remove(self, seat: "Seat") -> None:
        seat.take_back()
        self._seats[seat.number] = None
        self._free.append(seat.number)

    def write(self, flush: Flush, now: float) -> None:
        """One turn. The loop that carries a room: of nearly everybody it touches the number of his socket and nothing
        else."""
        if flush.is_sampled:
            self._set_apart(flush)
        frames, write = flush.for_most.frames, os.write
        size = len(frames)
        for number, descriptor in enumerate(self.descriptors):
            if descriptor == NOT_LENT:
                descriptor = self._borrow(number, flush, now)
                if descriptor == NOT_LENT:
                    continue
            try:
                written = write(descriptor, frames)
            except OSError:  # full or broken: his connection finds out which
                written = 0
            if written != size:
                self._write_rest(number, frames[written:])

    def _set_apart(self, flush: Flush) -> None:
        """Those who see more of a sample than the others."""
        for seat in self._seats:
            if seat is not None and not flush.is_for_most(seat.viewer.person, moderates=seat.viewer.moderates):
                seat.take_back()

    def _borrow(self, number: int, flush: Flush, now: float) -> int:
        """Serve the one exception in the seat, if there is one, or make him like everybody."""
        seat = self._seats[number]
        if seat is None:
            return NOT_LENT
        viewer = seat.viewer
        may = viewer.slow_since is None and viewer.has_until < flush.first
        if viewer.direct is not None and may and flush.is_for_most(viewer.person, moderates=viewer.moderates):
            self.descriptors[number] = viewer.direct.lend(seat)
        if self.descriptors[number] == NOT_LENT:
            self._write_one(viewer, flush, now)
        return self.descriptors[number]

    def _write_rest(self, number: int, frames: bytes) -> None:
        seat = self._seats[number]
        if seat is not None and seat.viewer.direct is not None:
            seat.viewer.direct.write_frames(frames)

    def _write_one(self, viewer: Viewer, flush: Flush, now: float) -> None:
        if viewer.slow_since is not None or viewer.sink.buffered() > SLOW_BUFFER_BYTES:
            self._note_missed(viewer, flush, now)
        else:
            batch = flush.batch_for(viewer.person, moderates=viewer.moderates, has_until=viewer.has_until)
            if batch.payloads:
                viewer.sink.write(batch)

    def _note_missed(self, viewer: Viewer, flush: Flush, now: float) -> None:
        if viewer.slow_since is None:
            viewer.slow_since, viewer.missed_first = now, flush.first
            self._slow.add(viewer)
        viewer.missed_last = flush.last


class Seat:
    """One viewer's place. Borrows the descriptor of his connection for as long as nothing else is written to it."""

    __slots__ = ("number", "slice", "viewer")

    def __init__(self, of: Slice, number: int, viewer: Viewer) -> None:
        self.slice, self.number, self.viewer = of, number, viewer

    def take_back(self) -> None:
        """His connection has something else to write, or ends."""
        self.slice.descriptors[self.number] = NOT_LENT
