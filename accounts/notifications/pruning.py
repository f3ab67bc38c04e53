"""What is old goes, in batches, each a short transaction."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.notifications.limits import INBOX_MAX, PRUNE_BATCH, PRUNE_ROUNDS
from accounts.notifications.models import Happening

# The oldest rows lie together: a happening's notifications are written in the same seconds.
_OLD = """
    DELETE FROM accounts_notification WHERE id IN (
        SELECT id FROM accounts_notification WHERE happening_id <= %(last)s ORDER BY happening_id LIMIT %(batch)s
    )
"""
# Of those who have too many, all but the newest; the unique index answers who they are.
_TOO_MANY = """
    DELETE FROM accounts_notification WHERE id IN (
        SELECT kept.id FROM (
            SELECT user_id FROM accounts_notification GROUP BY user_id HAVING count(*) > %(most)s LIMIT 100
        ) AS full_inbox, LATERAL (
            SELECT id FROM accounts_notification
            WHERE user_id = full_inbox.user_id ORDER BY happening_id DESC OFFSET %(most)s
        ) AS kept LIMIT %(batch)s
    )
"""


def prune_notifications() -> int:
    """Remove what is older than the setting says, and what is more than a list holds; says how many rows."""
    before = timezone.now() - timedelta(days=settings.NOTIFICATIONS_KEEP_DAYS)
    last = Happening.objects.filter(created_at__lt=before).order_by("-pk").values_list("pk", flat=True).first()
    removed = 0
    if last is not None:
        removed += _in_batches(_OLD, {"last": last})
        untold = Happening.objects.filter(pk__lte=last, notifications=None).order_by("pk").values_list("pk", flat=True)
        for _ in range(PRUNE_ROUNDS):
            batch = list(untold[:PRUNE_BATCH])
            if not batch:
                break
            Happening.objects.filter(pk__in=batch).delete()
    return removed + _in_batches(_TOO_MANY, {"most": INBOX_MAX})


def _in_batches(statement: str, values: dict[str, int]) -> int:
    removed = 0
    for _ in range(PRUNE_ROUNDS):
        with connection.cursor() as cursor:
            cursor.execute(statement, {**values, "batch": PRUNE_BATCH})
            removed += cursor.rowcount
            if cursor.rowcount < PRUNE_BATCH:
                break
    return removed
