"""The rival: a chat as in the Channels tutorial, group_send through RedisChannelLayer, served by Daphne."""

import json
import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="bench",  # noqa: S106  a throw-away process on loopback
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {
                # redis-py 8 gives up a read after 5 s, which is how long the layer's own blocking reads take.
                "hosts": [{"address": os.environ["BENCH_REDIS_URL"], "socket_timeout": 30}],
                "capacity": 10_000,
            },
        }
    },
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class StockConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels is untyped
    async def connect(self) -> None:
        await self.channel_layer.group_add("room", self.channel_name)
        await self.accept()
        await self.send(text_data='{"type":"hello"}')

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard("room", self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        text = json.loads(text_data or "{}")["text"]
        await self.channel_layer.group_send("room", {"type": "chat.message", "text": text})

    async def chat_message(self, event: dict[str, str]) -> None:
        await self.send(text_data=json.dumps({"type": "message", "text": event["text"]}))


application = URLRouter([path("room", StockConsumer.as_asgi())])
