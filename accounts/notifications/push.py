"""Browsers that may be pushed to, and the pushing."""

import asyncio
import hashlib
import logging
import random
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone

from accounts.notifications import web_push
from accounts.notifications.events import described
from accounts.notifications.kinds import RULES, Kind, Way, is_wanted_by_default
from accounts.notifications.limits import (
    BROWSERS_MAX,
    LABEL_MAX,
    PUSH_BATCH,
    PUSH_FAILURES_MAX,
    PUSH_GAP_SECONDS,
    PUSHES_AT_ONCE,
)
from accounts.notifications.models import Happening, PushSubscription
from accounts.notifications.push_outcomes import Outcome, Verdict, next_try_seconds, verdict_of
from common.errors import InvalidInput
from common.http import OutboundClient, OutboundFailed, OutboundRefused, check_url

OF_SESSION = "push_subscription"  # in the session of a browser that is pushed to: its number
logger = logging.getLogger(__name__)

# Whose browsers hear of it: one statement for a batch of people, as in services.
_BROWSERS = """
    SELECT s.id FROM accounts_pushsubscription s JOIN accounts_user u ON u.id = s.user_id
    LEFT JOIN accounts_notificationpreference p ON p.user_id = u.id AND p.kind = %(kind)s AND p.way = %(way)s
    WHERE s.user_id = ANY(%(users)s) AND u.is_active AND COALESCE(p.wanted, %(default)s)
    ORDER BY s.id
"""


@lru_cache(maxsize=1)
def signer() -> web_push.Signer:
    """Ours. The contact is where a push service complains (RFC 8292, section 2.1)."""
    contact = settings.SITE_URL if settings.SECURE else f"mailto:{settings.DEFAULT_FROM_EMAIL}"
    return web_push.Signer(_key(), contact)


def public_key() -> str:
    """What a browser subscribes with."""
    return web_push.public_key_text(_key())


def subscribe_browser(*, user_id: int, endpoint: str, p256dh: str, auth: str, label: str = "") -> PushSubscription:
    """Push to this browser from now on. It was somebody else's before: now it is this user's alone."""
    try:
        check_url(endpoint)
        web_push.check_keys(p256dh, auth)
    except (OutboundRefused, ValueError):
        raise InvalidInput("This is no push subscription of a browser.", code="no_subscription") from None
    with transaction.atomic():
        subscription, _ = PushSubscription.objects.update_or_create(
            endpoint_digest=endpoint_digest(endpoint),
            defaults={
                "user_id": user_id,
                "endpoint": endpoint,
                "p256dh": p256dh,
                "auth": auth,
                "label": label[:LABEL_MAX],
                "failures": 0,
            },
        )
        own = PushSubscription.objects.filter(user_id=user_id).order_by("-created_at", "-pk")
        PushSubscription.objects.filter(pk__in=list(own.values_list("pk", flat=True)[BROWSERS_MAX:])).delete()
    return subscription


def forget_browser(*, user_id: int, endpoint: str = "", subscription_id: int | None = None) -> bool:
    """Push to it no more, by its endpoint or by its number. False when it was not this user's."""
    own = PushSubscription.objects.filter(user_id=user_id)
    named = Q(pk=subscription_id) if subscription_id is not None else Q(endpoint_digest=endpoint_digest(endpoint))
    deleted, _ = own.filter(named).delete()
    return bool(deleted)


def forget_browser_of_session(*, request: HttpRequest | None, user: AbstractBaseUser | None) -> None:
    """Whoever signs out on a shared machine leaves no news on its screen. Not every sign-out has a request."""
    subscription_id = request.session.get(OF_SESSION) if request else None
    if user is not None and subscription_id:
        forget_browser(user_id=user.pk, subscription_id=subscription_id)


def queue_pushes(*, happening: Happening, user_ids: Sequence[int]) -> int:
    """Queue what goes to the browsers of these people, in batches, and say to how many."""
    kind = Kind(happening.kind)
    default = is_wanted_by_default(kind, Way.PUSH)
    with connection.cursor() as cursor:
        cursor.execute(
            _BROWSERS, {"kind": str(kind), "way": str(Way.PUSH), "default": default, "users": list(user_ids)}
        )
        ids = [row[0] for row in cursor.fetchall()]
    for start in range(0, len(ids), PUSH_BATCH):
        _queue(happening.pk, ids[start : start + PUSH_BATCH])
    return len(ids)


