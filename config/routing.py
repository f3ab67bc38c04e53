"""Routes of the site's WebSockets."""

from typing import Any, cast

from django.urls import re_path

from accounts.notifications.consumers import NotificationsConsumer
from common.websockets import refuse_socket
from streaming.consumers import ChannelEventsConsumer

websocket_urlpatterns = [
    # /api/v1/channels/<login>/events
    re_path(r"^api/v1/channels/(?P<login>[A-Za-z0-9_]{1,25})/events$", ChannelEventsConsumer.as_asgi()),
    # /api/v1/notifications/events
    re_path(r"^api/v1/notifications/events$", NotificationsConsumer.as_asgi()),
    re_path(r"", cast(Any, refuse_socket)),  # Channels answers an unknown path with a trace
]
