"""What `bench.go_live` has done inside the stack under test: followers by the hundred thousand, a start, a rival.

    python -m bench.go_live_world seed|start|state|naive …

Each command runs in the environment of the stack and prints one line of JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

SEED = """
    INSERT INTO accounts_user (login, display_name, password, is_active, is_staff, is_superuser, created_at,
        may_look_alike)
    SELECT 'fan' || n, 'fan' || n, '!', true, false, false, now(), true FROM generate_series(1, %(count)s) AS n
"""
FOLLOW = """
    INSERT INTO streaming_follow (user_id, channel_id, notify, created_at)
    SELECT u.id, c.id, true, now() FROM accounts_user u, streaming_channel c JOIN accounts_user o ON o.id = c.owner_id
    WHERE u.login LIKE 'fan%%' AND o.login LIKE 'star%%'
"""
# Every tenth follower has a browser that is pushed to; all have the keys of one, and addresses of their own.
SUBSCRIBE = """
    INSERT INTO accounts_pushsubscription
        (user_id, endpoint, endpoint_digest, p256dh, auth, label, created_at, failures)
    SELECT id, replace(%(endpoint)s, '/push/', '/push/' || id || '/'), md5(id::text) || md5(login),
        %(p256dh)s, %(auth)s, 'bench', now(), 0
    FROM accounts_user WHERE login LIKE 'fan%%' AND id %% %(every)s = 0
"""


def seed(count: str, every: str, endpoint: str, p256dh: str, auth: str) -> dict[str, Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(SEED, {"count": int(count)})
        cursor.execute(FOLLOW)
        cursor.execute(SUBSCRIBE, {"endpoint": endpoint, "p256dh": p256dh, "auth": auth, "every": int(every)})
        pushed = cursor.rowcount
        cursor.execute("ANALYZE")
    return {"pushed": pushed}


def start(login: str) -> dict[str, Any]:
    """A broadcast of this channel is announced: from here on as for any other."""
    from django.utils import timezone

    from streaming.models import Broadcast, Channel
    from streaming.signals import broadcast_started

    channel = Channel.objects.get(owner__login=login)
    broadcast = Broadcast.objects.create(channel=channel, title="Bench", state="live", started_at=timezone.now())
    at = time.time()
    broadcast_started.send(sender=Broadcast, stream_id=broadcast.public_id)
    return {"at": at, "stream_id": broadcast.public_id}


def state(stream_id: str) -> dict[str, Any]:
    """Waits until everyone was told; when that was, and how many have it in their list."""
    from accounts.notifications.models import Notification
    from streaming.models import GoLiveNotice

    until = time.time() + 120
    while time.time() < until:
        notice = GoLiveNotice.objects.filter(broadcast__public_id=stream_id).first()
        if notice is not None and notice.done_at is not None and notice.happening_id is not None:
            told = Notification.objects.filter(happening_id=notice.happening_id).count()
            return {"at": notice.done_at.timestamp(), "told": told}
        time.sleep(0.5)
    return {"at": float("inf"), "told": 0}


def naive(login: str, count: str) -> dict[str, Any]:
    """The rival: for each follower a row, a message to the open pages and a task for each browser, as loops do it."""
    from accounts.notifications import Kind, create_happening, events
    from accounts.notifications.models import Notification, NotificationPreference, PushSubscription
    from accounts.notifications.tasks import send_pushes
    from streaming.models import Follow

    happening = create_happening(kind=Kind.LIVE, text=f"{login} is live", path=f"/{login}")
    assert happening is not None
    began = time.perf_counter()
    for follow in Follow.objects.filter(channel__owner__login=login).select_related("user")[: int(count)]:
        user = follow.user
        if NotificationPreference.objects.filter(user=user, kind="live", wanted=False).exists():
            continue
        Notification.objects.create(user=user, happening=happening)
        events.publish_happening(happening=happening, user_ids=[user.pk])
        for one in PushSubscription.objects.filter(user=user):
            send_pushes.apply_async((happening.pk, [one.pk]), countdown=86_400)  # counted, not sent
    return {"seconds": time.perf_counter() - began}


def main() -> None:
    import django

    django.setup()
    commands: dict[str, Callable[..., dict[str, Any]]] = {"seed": seed, "start": start, "state": state, "naive": naive}
    print(json.dumps(commands[sys.argv[1]](*sys.argv[2:])))


if __name__ == "__main__":
    main()
