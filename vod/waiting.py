"""Who waits for a recording: to come back from cold storage, or to be a file. They are told when it is so far."""

from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.notifications import Kind, notify_user
from vod.limits import WAITERS_MAX, WAITERS_TOLD_AT_ONCE, WAITING_DAYS
from vod.models import Visibility, Vod, Waiter, Wish


def wait_for(*, vod: Vod, user: User, wish: Wish) -> None:
    """Tell this user when it is so far. Safe to repeat; of a crowd only the first are told."""
    if Waiter.objects.filter(vod=vod)[: WAITERS_MAX + 1].count() < WAITERS_MAX:
        Waiter.objects.get_or_create(vod=vod, user=user, wish=wish)


def tell_waiters(*, vod: Vod, wish: Wish) -> None:
    """It is so far. Safe to repeat, and to kill: who is told waits no more, both or neither."""
    name = vod.title or "Untitled broadcast"
    words = {
        Wish.WATCH: (f"“{name}” can be watched again.", vod.get_absolute_url()),
        Wish.FILE: (f"“{name}” can be downloaded.", reverse("video_download", args=[vod.public_id])),
    }
    text, path = words[wish]
    waiters = Waiter.objects.filter(vod=vod, wish=wish).order_by("pk")
    while batch := list(waiters[:WAITERS_TOLD_AT_ONCE]):
        for waiter in batch:
            with transaction.atomic():
                # 0 rows: another worker was first. Who may not know of it any more is not told.
                gone, _ = Waiter.objects.filter(pk=waiter.pk).delete()
                if gone and _may_know(vod, waiter.user_id):
                    notify_user(user_id=waiter.user_id, kind=Kind.RECORDING, text=text, path=path)


def tell_highlight_is_there(*, highlight: Vod) -> None:
    """Its owner asked for it."""
    notify_user(
        user_id=highlight.channel.owner_id,
        kind=Kind.RECORDING,
        text=f"Your highlight “{highlight}” is there.",
        path=highlight.get_absolute_url(),
        once_key=f"highlight:{highlight.pk}",
    )


def forget_old_waiters() -> None:
    """Those whose recording did not come."""
    Waiter.objects.filter(created_at__lt=timezone.now() - timedelta(days=WAITING_DAYS)).delete()


def _may_know(vod: Vod, user_id: int) -> bool:
    return vod.deleted_at is None and (vod.visibility != Visibility.PRIVATE or vod.channel.owner_id == user_id)
