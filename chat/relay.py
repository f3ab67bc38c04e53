"""One subscription per room and node: passes what Redis publishes on to the gateways of this machine.

Redis then pushes each event once per node however many gateways there are: shard, relay, gateways, viewers. A relay
speaks as much of Redis' protocol (RESP2) as a subscriber needs, so a gateway is pointed at it by an address
(`MILLRACE_CHAT_FEED_URL`) and knows no difference. It keeps nothing: when it loses Redis it hangs up on its gateways,
who then do what they do when Redis goes away, and read what they missed from the history.
"""

import asyncio
import logging
import random
import signal
from collections import Counter
from contextlib import suppress
from typing import Any

import hiredis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from chat.limits import (
    RECONNECT_FIRST_SECONDS,
    RECONNECT_MAX_SECONDS,
    REDIS_COMMAND_SECONDS,
    RELAY_BUFFER_BYTES,
    RELAY_COMMAND_BYTES,
    RELAY_WORDS_MAX,
)
from chat.redis_connections import listen, new_client

log = logging.getLogger(__name__)
KEPT_OPEN = "chat:relays"  # a connection without any subscription would not be a subscriber's
OUTAGE = (RedisError, OSError, asyncio.TimeoutError)


class Subscriber(asyncio.Protocol):
    """One gateway's connection."""

    def __init__(self, relay: "Relay") -> None:
        self._relay = relay
        self._reader = hiredis.Reader()
        self._unread = 0  # bytes since the last whole command
        self._transport: asyncio.Transport
        self.feeds: set[bytes] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream gives a Transport
        if not self._relay.admit(self):
            self.hang_up()

    def connection_lost(self, error: Exception | None) -> None:
        self._relay.dismiss(self)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        self._unread += len(data)
        try:
            while (words := self._reader.gets()) is not False:
                self._unread = 0
                self._obey(words)
            if self._unread > RELAY_COMMAND_BYTES:
                raise _Nonsense
        except (hiredis.ProtocolError, _Nonsense):
            self.hang_up()

    def write(self, answer: bytes) -> None:
        """Who does not read is cut off: he comes back and reads the history, which costs less than our memory."""
        self._transport.write(answer)
        if self._transport.get_write_buffer_size() > RELAY_BUFFER_BYTES:
            self.hang_up()

    def hang_up(self) -> None:
        self._transport.abort()

    def _obey(self, words: Any) -> None:
        if not isinstance(words, list) or not words or not all(isinstance(word, bytes) for word in words):
            raise _Nonsense
        if len(words) > RELAY_WORDS_MAX:
            raise _Nonsense
        command, *names = words
        match command.upper():
            case b"SUBSCRIBE":
                for name in names:
                    self._relay.subscribe(self, name)
            case b"UNSUBSCRIBE":
                for name in names or sorted(self.feeds):
                    self._relay.unsubscribe(self, name)
                    self.write(push(b"unsubscribe", name, len(self.feeds)))
            case b"PING":
                self.write(push(b"pong", names[0] if names else b"") if self.feeds else b"+PONG\r\n")
            case _:
                self.write(b"-ERR this is a relay: SUBSCRIBE, UNSUBSCRIBE and PING\r\n")


class _Nonsense(Exception):
    """What came is no command."""


class Relay:
    """The subscription upstream, and who wants what of it."""

    def __init__(self) -> None:
        self._redis = new_client(connections=2)
        self._pubsub: PubSub | None = None
        self._subscribers: set[Subscriber] = set()
        self._wanted: dict[bytes, set[Subscriber]] = {}
        self._unconfirmed: Counter[bytes] = Counter()  # subscriptions that Redis has not confirmed yet
        self._orders: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Stay subscribed for ever."""
        delay = RECONNECT_FIRST_SECONDS
        while True:
            pubsub = self._redis.pubsub()
            try:
                await pubsub.subscribe(KEPT_OPEN)
                await pubsub.get_message(timeout=REDIS_COMMAND_SECONDS)
                self._pubsub, delay = pubsub, RECONNECT_FIRST_SECONDS
                await listen(pubsub, self._pass_on)
            except OUTAGE as error:
                log.warning("Redis is away: %s", error or type(error).__name__)
            finally:
                self._hang_up()
                with suppress(*OUTAGE):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311  jitter, not a secret
            delay = min(delay * 2, RECONNECT_MAX_SECONDS)

    def admit(self, subscriber: Subscriber) -> bool:
        """Whether he can be served: while Redis is away nobody is, so that nobody takes silence for calm."""
        if self._pubsub is None:
            return False
        self._subscribers.add(subscriber)
        return True

    def dismiss(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)
        for name in list(subscriber.feeds):
            self.unsubscribe(subscriber, name)

    def subscribe(self, subscriber: Subscriber, name: bytes) -> None:
        """Confirmed once Redis has confirmed it: from then on he misses nothing."""
        wanting = self._wanted.get(name)
        if wanting is None:
            wanting = self._wanted[name] = set()
            self._unconfirmed[name] += 1
            self._order("subscribe", name)
        wanting.add(subscriber)
        subscriber.feeds.add(name)
        if not self._unconfirmed[name]:
            subscriber.write(push(b"subscribe", name, len(subscriber.feeds)))

    def unsubscribe(self, subscriber: Subscriber, name: bytes) -> None:
        subscriber.feeds.discard(name)
        wanting = self._wanted.get(name)
        if wanting is None:
            return
        wanting.discard(subscriber)
        if not wanting:
            del self._wanted[name]
            self._order("unsubscribe", name)

    def _order(self, what: str, name: bytes) -> None:
        """Orders go out in the order in which they were given: redis-py writes each before it waits."""
        task = asyncio.create_task(self._send(what, name))
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)

    async def _send(self, what: str, name: bytes) -> None:
        if self._pubsub is not None:
            with suppress(*OUTAGE):  # `listen` notices too
                await getattr(self._pubsub, what)(name)

    def _pass_on(self, message: dict[str, Any]) -> None:
        name = message["channel"]
        wanting = self._wanted.get(name, ())
        if message["type"] == "subscribe":
            self._unconfirmed[name] -= 1
            if not self._unconfirmed[name]:
                del self._unconfirmed[name]
                for subscriber in list(wanting):
                    subscriber.write(push(b"subscribe", name, len(subscriber.feeds)))
        elif message["type"] == "message":
            passed = push(b"message", name, message["data"])
            for subscriber in list(wanting):
                subscriber.write(passed)

    def _hang_up(self) -> None:
        self._pubsub = None
        self._wanted.clear()
        self._unconfirmed.clear()
        for subscriber in list(self._subscribers):
            subscriber.hang_up()


async def serve(path: str) -> None:
    """On a Unix socket, until SIGTERM or SIGINT."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    relay = Relay()
    running = loop.create_task(relay.run())
    server = await loop.create_unix_server(lambda: Subscriber(relay), path)
    await stop.wait()
    server.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def push(*parts: bytes | int) -> bytes:
    """A RESP2 array, as Redis sends it to subscribers."""
    answer = [b"*%d\r\n" % len(parts)]
    for part in parts:
        answer.append(b":%d\r\n" % part if isinstance(part, int) else b"$%d\r\n%b\r\n" % (len(part), part))
    return b"".join(answer)
