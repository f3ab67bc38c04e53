"""Whether this process runs, and whether everything a visitor needs answers."""

import socket
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

CHECK_SECONDS = 1.0
RTMP_VERSION = b"\x03"
RTMP_HANDSHAKE_BYTES = 1536  # C1, RTMP 1.0 §5.2.3


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers at all."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 when all parts answer, else 503; says which does not, never why: that is in the logs."""
    answers = {name: _answers(check) for name, check in CHECKS.items()}
    all_answer = all(answers.values())
    words = {name: "ok" if answer else "down" for name, answer in answers.items()}
    answer = JsonResponse(
        {"status": "ok" if all_answer else "down", "checks": words}, status=200 if all_answer else 503
    )
    answer._has_been_logged = True  # type: ignore[attr-defined]  # Django would log each probe of a starting stack
    return answer


def _answers(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (OSError, DatabaseError, redis.RedisError):
        return False


def _postgres_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone())


def _redis_answers() -> bool:
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=CHECK_SECONDS, socket_connect_timeout=CHECK_SECONDS
    ) as client:
        return bool(client.ping())


def _ingest_answers() -> bool:
    """The server's first handshake byte: a connection alone would also succeed while nginx hangs."""
    with socket.create_connection(("127.0.0.1", settings.RTMP_PORT), CHECK_SECONDS) as client:
        client.sendall(RTMP_VERSION + bytes(RTMP_HANDSHAKE_BYTES))
        return client.recv(1) == RTMP_VERSION


def _http_answers(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), CHECK_SECONDS) as client:
        client.sendall(b"GET /healthz/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return client.recv(9).startswith(b"HTTP/1.1 ")


CHECKS: dict[str, Callable[[], bool]] = {
    "postgres": _postgres_answers,
    "redis": _redis_answers,
    "ingest": _ingest_answers,
    "chat": lambda: _http_answers(settings.CHAT_PORT),
    "origin": lambda: _http_answers(settings.ORIGIN_PORT),
}

# /healthz/
urlpatterns = [
    path("live", live, name="healthz_live"),
    path("ready", ready, name="healthz_ready"),
]
