"""One room as one process sees it: who comes back gets everything once, however far the process has come itself."""

import asyncio
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from chat.core.events import Message, Person
from chat.core.frames import Batch
from chat.core.removals import Entry
from chat.local_room import LocalRoom
from chat.sinks import PollSink
from chat.viewer import Viewer

ALICE = Person(1, "alice", "Alice")


class Heard(PollSink):
    """Keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.payloads: list[bytes] = []

    def write(self, batch: Batch) -> None:
        self.payloads += batch.payloads

    async def until(self, seq: int) -> None:
        async with asyncio.timeout(1):
            while seq not in self.seqs:  # noqa: ASYNC110  # the product has no use for an event
                await asyncio.sleep(0)

    @property
    def seqs(self) -> list[int]:
        messages = (Message.from_json(payload) for payload in self.payloads)
        return [message.seq for message in messages if message is not None]


def said(*seqs: int) -> list[Entry]:
    messages = (Message(f"m{seq}", "2026-01-01T00:00:00.000Z", ALICE, "hello", seq=seq) for seq in seqs)
    return [(message.seq, message.to_json().encode()) for message in messages]


def room_at(seq: int, *, connected: bool = True) -> LocalRoom:
    """A room that has everything up to here and remembers the last two."""
    room = LocalRoom(7, Redis.from_url("unix:///nowhere/r.sock"))
    room.connected = True
    for entry in said(seq - 1, seq):
        room.receive(entry)
    room.connected = connected
    return room


def come_back(room: LocalRoom, since: int, older: Sequence[Entry] = ()) -> Heard:
    heard = Heard()
    room.join(Viewer(heard), since, older)
    return heard


async def test_what_the_history_had_before_this_process_comes_once() -> None:
    room = room_at(10)
    heard = come_back(room, 5, said(6, 7, 8, 9, 10, 11, 12))
    for entry in said(11, 12, 13):
        room.receive(entry)
    await heard.until(13)

    assert heard.seqs == [6, 7, 8, 9, 10, 11, 12, 13]


async def test_a_reader_who_was_told_more_elsewhere_is_told_nothing_twice_while_redis_is_away() -> None:
    room = room_at(10, connected=False)
    heard = come_back(room, 12)
    room.connected = True
    for entry in said(11, 12, 13):
        room.receive(entry)
    await heard.until(13)

    assert heard.seqs == [13]


async def test_a_reader_of_a_room_that_redis_has_lost_is_told_what_there_is() -> None:
    assert come_back(room_at(10), 99).seqs == [9, 10]


async def test_what_cannot_be_had_is_not_called_lost() -> None:
    with pytest.raises(OSError, match="away"):
        await room_at(10, connected=False).read_before_ring(3)
