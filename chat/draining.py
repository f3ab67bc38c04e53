"""How a chat process goes away: nobody new is taken in, and who is here is sent elsewhere, spread over a window."""

import asyncio
import random
import signal
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from django.conf import settings

from chat.gateway import Gateway, process_gateway

Handler = Callable[[int, FrameType | None], Any] | int | None


async def drain(gateway: Gateway, seconds: float) -> None:
    """Ask everyone to come back, one after the other, so that the other gateways are not stormed."""
    gateway.draining = True
    viewers = gateway.hub.viewers()
    random.shuffle(viewers)
    pause = seconds / max(len(viewers), 1)
    loop = asyncio.get_running_loop()
    start = loop.time()
    for number, viewer in enumerate(viewers):
        await asyncio.sleep(max(0.0, start + number * pause - loop.time()))
        if not viewer.gone:
            viewer.sink.reconnect()
    await asyncio.sleep(max(0.0, start + seconds - loop.time()))


def drain_before_the_server_stops() -> None:
    """Take SIGTERM before uvicorn does, which closes all connections at once, and hand it on when everyone is gone.

    A second signal ends the process without waiting.
    """
    loop = asyncio.get_running_loop()
    servers_own = signal.getsignal(signal.SIGTERM)
    tasks: list[asyncio.Task[None]] = []

    async def drain_and_stop() -> None:
        with suppress(asyncio.CancelledError):
            await drain(process_gateway(), settings.CHAT_DRAIN_SECONDS)
        _hand_on(servers_own)

    def begin() -> None:
        if tasks:
            tasks[0].cancel()
        else:
            tasks.append(loop.create_task(drain_and_stop()))

    loop.add_signal_handler(signal.SIGTERM, begin)


def _hand_on(handler: Handler) -> None:
    if callable(handler):
        handler(signal.SIGTERM, None)
    else:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)
