"""How often recordings were watched: noted in Redis once per viewer, written to the database in batches,
each exactly once."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import User
from common.errors import TooMany
from common.network import neighbourhood
from common.rate_limit import RateLimit
from common.redis import redis_client
from vod import redis_keys
from vod.crawlers import is_crawler
from vod.limits import (
    VIEW_BATCHES_KEPT_DAYS,
    VIEW_HOURS,
    VIEW_REPORTS_PER_MINUTE,
    VIEWS_LOCK_SECONDS,
    VIEWS_PER_ADDRESS,
    VIEWS_WRITTEN_AT_ONCE,
)
from vod.models import ViewBatch, Vod

BATCH = "batch"  # the field with the name of a batch, beside the recordings' numbers

_reports = RateLimit("view-reports", limit=VIEW_REPORTS_PER_MINUTE, seconds=60)
_views_from = RateLimit("views-from", limit=VIEWS_PER_ADDRESS, seconds=VIEW_HOURS * 3600)


def note_view(*, vod: Vod, user: User | None, address: str, user_agent: str) -> bool:
    """Someone has watched for some seconds; returns whether that is a new view. Raises TooMany."""
    near = neighbourhood(address)
    if not _reports.allows(near):
        raise TooMany(
            "Too many views are told of from your network at once. This one is not counted; go on watching.",
            retry_seconds=_reports.wait_seconds(near),
        )
    if is_crawler(user_agent):
        return False
    client, viewer = redis_client(), f"user-{user.pk}" if user else _name(f"{near} {user_agent}")
    key = redis_keys.viewed(vod.pk, viewer)
    if not client.set(key, 1, nx=True, ex=VIEW_HOURS * 3600):
        return False
    # Asked for new ones only, or reloads would use up what others behind the same address have.
    if not _views_from.allows(f"{vod.pk}:{_name(near)}"):
        client.delete(key)  # invented browsers must not fill Redis
        return False
    client.hincrby(redis_keys.PENDING_VIEWS, str(vod.pk), 1)
    return True


def write_views() -> int:
    """Add what was noted to the recordings' counts; returns how many views.

    Exactly once: a batch has a name from the moment it is taken, and the transaction that adds it notes the name. Who
    finds a batch that a killed writer left adds it if its name was not noted, else only forgets it.
    """
    client = redis_client()
    lock = client.lock(redis_keys.VIEWS_LOCK, timeout=VIEWS_LOCK_SECONDS, blocking=False)
    if not lock.acquire():
        return 0
    try:
        if not client.exists(redis_keys.TAKEN_VIEWS) and client.exists(redis_keys.PENDING_VIEWS):
            client.hset(redis_keys.PENDING_VIEWS, BATCH, secrets.token_hex(12))
            client.rename(redis_keys.PENDING_VIEWS, redis_keys.TAKEN_VIEWS)
        taken = {_text(name): _text(value) for name, value in client.hgetall(redis_keys.TAKEN_VIEWS).items()}
        batch = taken.pop(BATCH, "")
        views = {int(vod_id): int(count) for vod_id, count in taken.items()}
        written = _add(batch, views) if views else 0
        client.delete(redis_keys.TAKEN_VIEWS)
        return written
    finally:
        lock.release()


def _add(batch: str, views: dict[int, int]) -> int:
    rows = sorted(views.items())
    with transaction.atomic():  # all or none: what fails is tried again
        _, is_new = ViewBatch.objects.get_or_create(name=batch)
        if not is_new:
            return 0  # its writer was killed between the commit and forgetting it
        for at in range(0, len(rows), VIEWS_WRITTEN_AT_ONCE):
            part = rows[at : at + VIEWS_WRITTEN_AT_ONCE]
            more = Case(*[When(pk=vod_id, then=Value(count)) for vod_id, count in part])
            Vod.objects.filter(pk__in=[vod_id for vod_id, _ in part]).update(view_count=F("view_count") + more)
        old = timezone.now() - timedelta(days=VIEW_BATCHES_KEPT_DAYS)
        ViewBatch.objects.filter(written_at__lt=old).delete()
    return sum(views.values())


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _name(text: str) -> str:
    """Short, and nobody who reads Redis finds the address in it."""
    return salted_hmac("vod.views", text, algorithm="sha256").hexdigest()[:24]
