"""All rooms of one process: one Redis subscription per room with a local viewer, kept alive through outages."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice

from redis.asyncio import Redis

from chat import redis_keys
from chat.core.events import Message
from chat.feeds import OUTAGE, feeds_of_process
from chat.history import read_message
from chat.keepalive import Keepalive
from chat.limits import (
    OPEN_WAIT_SECONDS,
    ORDERS_KEPT,
    PRESENCE_SECONDS,
    ROOM_IDLE_SECONDS,
)
from chat.local_room import LocalRoom
from chat.orders import Order, SignOut, parse_order
from chat.presence import PresenceReporter
from chat.viewer import Viewer

log = logging.getLogger(__name__)
POLICY_VIOLATION = 1008
GATEWAYS_FEED = redis_keys.gateways_feed().encode()


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in the orders to sign someone out: how many had come, and how often some may have been missed."""

    orders: int
    interruptions: int


class RoomHub:
    """Opens a room when its first local viewer comes and closes it some time after the last one left."""

    def __init__(self, redis: Redis, obey: Callable[[Order], None] = lambda order: None) -> None:
        """`obey`: what else the process does with an order to all gateways."""
        self._redis, self._obey = redis, obey
        self._loop = asyncio.get_running_loop()
        self._rooms: dict[int, LocalRoom] = {}
        self._by_feed: dict[bytes, LocalRoom] = {}
        self._empty_since: dict[int, float] = {}
        self._keepalive = Keepalive()
        self._presence = PresenceReporter(redis)
        self._orders: deque[SignOut] = deque(maxlen=ORDERS_KEPT)
        self._moment = Moment(0, 0)
        self._feeds = feeds_of_process(self)
        self._repair: asyncio.Task[None] | None = None
        works = (self._tick(), self._say_who_is_here())
        self._tasks = [self._loop.create_task(work) for work in works]

    @property
    def connected(self) -> bool:
        """Whether Redis brings events now; of a cluster, any master."""
        return self._feeds.connected

    def now(self) -> float:
        return self._loop.time()

    async def open_room(self, room_id: int) -> LocalRoom:
        """The room, subscribed and with its latest events; while Redis is away, as far as it is known."""
        room = self._rooms.get(room_id)
        if room is None:
            room = self._rooms[room_id] = LocalRoom(room_id, self._redis)
            self._by_feed[_feed(room_id)] = room
        if not room.viewers:
            self._empty_since[room_id] = self._loop.time()
        if not room.connected:
            try:
                await asyncio.wait_for(self._connect_room(room), OPEN_WAIT_SECONDS)
            except OUTAGE as error:
                log.warning("Room %s opened without Redis: %s", room_id, error or type(error).__name__)
        return room

    async def find_message(self, room_id: int, message_id: str) -> Message | None:
        """A message of the room that is still remembered: nearly always from memory. Raises RedisError."""
        room = self._rooms.get(room_id)
        found = room.find(message_id) if room else None
        return found or await read_message(self._redis, room_id, message_id)

    def moment(self) -> Moment:
        """Now. Take it before looking someone up: an order that comes meanwhile is for him, too."""
        return self._moment

    def missed_orders_since(self, moment: Moment) -> bool:
        """Whether an order may have been published while Redis was away from us."""
        return self._moment.interruptions != moment.interruptions

    def enter(self, room: LocalRoom, viewer: Viewer, known_since: Moment) -> None:
        """The viewer is in the room: count and ping him. What he was let in for was looked up after `known_since`."""
        self._empty_since.pop(room.room_id, None)
        self._keepalive.add(viewer)
        self.check(room, viewer, known_since)

    def check(self, room: LocalRoom, viewer: Viewer, known_since: Moment) -> None:
        """Close him if an order to do so came while he was on his way in, and in nobody's list."""
        came = self._moment.orders - known_since.orders
        if viewer.user_id is None or not came:
            return
        if came > len(self._orders) or any(_is_for(order, room, viewer) for order in islice(self._orders, came)):
            viewer.sink.close(POLICY_VIOLATION, "signed out")

    def leave(self, room: LocalRoom, viewer: Viewer) -> None:
        room.leave(viewer)
        self._keepalive.remove(viewer)
        if not room.viewers:
            self._empty_since[room.room_id] = self._loop.time()

    def viewers(self) -> list[Viewer]:
        """Everyone in any room."""
        return [viewer for room in self._rooms.values() for viewer in room.viewers]

    async def stop(self) -> None:
        """Give everything back; the process is going away."""
        if self._repair is not None:
            self._tasks.append(self._repair)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._feeds.stop()
        for room in self._rooms.values():
            room.stop()

    # --- what the feeds say

    def take(self, name: bytes, data: bytes) -> None:
        if name == GATEWAYS_FEED:
            self._take_order(parse_order(data))
            return
        room = self._by_feed.get(name)
        if room is not None:
            seq, _, payload = data.partition(b":")
            if seq == b"0":
                room.tell(payload)
            elif seq == b"m":
                room.tell_moderators(payload)
            else:
                room.receive((int(seq), payload))

    def found(self) -> None:
        self._count_interruption()  # again at its end: who was looked up during it may be out of date, too
        self._repair_rooms()

    def lost(self, names: Iterable[bytes]) -> None:
        self._count_interruption()
        for name in names:
            room = self._by_feed.get(name)
            if room is not None:
                room.set_connected(False)

    def _take_order(self, order: Order | None) -> None:
        if isinstance(order, SignOut):
            self._sign_out(order)
        elif order is not None:
            self._obey(order)

    def _sign_out(self, order: SignOut) -> None:
        """Close everything this user speaks through. Rare, so a walk over all viewers does."""
        self._orders.appendleft(order)
        self._moment = replace(self._moment, orders=self._moment.orders + 1)
        rooms = self._rooms.values() if order.room_id is None else filter(None, [self._rooms.get(order.room_id)])
        for room in rooms:
            for viewer in [viewer for viewer in room.viewers if _is_for(order, room, viewer)]:
                viewer.sink.close(POLICY_VIOLATION, "signed out")

    async def _connect_rooms(self) -> None:
        """Every room that is cut off from a Redis that is there, those with most viewers first."""
        rooms = [room for room in self._rooms.values() if not room.connected]
        for room in sorted(rooms, key=lambda room: -len(room.viewers)):
            feed = self._feeds.of(redis_keys.room_feed(room.room_id))
            if feed is None or not feed.connected:
                continue
            try:
                await self._connect_room(room)
            except OUTAGE as error:
                log.warning("Redis went away again: %s", error or type(error).__name__)

    async def _connect_room(self, room: LocalRoom) -> None:
        """Subscribe first and read the history once that is confirmed: what is said in between arrives by both ways and
        counts once. Two connections carry the two, so the order in which they were asked proves nothing."""
        name = redis_keys.room_feed(room.room_id)
        feed = self._feeds.of(name)
        if feed is None:
            raise ConnectionError("the room's Redis is not known")
        await feed.ready()
        async with room.connecting:
            if room.connected:
                return
            await feed.subscribe(name)
            await room.catch_up()
            if feed.hears(name):
                room.set_connected(True)

    def _repair_rooms(self) -> None:
        if not self._feeds.connected or (self._repair is not None and not self._repair.done()):
            return
        if any(not room.connected for room in self._rooms.values()):
            self._repair = self._loop.create_task(self._connect_rooms())

    def _count_interruption(self) -> None:
        self._moment = replace(self._moment, interruptions=self._moment.interruptions + 1)

    # --- care, once a second

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            now = self._loop.time()
            for room in list(self._rooms.values()):
                room.care_for_slow(now)
                room.care_for_sampling(now)
            self._keepalive.tick(now)
            self._repair_rooms()
            await self._close_idle(now)

    async def _say_who_is_here(self) -> None:
        """Apart from the tick: many rooms take a while."""
        while True:
            await asyncio.sleep(PRESENCE_SECONDS)
            await self._presence.report(self._rooms.values(), self._loop.time())

    async def _close_idle(self, now: float) -> None:
        for room_id, since in list(self._empty_since.items()):
            if now - since < ROOM_IDLE_SECONDS:
                continue
            del self._empty_since[room_id]
            room = self._rooms.get(room_id)
            if room is None or room.viewers:
                continue
            del self._rooms[room_id], self._by_feed[_feed(room_id)]
            room.stop()
            feed = self._feeds.of(redis_keys.room_feed(room_id))
            if feed is not None:
                await feed.unsubscribe(redis_keys.room_feed(room_id))


def _is_for(order: SignOut, room: LocalRoom, viewer: Viewer) -> bool:
    return viewer.user_id == order.user_id and order.room_id in {None, room.room_id}


def _feed(room_id: int) -> bytes:
    return redis_keys.room_feed(room_id).encode()
