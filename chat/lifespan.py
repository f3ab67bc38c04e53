"""The chat process starts and ends."""

from typing import Any

from chat.draining import drain_before_the_server_stops
from chat.gateway import process_gateway, stop_process_gateway


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Connect to Redis before the first viewer comes, and give everything back at the end."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            process_gateway()
            drain_before_the_server_stops()
            await send({"type": "lifespan.startup.complete"})
        else:
            await stop_process_gateway()
            await send({"type": "lifespan.shutdown.complete"})
            return
