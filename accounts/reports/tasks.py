"""What reports do in the background."""

from celery import shared_task

from accounts.reports import services


@shared_task(name="accounts.prune_reports")
def prune_reports() -> None:
    services.prune_reports()
