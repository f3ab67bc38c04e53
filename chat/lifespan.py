"""The chat process starts and ends."""

import gc
from typing import Any

from chat.draining import drain_before_the_server_stops
from chat.gateway import process_gateway, stop_process_gateway
from chat.limits import GARBAGE_THRESHOLDS


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Connect to Redis before the first viewer comes, and give everything back at the end."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            process_gateway()
            make_garbage_collection_rare()
            drain_before_the_server_stops()
            await send({"type": "lifespan.startup.complete"})
        else:
            await stop_process_gateway()
            await send({"type": "lifespan.shutdown.complete"})
            return


def make_garbage_collection_rare() -> None:
    """What was imported is never looked at again, and what comes only once there is much of it. By default every few
    messages cost a collection of the young, and now and then one of everything stops all rooms for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
