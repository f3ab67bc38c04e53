"""Work of accounts that nobody waits for, where Celery looks for it."""

from smtplib import SMTPException

from celery import shared_task

from accounts import exports, leaving
from accounts.notifications.tasks import prune_notifications, send_digests, send_pushes
from accounts.reports.tasks import prune_reports
from common.letters import build_letter

__all__ = [
    "prune_notifications",
    "prune_reports",
    "remove_leavers",
    "remove_old_exports",
    "send_digests",
    "send_letter",
    "send_pushes",
    "write_export",
]

LETTER_RETRIES = 6  # 1, 2, 4 … minutes apart: a mail server may be away for an hour


@shared_task(
    name="accounts.send_letter",
    autoretry_for=(OSError, SMTPException),
    retry_backoff=60,
    retry_backoff_max=3600,
    max_retries=LETTER_RETRIES,
)
def send_letter(to: str, subject: str, text: str) -> None:
    """Send one mail; a request does not wait for the mail server, whoever the mail is for."""
    build_letter(to=to, subject=subject, text=text).send()


@shared_task(name="accounts.write_export")
def write_export(export_id: int) -> None:
    try:
        exports.write_export(export_id=export_id)
    except Exception:
        exports.give_up_export(export_id=export_id)
        raise


@shared_task(name="accounts.remove_old_exports")
def remove_old_exports() -> None:
    exports.remove_old_exports()


@shared_task(name="accounts.remove_leavers")
def remove_leavers() -> None:
    leaving.remove_leavers()
