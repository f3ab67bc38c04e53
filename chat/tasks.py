"""Chat's background work."""

from functools import lru_cache

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from redis import Redis

from chat.partitions import keep_partitions
from chat.polls import look_after_polls
from chat.room_log import store_room_logs


@shared_task(name="chat.persist_room_logs", ignore_result=True)
def persist_room_logs() -> None:
    """Every two seconds: what was said goes to PostgreSQL."""
    store_room_logs(redis=_redis(settings.REDIS_URL))


@shared_task(name="chat.look_after_polls", ignore_result=True)
def look_after_polls_of_rooms() -> None:
    """Every second: polls end, and votes that came just after the last telling are told."""
    look_after_polls()


@shared_task(name="chat.keep_log_partitions", ignore_result=True)
def keep_log_partitions() -> None:
    """Every ten minutes: the log's months are made, and old ones dropped."""
    keep_partitions(now=timezone.now(), keep_days=settings.CHAT_KEEP_DAYS)


@lru_cache(maxsize=1)
def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=10)
