"""Chat's background work."""

from functools import lru_cache

from celery import shared_task
from django.conf import settings
from redis import Redis

from chat.limits import LOG_TASK_EXPIRES_SECONDS
from chat.room_log import store_room_logs


@shared_task(ignore_result=True, expires=LOG_TASK_EXPIRES_SECONDS)
def persist_room_logs() -> None:
    """Every two seconds: what was said goes to PostgreSQL."""
    store_room_logs(redis=_redis(settings.REDIS_URL))


@lru_cache(maxsize=1)
def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=10)
