"""Tells a channel's followers that it is live: in batches, each a short transaction, so that nobody waits for it.

How far it has come stands in the row of the notice: whichever worker dies, another goes on from there.
"""

import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.notifications import Kind, create_happening, notify_of_person, tell_users
from accounts.notifications.limits import TELL_BATCH, TELL_PAUSE
from streaming.go_live_rules import is_news
from streaming.limits import NOTICE_MISSED_SECONDS, NOTICE_STALLED_SECONDS
from streaming.models import Broadcast, Channel, Follow, GoLiveNotice


def queue_announcement(*, stream_id: str) -> None:
    """The broadcast is on air; whoever announced that does not wait for the followers."""
    from streaming.tasks import announce_to_followers as task

    task.delay(stream_id)


def queue_follower(*, channel_id: int, user_id: int) -> None:
    """Somebody follows; they do not wait until the streamer has been told."""
    from streaming.tasks import tell_of_follower as task

    task.delay(channel_id, user_id)


def tell_of_follower(*, channel_id: int, user_id: int) -> None:
    """The streamer hears of a new follower; of many at once as one. Not of one who has changed their mind."""
    follow = Follow.objects.select_related("user", "channel__owner").filter(channel_id=channel_id, user_id=user_id)
    for one in follow:
        notify_of_person(
            user_id=one.channel.owner_id,
            kind=Kind.FOLLOWER,
            name=str(one.user),
            did="followed you",
            path=one.channel.get_absolute_url(),
            collapse_key=f"followers:{channel_id}",
        )


def announce_to_followers(*, stream_id: str) -> int:
    """The broadcast is on air: tell the followers, unless that is no news. Says how many were told."""
    notice = open_notice(stream_id=stream_id)
    return 0 if notice is None else tell_followers(notice_id=notice.pk)


def open_notice(*, stream_id: str) -> GoLiveNotice | None:
    """What is to be told, before anyone is. None when it is no news, or was opened before."""
    broadcast = Broadcast.objects.filter(public_id=stream_id, channel__owner__is_active=True).first()
    if broadcast is None:
        return None
    with transaction.atomic():
        # Two broadcasts of one channel at once: one after the other.
        channel = Channel.objects.select_for_update(of=("self",)).for_pages().get(pk=broadcast.channel_id)
        if GoLiveNotice.objects.filter(broadcast=broadcast).exists() or not _is_news(broadcast):
            return None
        happening = create_happening(
            kind=Kind.LIVE, text=f"{channel} is live", detail=broadcast.title, path=channel.get_absolute_url()
        )
        return None if happening is None else GoLiveNotice.objects.create(broadcast=broadcast, happening=happening)


def tell_followers(*, notice_id: int) -> int:
    """Go on, batch by batch, until everyone has been told or the broadcast is over. Safe to run twice at once."""
    told, began = 0, time.monotonic()
    while (batch := _tell_batch(notice_id)) is not None:
        told += batch
        time.sleep((time.monotonic() - began) * TELL_PAUSE)
        began = time.monotonic()
    return told


def resume_notices() -> None:
    """Go on with what nobody works on any more: the worker was killed, or the queue was away."""
    now = timezone.now()
    stalled_at = now - timedelta(seconds=NOTICE_STALLED_SECONDS)
    stalled = GoLiveNotice.objects.filter(done_at=None, touched_at__lt=stalled_at).exclude(happening=None)
    for notice_id in stalled.values_list("pk", flat=True):
        tell_followers(notice_id=notice_id)
    missed = (now - timedelta(seconds=NOTICE_MISSED_SECONDS), stalled_at)
    for stream_id in Broadcast.objects.on_air().unannounced(*missed).values_list("public_id", flat=True):
        announce_to_followers(stream_id=stream_id)


def _is_news(broadcast: Broadcast) -> bool:
    shown = Broadcast.objects.filter(channel_id=broadcast.channel_id, started_at__isnull=False)
    told = GoLiveNotice.objects.filter(broadcast__channel_id=broadcast.channel_id)
    return is_news(
        timezone.now(),
        told_at=told.aggregate(latest=Max("created_at"))["latest"],
        ended_at=shown.exclude(pk=broadcast.pk).aggregate(latest=Max("ended_at"))["latest"],
        quiet=timedelta(minutes=settings.GO_LIVE_QUIET_MINUTES),
    )


def _tell_batch(notice_id: int) -> int | None:
    """One batch; None when there is none left, or somebody else is at it."""
    with transaction.atomic():
        notices = GoLiveNotice.objects.select_for_update(of=("self",), skip_locked=True)
        notice = notices.select_related("happening", "broadcast").filter(pk=notice_id, done_at=None).first()
        if notice is None or notice.happening is None:
            return None
        followers = Follow.objects.filter(channel_id=notice.broadcast.channel_id, notify=True)
        batch = followers.filter(user_id__gt=notice.cursor).order_by("user_id").values_list("user_id", flat=True)
        user_ids = list(batch[:TELL_BATCH])
        over = len(user_ids) < TELL_BATCH or not Broadcast.objects.on_air().filter(pk=notice.broadcast_id).exists()
        told = tell_users(happening=notice.happening, user_ids=user_ids) if user_ids else 0
        now = timezone.now()
        notice.cursor = user_ids[-1] if user_ids else notice.cursor
        notice.told += told
        notice.touched_at, notice.done_at = now, now if over else None
        notice.save(update_fields=["cursor", "told", "touched_at", "done_at"])
    return told
