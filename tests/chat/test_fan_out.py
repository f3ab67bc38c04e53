"""A room's events on their way to its viewers, over real sockets: everyone gets all of them, once, whole and in order.

What is written straight to a descriptor must never overtake, tear or follow what the connection itself writes.
"""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
import uvloop

from chat import fan_out
from chat.core.events import Person
from chat.core.frames import Batch
from chat.core.removals import Entry
from chat.core.sampling import About
from chat.fan_out import FanOut
from chat.sinks import EXTENSION, NOT_LENT, PollSink, RawSink
from chat.uvicorn_protocol import LendingTransport, RawWebSocketProtocol
from chat.viewer import Viewer

ALICE, MODERATOR = Person(1, "alice", "Alice"), Person(2, "bob", "Bob", ("moderator",))


def entry(seq: int, size: int = 0) -> Entry:
    return seq, b"%d %s" % (seq, b"x" * size)


class Heard(PollSink):
    """Keeps the batches it was written."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[bytes]] = []

    def write(self, batch: Batch) -> None:
        self.batches.append(list(batch.payloads))

    @property
    def seqs(self) -> list[int]:
        return [int(payload.split()[0]) for batch in self.batches for payload in batch]


def full_house(room: FanOut, people: int) -> list[Heard]:
    sinks = [Heard() for _ in range(people)]
    for sink in sinks:
        room.add(Viewer(sink))
    return sinks


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not done():  # noqa: ASYNC110  # it looks at things of the product, which has no use for an event
            await asyncio.sleep(0.001)


async def test_what_comes_during_a_round_goes_along_with_whoever_is_still_to_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fan_out, "SLICE_VIEWERS", 2)
    room = FanOut()
    sinks = full_house(room, 5)
    room.send(entry(1))
    room.send(entry(2))
    await until(lambda: all(sink.seqs == [1, 2] for sink in sinks))

    assert [len(sink.batches) for sink in sinks] == [2, 2, 1, 1, 1]


async def test_rounds_do_not_end_while_there_is_news_and_nobody_is_favoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan_out, "SLICE_VIEWERS", 2)
    room = FanOut()
    sinks = full_house(room, 10)
    for seq in range(1, 400):
        room.send(entry(seq))
        await asyncio.sleep(0)
    await until(lambda: all(len(sink.seqs) == 399 for sink in sinks))

    writes = [len(sink.batches) for sink in sinks]
    assert max(writes) - min(writes) <= 1
    assert all(sink.seqs == list(range(1, 400)) for sink in sinks)


async def test_who_comes_and_goes_gets_what_is_sent_while_he_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan_out, "SLICE_VIEWERS", 3)
    room, chance = FanOut(), random.Random(4)
    inside: dict[Viewer, tuple[Heard, int]] = {}
    stayed: list[tuple[Heard, int]] = []
    for seq in range(1, 600):
        for _ in range(chance.randrange(3)):
            heard = Heard()
            viewer = Viewer(heard)
            viewer.has_until = seq - 1
            room.add(viewer)
            inside[viewer] = heard, seq
        if inside and chance.random() < 0.6:
            leaving = chance.choice(list(inside))
            room.remove(leaving)
            heard, first = inside.pop(leaving)
            assert heard.seqs == list(range(first, first + len(heard.seqs)))
        room.send(entry(seq))
        if chance.random() < 0.5:
            await asyncio.sleep(0.001)
    stayed = list(inside.values())
    await until(lambda: all(heard.seqs and heard.seqs[-1] == 599 for heard, _ in stayed))

    assert len(stayed) > 50
    assert all(heard.seqs == list(range(first, 600)) for heard, first in stayed)


# --- over real sockets, on both event loops


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> "Play":
    """Runs a scenario in whose room nothing waits for a tick."""
    monkeypatch.setattr(fan_out, "FLUSH_TICK_SECONDS", 0.0)

    def run(scenario: "Scenario") -> None:
        async def in_a_house() -> None:
            async with open_house() as house:
                await scenario(house)

        request.param(in_a_house())

    return run


class House:
    """A uvicorn server whose viewers are in one room."""

    def __init__(self) -> None:
        self.room = FanOut()
        self.port = 0
        self.connected: list[RawWebSocketProtocol] = []
        self.viewers: list[Viewer] = []

    async def application(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """At `/room` one is in the room, at `/forgotten` one stays in its list when one leaves."""
        await receive()
        await send({"type": "websocket.accept"})
        connection = scope["extensions"][EXTENSION]["connection"]
        viewer = Viewer(RawSink(connection))
        if scope["path"] != "/outside":
            self.room.add(viewer)
            self.viewers.append(viewer)
        self.connected.append(connection)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        if scope["path"] == "/room":
            self.room.remove(viewer)

    async def enter(self, path: str = "/room", client: "Client | None" = None) -> "Client":
        client, before = client or Client(), len(self.connected)
        await client.connect(self.port, path)
        await until(lambda: len(self.connected) > before)
        return client

    async def lend_all(self) -> None:
        """When what handshakes left to be written is out."""
        await asyncio.sleep(0.01)
        self.room.send(entry(1))
        assert self.lent == len(self.viewers)

    @property
    def numbers(self) -> list[int]:
        """The descriptors of all connections, in the order in which they came."""
        return [one.transport.get_extra_info("socket").fileno() for one in self.connected]

    @property
    def lent(self) -> int:
        return sum(descriptor != NOT_LENT for one in self.room._slices for descriptor in one.descriptors)


Scenario = Callable[[House], Coroutine[Any, Any, None]]


@asynccontextmanager
async def open_house() -> AsyncIterator[House]:
    house = House()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        house.port = listener.getsockname()[1]
        config = uvicorn.Config(
            house.application, interface="asgi3", ws=RawWebSocketProtocol, lifespan="off", log_level="error"
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await until(lambda: server.started)
            yield house
        finally:
            server.should_exit = server.force_exit = True
            await serving


class Client:
    """Reads frames with nothing in between that would hide what is wrong with them."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        self._socket.setblocking(False)

    async def connect(self, port: int, path: str) -> None:
        await asyncio.get_running_loop().sock_connect(self._socket, ("127.0.0.1", port))
        self._reader, self._writer = await asyncio.open_connection(sock=self._socket, limit=8_192)
        head = (f"GET {path} HTTP/1.1", "Host: here", "Connection: Upgrade", "Upgrade: websocket")
        key = ("Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==", "Sec-WebSocket-Version: 13")
        self._writer.write("\r\n".join((*head, *key, "\r\n")).encode())
        await self._reader.readuntil(b"\r\n\r\n")

    async def next_frame(self) -> tuple[int, bytes]:
        """Its opcode and its payload, without the padding."""
        async with asyncio.timeout(5):
            first, length = await self._reader.readexactly(2)
            assert first & 0xF0 == 0x80, "a torn frame"
            assert length < 127, "a torn frame"
            if length == 126:
                length = int.from_bytes(await self._reader.readexactly(2), "big")
            return first & 0x0F, (await self._reader.readexactly(length)).rstrip(b"x").strip()

    async def read_until(self, last: bytes) -> list[bytes]:
        found = [b""]
        while found[-1] != last:
            opcode, payload = await self.next_frame()
            assert opcode == TEXT
            found.append(payload)
        return found[1:]

    async def rest(self) -> bytes:
        """What comes until the server hangs up, or for a while."""
        found = b""
        with suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                while data := await self._reader.read(65_536):
                    found += data
        return found

    def hang_up(self) -> None:
        self._writer.transport.abort()


