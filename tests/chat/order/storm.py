"""A room under faults: gateways are killed, Redis drops its subscribers or dies, readers and writers come back."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.chat.gateway_process import GatewayProcess, PrivateRedis
from tests.chat.order.checker import Acked, Seen, violations
from tests.chat.order.clients import Reader, Writer

PER_SECOND = 5.0  # messages of one writer
FORGETS = 0.05  # of the answers a writer gets he takes for lost
WAVE = 0.2  # of the readers lose their connection at once
SETTLE_SECONDS = 20.0
SETTINGS = {"MILLRACE_CHAT_USER_RATE": "100000", "MILLRACE_CHAT_DRAIN_SECONDS": "0.5"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What happens. The same seed gives the same faults in the same order."""

    seconds: float
    readers: int
    seed: int
    faults: Sequence[str] = ("gateway", "subscribers", "wave", "drain", "redis", "subscribers", "wave")
    pause: tuple[float, float] = (0.5, 1.5)
    gateways: int = 2
    defended: bool = True  # else every other reader forgets what he has, and every other writer marks nothing


@dataclass
class Outcome:
    acked: list[Acked] = field(default_factory=list)
    readers: list[list[Seen]] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    connects: int = 0

    def violations(self) -> list[str]:
        return violations(self.acked, self.readers)


class Storm:
    """Runs a plan in one room with these writers."""

    def __init__(self, plan: Plan, redis: PrivateRedis, room_id: int, tokens: Sequence[str]) -> None:
        self._plan, self._redis, self._room_id, self._tokens = plan, redis, room_id, tokens
        self._chance = random.Random(plan.seed)
        self._gateways: list[GatewayProcess] = []
        self._ports: list[int] = []  # of those that listen: clients look here
        self._outcome = Outcome()
        known: dict[Seen, Seen] = {}
        self._readers = [
            Reader(self._ports, room_id, self._own_chance(), known, resumes=plan.defended or number % 2 == 1)
            for number in range(plan.readers)
        ]
        self._writers = [
            Writer(
                self._ports,
                room_id,
                token,
                self._own_chance(),
                number,
                forgets=FORGETS,
                nonces=plan.defended or number % 2 == 1,
            )
            for number, token in enumerate(tokens)
        ]

    async def run(self) -> Outcome:
        try:
            await asyncio.gather(*(self._start_gateway() for _ in range(self._plan.gateways)))
            reading = [asyncio.create_task(reader.read()) for reader in self._readers]
            try:
                await self._until(lambda: all(reader.connects for reader in self._readers))
                await self._write_under_faults()
                last = max(ack.seq for writer in self._writers for ack in writer.acked)
                await self._until(lambda: all(reader.last >= last for reader in self._readers))
            finally:
                for task in reading:
                    task.cancel()
                for client in (*self._readers, *self._writers):
                    client.drop()
        finally:
            for gateway in self._gateways:
                gateway.kill()
        return self._collect()

    async def _write_under_faults(self) -> None:
        until = asyncio.get_running_loop().time() + self._plan.seconds

        def goes_on(at: float) -> bool:  # longer on a busy machine, where gateways take seconds to start
            return at < until or (not self._broke_everything() and at < until + SETTLE_SECONDS)

        writing = [asyncio.create_task(writer.write(PER_SECOND, goes_on)) for writer in self._writers]
        breaking = asyncio.create_task(self._break_things())
        try:
            await asyncio.gather(*writing)
        finally:
            breaking.cancel()
            await asyncio.gather(breaking, return_exceptions=True)

    def _broke_everything(self) -> bool:
        return self._outcome.faults.keys() >= set(self._plan.faults)

    async def _break_things(self) -> None:
        while True:
            for fault in self._plan.faults:
                await asyncio.sleep(self._chance.uniform(*self._plan.pause))
                await getattr(self, f"_break_{fault}")()
                self._outcome.faults[fault] += 1

    async def _break_gateway(self) -> None:
        """SIGKILL; what was in its hands is gone. Another one starts elsewhere."""
        await self._replace_gateway(GatewayProcess.kill)

    async def _break_drain(self) -> None:
        """SIGTERM: it sends its people elsewhere and ends."""
        await self._replace_gateway(GatewayProcess.stop)

    async def _replace_gateway(self, end: Callable[[GatewayProcess], None]) -> None:
        victim = self._chance.choice(self._gateways)
        await asyncio.to_thread(end, victim)
        await self._start_gateway()
        self._gateways.remove(victim)
        self._ports.remove(victim.port)

    async def _break_subscribers(self) -> None:
        """The feeds of all gateways end, their commands go on: what is said meanwhile nobody is told."""
        self._redis.client().client_kill_filter(_type="pubsub")

    async def _break_wave(self) -> None:
        for client in self._chance.sample([*self._readers, *self._writers], int(len(self._readers) * WAVE)):
            client.drop()

    async def _break_redis(self) -> None:
        """SIGKILL; what it had acknowledged is on disk."""
        self._redis.kill()
        await asyncio.to_thread(self._redis.start)

    async def _start_gateway(self) -> None:
        gateway = await asyncio.to_thread(GatewayProcess, self._redis.url, environment=SETTINGS)
        self._gateways.append(gateway)
        self._ports.append(gateway.port)

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Or until the time is up: then the lists say what is missing."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SETTLE_SECONDS
        while not condition() and loop.time() < deadline:  # noqa: ASYNC110  what is waited for are facts about many
            await asyncio.sleep(0.05)

    def _collect(self) -> Outcome:
        outcome = self._outcome
        outcome.acked = [ack for writer in self._writers for ack in writer.acked]
        outcome.readers = [reader.seen for reader in self._readers]
        outcome.connects = sum(client.connects for client in (*self._readers, *self._writers))
        return outcome

    def _own_chance(self) -> random.Random:
        return random.Random(self._chance.random())
