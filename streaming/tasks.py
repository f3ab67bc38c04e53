"""What streaming does on a schedule: each task calls one service."""

from celery import shared_task

from streaming import events, reconcile, viewers

RECONCILE_SECONDS = 1.0
COUNT_VIEWERS_SECONDS = 5.0


# Expiry: after an outage one tick is wanted, not all the missed ones.
@shared_task(name="streaming.reconcile_broadcasts", expires=RECONCILE_SECONDS * 2)  # type: ignore[untyped-decorator]
def reconcile_broadcasts() -> None:
    reconcile.reconcile_broadcasts()


@shared_task(name="streaming.count_viewers", expires=COUNT_VIEWERS_SECONDS)  # type: ignore[untyped-decorator]
def count_viewers() -> None:
    events.publish_viewers(viewers.count_viewers())
