"""Chat's background work."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from chat.partitions import keep_partitions
from chat.polls import look_after_polls
from chat.redis_connections import log_client
from chat.room_log import store_room_logs


@shared_task(name="chat.persist_room_logs", ignore_result=True)
def persist_room_logs() -> None:
    """Every two seconds: what was said goes to PostgreSQL."""
    store_room_logs(redis=log_client())


@shared_task(name="chat.look_after_polls", ignore_result=True)
def look_after_polls_of_rooms() -> None:
    """Every second: polls end, and votes that came just after the last telling are told."""
    look_after_polls()


@shared_task(name="chat.keep_log_partitions", ignore_result=True)
def keep_log_partitions() -> None:
    """Every ten minutes: the log's months are made, and old ones dropped."""
    keep_partitions(now=timezone.now(), keep_days=settings.CHAT_KEEP_DAYS)
