"""Where chat listens, relative to the chat process's root."""

from typing import Any, cast

from channels.routing import URLRouter
from django.urls import path, re_path

from chat import fallbacks
from chat.consumers import HealthConsumer, HistoryConsumer, NoRoomConsumer, NotFoundConsumer, RoomConsumer
from chat.irc_consumer import IrcConsumer

websocket_application = URLRouter(
    [
        path("api/v1/chat/<int:room_id>", RoomConsumer.as_asgi()),
        path("", IrcConsumer.as_asgi()),
        re_path(r"", NoRoomConsumer.as_asgi()),
    ]
)

http_application = URLRouter(
    [
        path("api/v1/chat/<int:room_id>/history", HistoryConsumer.as_asgi()),
        path("api/v1/chat/<int:room_id>/events", cast(Any, fallbacks.events)),
        path("api/v1/chat/<int:room_id>/poll", cast(Any, fallbacks.poll)),
        path("api/v1/chat/<int:room_id>/messages", cast(Any, fallbacks.say)),
        path("healthz", HealthConsumer.as_asgi()),
        re_path(r"", NotFoundConsumer.as_asgi()),
    ]
)
