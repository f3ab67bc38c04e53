"""The whole site, its sockets and the gateway in one process, as nginx joins them; no media."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.look.site_settings")
django_application = get_asgi_application()  # before anything that imports models

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler  # noqa: E402

from chat.lifespan import lifespan  # noqa: E402
from chat.routing import http_application, websocket_application  # noqa: E402
from config.asgi import application as site  # noqa: E402

CHAT = "/api/v1/chat/"
pages = ASGIStaticFilesHandler(django_application)


async def http(scope: Any, receive: Any, send: Any) -> None:
    to_gateway = scope["path"].startswith(CHAT) or scope["path"] == "/healthz"
    await (http_application if to_gateway else pages)(scope, receive, send)


async def sockets(scope: Any, receive: Any, send: Any) -> None:
    await (websocket_application if scope["path"].startswith(CHAT) else site)(scope, receive, send)


application = ProtocolTypeRouter({"http": http, "websocket": sockets, "lifespan": lifespan})