TEXT, CLOSE = 1, 8
STRANGERS = 40  # more than there are free numbers below the one that matters
Play = Callable[[Scenario], None]


def test_what_is_written_past_a_connection_keeps_its_place_among_answers(play: Play) -> None:
    async def scenario(house: House) -> None:
        chance, clients = random.Random(7), [await house.enter() for _ in range(5)]
        await house.lend_all()
        expected: list[list[bytes]] = [[b"1"] for _ in clients]
        lent = 0
        for seq in range(2, 500):
            while chance.random() < 0.3:
                number = chance.randrange(5)
                house.viewers[number].sink.write(Batch((b"answer %d" % seq,)))
                expected[number].append(b"answer %d" % seq)
            house.room.send(entry(seq))
            lent += house.lent
            for texts in expected:
                texts.append(b"%d" % seq)
            if chance.random() < 0.7:
                await asyncio.sleep(0)
        for client, texts in zip(clients, expected, strict=True):
            assert await client.read_until(b"499") == texts
        assert lent > 1000  # else this has shown nothing

    play(scenario)


def test_who_does_not_read_for_a_while_gets_whole_frames_and_knows_what_he_missed(play: Play) -> None:
    async def scenario(house: House) -> None:
        client = await house.enter()
        await house.lend_all()
        [viewer] = house.viewers
        seq = 1
        while viewer.slow_since is None:
            seq += 1
            house.room.send(entry(seq, size=5_000))
            await asyncio.sleep(0)
        assert house.lent == 0
        assert viewer.missed_first == viewer.missed_last == seq
        assert await client.read_until(b"%d" % (seq - 1)) == [b"%d" % one for one in range(1, seq)]
        house.room.serve_again(viewer)
        house.room.send(entry(seq + 1))
        assert await client.read_until(b"%d" % (seq + 1)) == [b"%d" % (seq + 1)]
        assert house.lent == 1

    play(scenario)