def send_pushes(*, happening_id: int, subscription_ids: Sequence[int], tries: int = 0) -> Counter[Outcome]:
    """Push to a batch of browsers, forget those that are gone, and queue again what the services want later."""
    happening = Happening.objects.filter(pk=happening_id).first()
    if happening is None:
        return Counter()
    left = RULES[Kind(happening.kind)].push_seconds - int((timezone.now() - happening.created_at).total_seconds())
    subscriptions = list(PushSubscription.objects.filter(pk__in=subscription_ids))
    if left <= 0 or not subscriptions:
        return Counter()
    verdicts = asyncio.run(_send_all(_message(happening, left), subscriptions))
    _note(happening_id, verdicts, tries + 1)
    counts = Counter(verdict.outcome for verdict in verdicts.values())
    if set(counts) - {Outcome.SENT}:
        logger.info("Pushes of happening %s: %s", happening_id, {str(name): count for name, count in counts.items()})
    return counts


def endpoint_digest(endpoint: str) -> str:
    return hashlib.sha256(endpoint.encode()).hexdigest()


def _message(happening: Happening, seconds: int) -> web_push.Message:
    rule = RULES[Kind(happening.kind)]
    # The newest about one page takes the place of an older one, at the push service and on the screen.
    tag = happening.collapse_key or f"{happening.kind}:{happening.path}"
    content = {**described(happening), "tag": tag}
    return web_push.Message(web_push.payload_of(content), seconds, rule.urgency, web_push.topic_of(tag))


async def _send_all(message: web_push.Message, subscriptions: Sequence[PushSubscription]) -> dict[int, Verdict]:
    verdicts: dict[int, Verdict] = {}
    busy: dict[str, Verdict] = {}  # services that asked us to wait, with their answer: the rest of the batch waits too
    turns = asyncio.Semaphore(PUSHES_AT_ONCE)

    async def send(client: OutboundClient, one: PushSubscription) -> None:
        service = urlsplit(one.endpoint).netloc
        async with turns:
            verdict = busy.get(service) or await _send(client, message, one)
            await asyncio.sleep(PUSH_GAP_SECONDS)
        if verdict.wait_seconds:
            busy[service] = verdict
        verdicts[one.pk] = verdict

    async with OutboundClient() as client:
        await asyncio.gather(*(send(client, one) for one in subscriptions))
    return verdicts


async def _send(client: OutboundClient, message: web_push.Message, one: PushSubscription) -> Verdict:
    try:
        keys = web_push.check_keys(one.p256dh, one.auth)
        body = web_push.encrypt(message.payload, web_push.Receiver(one.endpoint, *keys))
        headers = signer().headers(message, one.endpoint, time.time())
        answer = await client.request("POST", one.endpoint, headers=headers, content=body)
    except (OutboundRefused, ValueError):  # no place we push to, or no keys: nor will it be one tomorrow
        return Verdict(Outcome.GONE)
    except OutboundFailed:
        return Verdict(Outcome.LATER)
    return verdict_of(answer.status, answer.headers.get("retry-after", ""))


def _note(happening_id: int, verdicts: dict[int, Verdict], tries: int) -> None:
    by_outcome: dict[Outcome, list[int]] = {outcome: [] for outcome in Outcome}
    for pk, verdict in verdicts.items():
        by_outcome[verdict.outcome].append(pk)
    PushSubscription.objects.filter(pk__in=by_outcome[Outcome.GONE]).delete()
    now = timezone.now()
    worth_noting = Q(last_sent_at=None) | Q(last_sent_at__lt=now - timedelta(days=1)) | Q(failures__gt=0)
    sent = PushSubscription.objects.filter(worth_noting, pk__in=by_outcome[Outcome.SENT])
    sent.update(last_sent_at=now, failures=0)
    _try_later(happening_id, {pk: verdicts[pk] for pk in by_outcome[Outcome.LATER]}, tries)


def _try_later(happening_id: int, waiting: dict[int, Verdict], tries: int) -> None:
    """Together, when the most patient of the services wants it: one task instead of one for each."""
    if not waiting:
        return
    asked = max(verdict.wait_seconds for verdict in waiting.values())
    seconds = next_try_seconds(tries, asked, random.random())  # noqa: S311  spreads load, guards nothing
    if seconds is not None:
        _queue(happening_id, list(waiting), tries=tries, seconds=seconds)
        return
    failed = PushSubscription.objects.filter(pk__in=waiting)
    failed.update(failures=F("failures") + 1)
    failed.filter(failures__gte=PUSH_FAILURES_MAX).delete()


def _queue(happening_id: int, ids: Sequence[int], *, tries: int = 0, seconds: int = 0) -> None:
    from accounts.notifications.tasks import send_pushes as task

    task.apply_async((happening_id, list(ids), tries), countdown=seconds)


def _key() -> EllipticCurvePrivateKey:
    try:
        return web_push.signing_key(settings.VAPID_PRIVATE_KEY, settings.VAPID_SEED)
    except ValueError as error:
        raise ImproperlyConfigured(f"MILLRACE_VAPID_PRIVATE_KEY: {error}") from None
