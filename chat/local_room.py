"""One room as one process sees it: its viewers, its latest events, and the order in which they go out."""

import asyncio
import logging
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat import redis_keys
from chat.batching import Batcher
from chat.core.board import Board
from chat.core.events import Gap, Message, Sampled, Status
from chat.core.frames import Batch
from chat.core.removals import Entry, apply, is_message, is_removal
from chat.core.replies import find_message
from chat.core.sampling import About, Sampler
from chat.delay_line import DelayLine
from chat.fan_out import FanOut
from chat.history import read_after, read_latest
from chat.limits import (
    HISTORY_LENGTH,
    HISTORY_ON_JOIN,
    PENDING_MAX,
    RESUMED_AT_ONCE,
    SLOW_BUFFER_BYTES,
    SLOW_DRAINED_BYTES,
    SLOW_SECONDS,
)
from chat.viewer import Viewer

log = logging.getLogger(__name__)
TRY_AGAIN_LATER = 1013


class LocalRoom:
    """Receives the room's events in any state of health and writes them to its viewers in one order, none twice."""

    def __init__(self, room_id: int, redis: Redis) -> None:
        self.room_id = room_id
        self.viewers: set[Viewer] = set()
        self.connected = False
        self.connecting = asyncio.Lock()
        self.board = Board()
        self.delay_line = DelayLine(self._receive)
        self.last_seq = 0  # of the newest event in `_ring`
        self._redis = redis
        self._loop = asyncio.get_running_loop()
        self._ring: deque[Entry] = deque(maxlen=HISTORY_ON_JOIN)
        self._ahead: deque[Entry] = deque(maxlen=PENDING_MAX)  # arrived before something that is missing
        self._fan_out = FanOut()
        self._sampler = Sampler(settings.CHAT_SHOWN_PER_SECOND)
        self._told_sampled = False
        self._catching_up: asyncio.Task[None] | None = None
        self._older = Batcher(self._read_older, most=RESUMED_AT_ONCE)

    # --- viewers

    def join(self, viewer: Viewer, since: int | None, older: Sequence[Entry]) -> None:
        """Send what came before and then everything that comes: in one turn, so nothing falls between.

        `since` is the last event a returning reader has, `older` what `read_before_ring` found for him.
        """
        if since is None or (self.connected and since > self.last_seq):  # Redis has lost what he has
            payloads = [payload for _, payload in self._ring]
            viewer.has_until = self.last_seq
        else:
            payloads = _resume(since, [*older, *self._ring])
            viewer.has_until = max(since, self.last_seq, older[-1][0] if older else 0)
        if payloads:
            viewer.sink.write(Batch(tuple(payloads)))
        self.viewers.add(viewer)
        self._fan_out.add(viewer)

    def leave(self, viewer: Viewer) -> None:
        viewer.gone = True
        self.viewers.discard(viewer)
        self._fan_out.remove(viewer)

    async def read_before_ring(self, since: int) -> list[Entry]:
        """Events after `since` that are older than the ring, for a reader who was away for longer.

        One who has more than this process has it from another that was faster: first this one catches up. Raises
        RedisError or OSError while what he missed cannot be had: a gap would say that it is lost.
        """
        if self.connected and since > self.last_seq:
            self._catching_up = self._catching_up or self._loop.create_task(self._fetch_skipped())
            await asyncio.shield(self._catching_up)
        if since >= (self._ring[0][0] if self._ring else self.last_seq + 1) - 1:
            return []
        if not self.connected:
            raise ConnectionError("the history is away")
        return await self._older.ask(since) or []

    async def _read_older(self, asked: Sequence[int]) -> dict[int, list[Entry]]:
        """One look at the history for all who come back at once; it keeps somewhat more than HISTORY_LENGTH."""
        entries = await read_after(self._redis, self.room_id, min(asked), 2 * HISTORY_LENGTH)
        return {since: entries[bisect_right(entries, since, key=lambda entry: entry[0]) :] for since in asked}

    def find(self, message_id: str) -> Message | None:
        """The message with this id, if it is among the latest."""
        return find_message((payload for _, payload in reversed(self._ring)), message_id)

    def tell(self, event: bytes) -> None:
        """Something outside the room's order, such as a poll's votes: who misses it is told the next one."""
        self.board.take(event)
        self._write_all([event])

    def tell_moderators(self, event: bytes) -> None:
        """Something that only they see. Rare, so a walk over all viewers does."""
        batch = Batch((event,))
        for viewer in self.viewers:
            if viewer.moderates:
                viewer.sink.write(batch)

    def tell_sampling(self, viewer: Viewer) -> None:
        """Tell who comes into a room that is too fast. Not to those who wait for news: this is none."""
        if self._told_sampled and not viewer.moderates:
            viewer.sink.write(Batch((self._sampling(),)))

    def latest(self) -> list[bytes]:
        """The encoded messages that a new viewer gets, oldest first."""
        return [payload for _, payload in self._ring if is_message(payload)]

    # --- events in

    async def catch_up(self) -> None:
        """Read from the history what the feed did not bring: at the start, after an outage, after a skipped number."""
        if self.last_seq == 0:
            for entry in await read_latest(self._redis, self.room_id, HISTORY_ON_JOIN):
                self._accept_after_gap(entry)
        else:
            await self._read_on()
        stored: Any = await self._redis.hgetall(redis_keys.room_board(self.room_id))
        self.board.load(stored)
        self._take_held_back()

    async def _read_on(self) -> None:
        full_page = True
        while full_page:
            entries = await read_after(self._redis, self.room_id, self.last_seq, HISTORY_LENGTH)
            for entry in entries:
                self._accept_after_gap(entry)
            full_page = len(entries) == HISTORY_LENGTH

    def _take_held_back(self) -> None:
        for entry in sorted(self._ahead):
            self._accept_after_gap(entry)
        self._ahead.clear()

    def receive(self, entry: Entry) -> None:
        """One event from the feed. In a room with a delay its moderators get it at once, the others later."""
        if self.delay_line.take(entry):
            self._show_moderators(entry)
        else:
            self._receive(entry)

    def _show_moderators(self, entry: Entry) -> None:
        batch = Batch((entry[1],))
        for viewer in self.viewers:
            if viewer.moderates and viewer.slow_since is None and viewer.has_until < entry[0]:
                viewer.sink.write(batch)
                viewer.has_until = entry[0]  # the sweep that comes later leaves it out for him

    def _receive(self, entry: Entry) -> None:
        seq = entry[0]
        if not self.connected or self._catching_up is not None:
            self._ahead.append(entry)
        elif seq == self.last_seq + 1 or self.last_seq == 0:
            shown = self._sampler.shows(*entry, self._loop.time())
            self._tell_news_of_sampling()
            self._accept(entry, None if shown else About.of(entry[1]))
        elif seq > self.last_seq:
            self._ahead.append(entry)
            self._catching_up = self._loop.create_task(self._fetch_skipped())

    def set_connected(self, connected: bool) -> None:
        """Tell everyone when the room is cut off from Redis or back."""
        if connected == self.connected:
            return
        self.connected = connected
        self._write_all([Status(connected=connected).to_json().encode()])

    async def _fetch_skipped(self) -> None:
        try:
            await self.catch_up()
        except (RedisError, OSError) as error:
            log.warning("Room %s: could not read what was skipped: %s", self.room_id, error)
            self._take_held_back()
        finally:
            self._catching_up = None

    def _accept_after_gap(self, entry: Entry) -> None:
        """Accept an event that may be old (dropped) or whose predecessors are lost (said so to the viewers)."""
        if entry[0] <= self.last_seq:
            return
        if self.last_seq and entry[0] > self.last_seq + 1:
            first, last = self.last_seq + 1, entry[0] - 1
            self._fan_out.send((last, _gap(first, last)))
        self._accept(entry)

    def _accept(self, entry: Entry, about: About | None = None) -> None:
        self.last_seq = entry[0]
        self.board.take(entry[1])
        if is_removal(entry[1]):
            self._ring = deque(apply(entry[1], self._ring), maxlen=HISTORY_ON_JOIN)
        self._ring.append(entry)
        self._fan_out.send(entry, about)

    # --- apart from the order

    def _write_all(self, payloads: list[bytes], viewers: Sequence[Viewer] | None = None) -> None:
        batch = Batch(tuple(payloads))
        for viewer in list(self.viewers) if viewers is None else viewers:
            if viewer.sink.buffered() <= SLOW_BUFFER_BYTES:
                viewer.sink.write(batch)

    def care_for_sampling(self, now: float) -> None:
        """Tell when the room has become slow enough for everything. Called every second."""
        self._sampler.rest(now)
        self._tell_news_of_sampling()

    def _tell_news_of_sampling(self) -> None:
        """Those who only watch, when it has begun or ended."""
        if self._sampler.active != self._told_sampled:
            self._told_sampled = self._sampler.active
            self._write_all([self._sampling()], [viewer for viewer in self.viewers if not viewer.moderates])

    def _sampling(self) -> bytes:
        return Sampled(self._told_sampled, self._sampler.per_second).to_json().encode()

    def care_for_slow(self, now: float) -> None:
        """Tell drained viewers what they missed; disconnect those who stay slow. Called every second."""
        for viewer in list(self._fan_out.slow):
            if viewer.sink.buffered() <= SLOW_DRAINED_BYTES:
                self._fan_out.serve_again(viewer)
                viewer.sink.write(Batch((_gap(viewer.missed_first, viewer.missed_last),)))
            elif viewer.slow_since is not None and now - viewer.slow_since > SLOW_SECONDS:
                viewer.sink.close(TRY_AGAIN_LATER, "too slow")
                self.leave(viewer)

    def stop(self) -> None:
        """Nobody is here any more."""
        self.delay_line.stop()
        self._fan_out.stop()
        if self._catching_up is not None:
            self._catching_up.cancel()


def _resume(since: int, entries: Sequence[Entry]) -> list[bytes]:
    """What a reader who has everything up to `since` still has to see, with a marker wherever something is lost."""
    payloads: list[bytes] = []
    last = since
    for seq, payload in entries:
        if seq <= last:
            continue
        if seq > last + 1:
            payloads.append(_gap(last + 1, seq - 1))
        payloads.append(payload)
        last = seq
    return payloads


def _gap(first: int, last: int) -> bytes:
    return Gap(first=first, last=last).to_json().encode()
