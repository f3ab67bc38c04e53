"""What one chat process consists of, made once per event loop."""

import asyncio

from chat.core.token_bucket import TokenBucket
from chat.directory import Directory
from chat.limits import GATEWAY_BURST, GATEWAY_MESSAGES_PER_SECOND
from chat.publish import RoomPublisher
from chat.redis_connections import command_client
from chat.room_hub import RoomHub


class Gateway:
    """The hub (out), the publisher (in), the directory (who and where) and the process's own limit."""

    def __init__(self) -> None:
        redis = self.redis = command_client()
        now = asyncio.get_running_loop().time()
        self.directory = Directory()
        self.hub = RoomHub(redis, self.directory.obey)
        self.publisher = RoomPublisher(redis, self.directory.bans)
        self.draining = False  # whether this process is going away and takes nobody in
        self.rate = TokenBucket(per_second=GATEWAY_MESSAGES_PER_SECOND, burst=GATEWAY_BURST, now=now)


_gateways: dict[asyncio.AbstractEventLoop, Gateway] = {}


def process_gateway() -> Gateway:
    """The gateway of the running event loop, that is, of this process."""
    loop = asyncio.get_running_loop()
    if loop not in _gateways:
        _gateways[loop] = Gateway()
    return _gateways[loop]


async def stop_process_gateway() -> None:
    gateway = _gateways.pop(asyncio.get_running_loop(), None)
    if gateway is not None:
        await gateway.hub.stop()
