"""One page with the chat panel in it, and the gateway behind it: what a browser test needs and nothing else."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.chat.panel_settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.template import RequestContext, Template  # noqa: E402
from django.urls import include, path  # noqa: E402

from chat.lifespan import lifespan  # noqa: E402
from chat.routing import http_application, websocket_application  # noqa: E402
from streaming.models import Channel  # noqa: E402

PAGE = """{% load static %}<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Chat</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="{% static 'css/tokens.css' %}">
<link rel="stylesheet" href="{% static 'css/base.css' %}">
<link rel="stylesheet" href="{% static 'css/components/buttons.css' %}">
<link rel="stylesheet" href="{% static 'css/components/feedback.css' %}">
<link rel="stylesheet" href="{% static 'css/chat.css' %}"><link rel="stylesheet" href="/page.css"></head>
<body><main>{% include "chat/panel.html" %}</main></body></html>"""


def panel(request: HttpRequest, room_id: int) -> HttpResponse:
    channel = Channel.objects.select_related("owner").get(pk=room_id)
    return HttpResponse(Template(PAGE).render(RequestContext(request, {"channel": channel})))


def style(request: HttpRequest) -> HttpResponse:
    return HttpResponse("main{height:100dvh;max-width:340px;margin-left:auto}", content_type="text/css")


def ready(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [
    path("<int:room_id>/", panel),
    path("page.css", style),
    path("healthz", ready),
    path("accounts/login/", ready, name="account_login"),
    path("api/v1/", include("chat.api_urls")),
    path("", include("chat.urls")),
]

pages = ASGIStaticFilesHandler(django_application)


async def edge(scope: Any, receive: Any, send: Any) -> None:
    """As nginx sends requests on: the gateway's own and the site's."""
    to_gateway = scope["path"].startswith("/api/v1/chat/")
    await (http_application if to_gateway else pages)(scope, receive, send)


application = ProtocolTypeRouter(
    {
        "http": edge,
        "websocket": websocket_application,
        "lifespan": lifespan,
    }
)
