"""E-mails that gather what happened: at most one in a while for each person, each with a way to end them."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from smtplib import SMTPException

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import connection, transaction
from django.db.models import Min
from django.urls import reverse
from django.utils import timezone

from accounts.notifications import redis_keys
from accounts.notifications.kinds import Kind, Way, can_be_turned_off, is_wanted_by_default
from accounts.notifications.limits import DIGEST_GATHER_SECONDS, DIGESTS_PER_RUN, MAIL_STALE_SECONDS
from accounts.notifications.mail_texts import News, subject_of, text_of
from accounts.notifications.models import Happening, MailItem, NotificationPreference
from common.addresses import absolute
from common.errors import NotThere
from common.letters import build_letter
from common.redis import redis_client

logger = logging.getLogger(__name__)
_SIGNER = Signer(salt="accounts.notifications.unsubscribe")

# As in services, for e-mail. Who gets nothing is told by sending time: an address may be confirmed until then.
_GATHER = """
    INSERT INTO accounts_mailitem (user_id, happening_id, created_at)
    SELECT u.id, %(happening)s, now() FROM accounts_user u
    LEFT JOIN accounts_notificationpreference p ON p.user_id = u.id AND p.kind = %(kind)s AND p.way = %(way)s
    WHERE u.id = ANY(%(users)s) AND u.is_active AND u.email IS NOT NULL AND COALESCE(p.wanted, %(default)s)
    ON CONFLICT (user_id, happening_id) DO NOTHING
"""


def gather(*, happening: Happening, user_ids: Sequence[int]) -> None:
    """Keep it for the next e-mail of those who want one. Security has mails of its own, sent at once."""
    kind = Kind(happening.kind)
    if not can_be_turned_off(kind, Way.MAIL):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _GATHER,
            {
                "happening": happening.pk,
                "kind": str(kind),
                "way": str(Way.MAIL),
                "default": is_wanted_by_default(kind, Way.MAIL),
                "users": list(user_ids),
            },
        )


def send_digests() -> int:
    """One e-mail to everybody for whom something waits and who had none for a while; says how many."""
    now = timezone.now()
    MailItem.objects.filter(created_at__lt=now - timedelta(seconds=MAIL_STALE_SECONDS)).delete()
    waiting = MailItem.objects.values("user_id").annotate(oldest=Min("created_at"))
    due = waiting.filter(oldest__lt=now - timedelta(seconds=DIGEST_GATHER_SECONDS)).order_by("oldest")
    return sum(_send_if_due(row["user_id"]) for row in due[:DIGESTS_PER_RUN])


def unsubscribe_url(user_id: int) -> str:
    """Ends these e-mails for this person, whoever opens it: nothing else can be done with it."""
    return absolute(reverse("notification_unsubscribe", args=[_SIGNER.sign(str(user_id))]))


def user_of_token(token: str) -> int:
    """Whose e-mails it ends. Raises NotThere for what is none of ours."""
    try:
        return int(_SIGNER.unsign(token))
    except (BadSignature, ValueError):
        raise NotThere("This link is not complete. Copy it again from the e-mail.") from None


def unsubscribe(*, user_id: int) -> None:
    """No more e-mails but those about the safety of the account."""
    for kind in Kind:
        if can_be_turned_off(kind, Way.MAIL):
            own = NotificationPreference.objects.filter(user_id=user_id, kind=kind, way=Way.MAIL)
            if is_wanted_by_default(kind, Way.MAIL):
                own.update_or_create(user_id=user_id, kind=kind, way=Way.MAIL, defaults={"wanted": False})
            else:
                own.delete()
    MailItem.objects.filter(user_id=user_id).delete()


def _send_if_due(user_id: int) -> bool:
    key = redis_keys.had_digest(user_id)
    if not redis_client().set(key, 1, nx=True, ex=settings.MAIL_DIGEST_MINUTES * 60):
        return False
    try:
        if _send(user_id):
            return True
    except (OSError, SMTPException) as error:  # what waits, waits for the next run
        logger.warning("A digest was not sent: %s", type(error).__name__)
    redis_client().delete(key)
    return False


def _send(user_id: int) -> bool:
    """In one transaction with the removal of what it tells: if the mail server refuses, nothing is lost."""
    with transaction.atomic():
        items = list(
            MailItem.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("happening", "user")
            .filter(user_id=user_id)
            .order_by("-happening_id")
        )
        MailItem.objects.filter(pk__in=[item.pk for item in items]).delete()
        address = EmailAddress.objects.filter(user_id=user_id, verified=True, primary=True).first()
        if not items or address is None or not items[0].user.is_active:
            return False
        end = unsubscribe_url(user_id)
        news = [News(one.happening.kind, one.happening.text, one.happening.detail) for one in items]
        build_letter(
            to=address.email,
            subject=f"{subject_of(news, Kind.LIVE)} · {settings.SITE_NAME}",
            text=text_of(
                news,
                name=str(items[0].user),
                site=settings.SITE_NAME,
                list_url=absolute(reverse("notifications")),
                unsubscribe_url=end,
            ),
            # RFC 8058: mail programs show a button that ends it without opening a page.
            headers={"List-Unsubscribe": f"<{end}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        ).send()
    return True
