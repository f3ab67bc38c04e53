"""An order to sign someone out reaches him on his way in, and when it was lost."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import redis
from channels.db import database_sync_to_async
from django.contrib.sessions.models import Session

from chat.core.events import Person
from chat.core.frames import Batch
from chat.gateway import process_gateway, stop_process_gateway
from chat.orders import sign_out_everywhere, sign_out_of_room
from chat.room_hub import RoomHub
from chat.viewer import Viewer
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess

ROOM, OTHER_ROOM, BOB, CHARLIE = 1, 2, 102, 103


@dataclass
class DeafSink:
    """A connection of which only the end is of interest."""

    closed: list[str] = field(default_factory=list)

    def write(self, batch: Batch) -> None: ...
    def buffered(self) -> int:
        return 0

    def ping(self) -> None: ...
    def last_heard(self) -> float | None:
        return None

    def close(self, code: int, reason: str) -> None:
        self.closed.append(reason)

    def reconnect(self) -> None: ...


@pytest.fixture
async def hub(empty_redis: redis.Redis) -> AsyncIterator[RoomHub]:
    yield process_gateway().hub
    await stop_process_gateway()


async def _enter(hub: RoomHub, *, order: tuple[int, int | None], looked_up_first: bool) -> list[str]:
    """Bob comes into the room while this order is given; why he was closed."""
    room = await hub.open_room(ROOM)
    before = hub.moment()
    user_id, room_id = order
    if room_id is None:
        sign_out_everywhere(user_id=user_id)
    else:
        sign_out_of_room(room_id=room_id, user_id=user_id)
    async with asyncio.timeout(5):
        while hub.moment().orders == before.orders:  # noqa: ASYNC110  the hub tells nobody of orders
            await asyncio.sleep(0.005)
    sink = DeafSink()
    viewer = Viewer(sink, Person(BOB, "bob", "bob"))
    room.join(viewer, None, [])
    hub.enter(room, viewer, before if looked_up_first else hub.moment())
    hub.leave(room, viewer)
    return sink.closed


@pytest.mark.parametrize(
    ("order", "closed"),
    [((BOB, None), True), ((BOB, ROOM), True), ((BOB, OTHER_ROOM), False), ((CHARLIE, None), False)],
)
async def test_an_order_reaches_who_was_looked_up_before_it_came(
    hub: RoomHub, order: tuple[int, int | None], closed: bool
) -> None:
    assert await _enter(hub, order=order, looked_up_first=True) == (["signed out"] if closed else [])


async def test_who_was_looked_up_after_it_stays(hub: RoomHub) -> None:
    assert await _enter(hub, order=(BOB, None), looked_up_first=False) == []


@pytest.mark.parametrize("interrupted", [True, False])
async def test_an_order_that_was_lost_is_made_up_for_when_he_speaks(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis, bob_session: str, interrupted: bool
) -> None:
    """Without an interruption nothing is looked up again: that shows that the order, had it come, was needed."""
    async with ChatClient(gateway.url(cast.room_id), cookie=bob_session, origin=gateway.origin) as bob:
        assert (await bob.said("hello"))["type"] == "ack"
        await database_sync_to_async(Session.objects.all().delete)()  # signed out, and nobody says so
        if interrupted:
            room_redis.client_kill_filter(_type="pubsub")
            await bob.wait_for("status", connected=False)
            await bob.wait_for("status", connected=True)
        answer = await bob.said("still here?")
        assert (answer["type"], answer.get("rule")) == (("refused", "sign_in") if interrupted else ("ack", None))
