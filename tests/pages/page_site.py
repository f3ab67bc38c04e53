"""The site with its pages' sockets in one process, for tests in a browser that need no video."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.pages.page_settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler  # noqa: E402

from common.websockets import with_page_user  # noqa: E402
from config.routing import websocket_urlpatterns  # noqa: E402

pages = ASGIStaticFilesHandler(django_application)


async def http(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/healthz":  # what GatewayProcess asks
        scope = scope | {"path": "/healthz/live", "raw_path": b"/healthz/live"}
    await pages(scope, receive, send)


application = ProtocolTypeRouter({"http": http, "websocket": with_page_user(URLRouter(websocket_urlpatterns))})
