"""The rival of bench.chat_connects: signed-in viewers by plain Channels, its AuthMiddlewareStack and Django's session.

Run by uvicorn with its own defaults, like anyone would; the consumer asks once whether its user is banned.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.db import database_sync_to_async  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels_redis.core import RedisChannelLayer  # noqa: E402
from django.urls import path  # noqa: E402

from chat.models import Ban  # noqa: E402

LAYER = RedisChannelLayer(hosts=[{"address": os.environ["BENCH_REDIS_URL"], "socket_timeout": 30}])


class SessionConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels is untyped
    channel_layer_alias = None

    async def connect(self) -> None:
        user = self.scope["user"]
        banned = await database_sync_to_async(Ban.objects.in_force().filter(user_id=user.pk).exists)()
        self.name = await LAYER.new_channel()
        await LAYER.group_add("room", self.name)
        await self.accept()
        await self.send(text_data=f'{{"type":"hello","you":{{"login":"{user.login}"}},"banned":"{banned}"}}')


async def lifespan(scope: object, receive: object, send: object) -> None:
    """None: uvicorn goes on without."""
    raise NotImplementedError


application = ProtocolTypeRouter(
    {"websocket": AuthMiddlewareStack(URLRouter([path("room", SessionConsumer.as_asgi())])), "lifespan": lifespan}
)
