"""`GET /metrics` for Prometheus, on the site's own port only: the edge answers 404 for it."""

import logging

import redis
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)

_registry = CollectorRegistry()


def register(collector: Collector) -> None:
    """Called by each app that has something to tell, when it is ready."""
    _registry.register(collector)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """503 when what would be told cannot be read: a scrape that fails is noticed, one full of zeros is believed."""
    try:
        text = generate_latest(_registry)
    except (DatabaseError, redis.RedisError, OSError):
        log.warning("metrics cannot be read")
        return HttpResponse(status=503)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)
