"""Answers for the time PostgreSQL or Redis is away: a clear sentence instead of a trace."""

import logging

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

OUTAGE = (OperationalError, InterfaceError, RedisError, BrokerError)
OUTAGE_TEXT = "A part of this site is restarting. Try again in a few seconds."
OUTAGE_RETRY_SECONDS = 3
OUTAGE_PAGE = "503.html"  # rendered without the request: its context processors may need what is away


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
            response = HttpResponse(render_to_string(OUTAGE_PAGE), status=503)
            response["Refresh"] = str(OUTAGE_RETRY_SECONDS)
        response["Retry-After"] = str(OUTAGE_RETRY_SECONDS)
        return response
