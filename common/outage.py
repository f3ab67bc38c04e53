"""Answers for the time PostgreSQL or Redis is away: a clear sentence instead of a trace."""

import logging

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.deprecation import MiddlewareMixin
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

OUTAGE = (OperationalError, InterfaceError, RedisError, BrokerError)
OUTAGE_TEXT = "A part of this site is restarting. Try again in a few seconds."
OUTAGE_RETRY_SECONDS = 3
# Without templates or sessions: they may need what is away. The browser comes back by itself.
OUTAGE_PAGE = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Back in a moment</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="dark light"></head>
<body><main><h1>Back in a moment</h1><p>{OUTAGE_TEXT}</p></main></body></html>"""


class OutageMiddleware(MiddlewareMixin):
    """Turns a lost database or Redis, wherever a view meets it, into 503 with Retry-After."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OUTAGE):
            return None
        logger.error("Page without PostgreSQL or Redis: %s", type(error).__name__)
        response: HttpResponse
        if request.path.startswith("/api/"):
            response = JsonResponse({"detail": OUTAGE_TEXT, "code": "unavailable"}, status=503)
        else:
            response = HttpResponse(OUTAGE_PAGE, status=503)
            response["Refresh"] = str(OUTAGE_RETRY_SECONDS)
        response["Retry-After"] = str(OUTAGE_RETRY_SECONDS)
        return response
