"""What streaming does on a schedule: each task calls one service."""

from celery import shared_task

from streaming import events, reconcile, viewers


@shared_task(name="streaming.reconcile_broadcasts")
def reconcile_broadcasts() -> None:
    reconcile.reconcile_broadcasts()


@shared_task(name="streaming.count_viewers")
def count_viewers() -> None:
    events.publish_viewers(viewers.count_viewers())
