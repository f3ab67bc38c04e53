"""The whole site and the gateway in one process, as nginx joins them; and one page that is unsafe on purpose."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.chat.whole_site_settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.template import RequestContext, Template  # noqa: E402
from django.urls import include, path  # noqa: E402

from chat.lifespan import lifespan  # noqa: E402
from chat.models import HeldMessage  # noqa: E402
from chat.routing import http_application, websocket_application  # noqa: E402

UNSAFE = """<!doctype html><title>Unsafe</title><ul>{% autoescape off %}{% for one in held %}
{% include "chat/held_item.html" %}{% endfor %}{% endautoescape %}</ul>"""


def unsafe(request: HttpRequest) -> HttpResponse:
    """What the moderators' page would be without escaping."""
    held = HeldMessage.objects.select_related("room__owner")
    channel = held[0].room
    return HttpResponse(Template(UNSAFE).render(RequestContext(request, {"held": held, "channel": channel})))


urlpatterns = [path("unsafe/page", unsafe), path("", include("config.urls"))]
pages = ASGIStaticFilesHandler(django_application)


async def edge(scope: Any, receive: Any, send: Any) -> None:
    to_gateway = scope["path"].startswith("/api/v1/chat/") or scope["path"] == "/healthz"
    await (http_application if to_gateway else pages)(scope, receive, send)


application = ProtocolTypeRouter({"http": edge, "websocket": websocket_application, "lifespan": lifespan})
