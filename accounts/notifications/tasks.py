"""What notifications do in the background: each task calls one service."""

from celery import shared_task

from accounts.notifications import mails, pruning, push


@shared_task(name="accounts.send_pushes")
def send_pushes(happening_id: int, subscription_ids: list[int], tries: int = 0) -> None:
    push.send_pushes(happening_id=happening_id, subscription_ids=subscription_ids, tries=tries)


@shared_task(name="accounts.send_digests")
def send_digests() -> None:
    mails.send_digests()


@shared_task(name="accounts.prune_notifications")
def prune_notifications() -> None:
    pruning.prune_notifications()
