"""The ingest server's hooks: from this machine only, with the shared secret, and never logged with their content."""

import hmac
import ipaddress
import logging
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from common.outage import OUTAGE
from streaming.errors import PublishRefused
from streaming.ingest import services
from streaming.ingest.hooks import Hook, MalformedHook, parse_hook
from streaming.limits import HOLD_PUBLISH_SECONDS, HOOK_BODY_LIMIT
from transcode import services as media

logger = logging.getLogger(__name__)

# Any of these means that a proxy stands between, so the peer address says nothing about the caller.
PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


@csrf_exempt  # no cookies here: the caller is a server that knows the secret
@require_POST
def hook(request: HttpRequest, event: str, secret: str) -> HttpResponse:
    """One event of the ingest server. 2xx lets the encoder go on, 302 renames its stream, 4xx turns it away."""
    if not _is_ingest_server(request, secret) or event not in EVENTS:
        return _quiet(HttpResponse(status=403))
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > HOOK_BODY_LIMIT:
            return _quiet(HttpResponse(status=413))
        return _quiet(EVENTS[event](parse_hook(request.body)))
    except (MalformedHook, ValueError) as error:
        logger.warning("Hook %s refused: %s", event, type(error).__name__)
        return _quiet(HttpResponse(status=400))
    except Exception as error:
        # Nothing of the request may reach a log, and a traceback with its locals might.
        known = isinstance(error, OUTAGE)
        logger.error("Hook %s failed: %s", event, type(error).__name__, exc_info=None if known else error)
        return _quiet(_answer_to_failure(event))


def _publish(sent: Hook) -> HttpResponse:
    if sent.has_duplicates:
        logger.warning("Publish refused: fields appended by the encoder, from %s", _loggable(sent.address))
        return HttpResponse(status=403)
    try:
        stream_id = services.authorise_publish(key=sent.name, client_id=sent.client_id, address=sent.address)
    except PublishRefused as refusal:
        logger.warning("Publish refused: %s, from %s", refusal.code, _loggable(sent.address))
        return HttpResponse(status=403)
    if not connection.in_atomic_block:
        connection.close()  # back to the pool: waiting encoders must not use it up
    # nginx-rtmp keeps no pictures: a puller that comes after the first keyframe waits for the next one.
    media.wait_for_player(stream_id=stream_id, seconds=HOLD_PUBLISH_SECONDS)
    return HttpResponse(status=302, headers={"Location": stream_id})


def _publish_done(sent: Hook) -> HttpResponse:
    services.finish_publish(client_id=sent.client_id)
    return HttpResponse(status=204)


def _play(sent: Hook) -> HttpResponse:
    allowed = not sent.has_duplicates and services.may_pull(name=sent.name, address=sent.address)
    return HttpResponse(status=204 if allowed else 403)


def _play_done(sent: Hook) -> HttpResponse:
    if sent.page_url and services.may_pull(name=sent.name, address=sent.address):
        media.player_left(stream_id=sent.name, worker=sent.page_url)
    return HttpResponse(status=204)


def _update(sent: Hook) -> HttpResponse:
    # Players are reported too; only publishers matter here.
    welcome = sent.call != "update_publish" or services.hear_from_publisher(client_id=sent.client_id)
    return HttpResponse(status=204 if welcome else 403)


EVENTS: dict[str, Callable[[Hook], HttpResponse]] = {
    "publish": _publish,
    "publish_done": _publish_done,
    "play": _play,
    "play_done": _play_done,
    "update": _update,
}


def _is_ingest_server(request: HttpRequest, secret: str) -> bool:
    if any(header in request.headers for header in PROXY_HEADERS):
        return False
    try:
        near = ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    return near and hmac.compare_digest(secret.encode(), settings.INGEST_HOOK_SECRET.encode())


def _answer_to_failure(event: str) -> HttpResponse:
    """Fail closed for those who want in; but a running broadcast is not cut because our database restarts."""
    return HttpResponse(status=503 if event in {"publish", "play"} else 204)


def _loggable(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return "an unreadable address"


def _quiet(response: HttpResponse) -> HttpResponse:
    """Django logs the path of every 4xx and 5xx, and this path carries the shared secret."""
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