def test_a_sample_is_written_past_connections_too_and_more_to_whom_it_concerns(play: Play) -> None:
    async def scenario(house: House) -> None:
        clients = [await house.enter() for _ in range(3)]
        house.viewers[1].become(ALICE)
        house.viewers[2].become(MODERATOR)
        await house.lend_all()
        house.room.send(entry(2), About(frozenset({ALICE.id}), frozenset()))
        assert house.lent == 1  # the two others saw more, by their connections
        house.room.send(entry(3))
        house.room.send(entry(4), About(frozenset(), frozenset({"somebody"})))
        house.room.send(entry(5))
        heard = [await client.read_until(b"5") for client in clients]
        assert heard == [[b"1", b"3", b"5"], [b"1", b"2", b"3", b"5"], [b"1", b"2", b"3", b"4", b"5"]]

    play(scenario)


def test_nothing_follows_a_close_frame(play: Play) -> None:
    async def scenario(house: House) -> None:
        client = await house.enter()
        await house.lend_all()
        house.viewers[0].sink.close(1000, "")
        house.room.send(entry(2))
        assert await client.next_frame() == (TEXT, b"1")
        opcode, _ = await client.next_frame()
        assert opcode == CLOSE
        assert await client.rest() == b""

    play(scenario)


@pytest.mark.parametrize("is_taken_back", [True, False], ids=["taken-back", "negative-control"])
def test_a_descriptor_is_taken_back_before_its_number_is_another_s(
    play: Play, monkeypatch: pytest.MonkeyPatch, is_taken_back: bool
) -> None:
    async def scenario(house: House) -> None:
        gone, clients = await house.enter("/forgotten"), [Client() for _ in range(STRANGERS)]
        await house.lend_all()
        [descriptor] = house.room._slices[0].descriptors
        gone.hang_up()
        await until(lambda: house.connected[0].disconnected)
        await asyncio.sleep(0.01)
        if not is_taken_back:
            house.room._slices[0].descriptors[0] = descriptor
        strangers = []
        while descriptor not in house.numbers[1:]:  # lower ones are given away before it
            strangers.append(await house.enter("/outside", clients.pop()))
        house.room.send(entry(2))
        heard = b"".join([await stranger.rest() for stranger in strangers])
        assert bool(heard) is not is_taken_back

    play(scenario)


class Tls(asyncio.Transport):
    """A connection whose bytes are encrypted on their way."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"sslcontext": object()}.get(name, default)

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0


def test_the_descriptor_of_an_encrypted_connection_is_not_lent() -> None:
    class Nobody:
        def take_back(self) -> None:
            raise AssertionError

    assert LendingTransport(Tls()).lend(Nobody()) == NOT_LENT
