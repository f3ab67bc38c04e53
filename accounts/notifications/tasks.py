"""What notifications do in the background: each task calls one service."""

from celery import shared_task

from accounts.notifications import push


@shared_task(name="accounts.send_pushes")
def send_pushes(happening_id: int, subscription_ids: list[int], tries: int = 0) -> None:
    push.send_pushes(happening_id=happening_id, subscription_ids=subscription_ids, tries=tries)
