"""Recordings in cold storage: who wants to see one, a file of it or a cut asks for it, and waits until it is back.

Level-triggered: what waits is in the database (`Waiter`, highlights that are not made), so whoever is killed on the way
is followed by the schedule.
"""

from typing import Any

from accounts.models import User
from common.errors import Conflict
from transcode import services as media
from vod import downloads, highlights
from vod.models import Vod, Waiter, Wish
from vod.waiting import forget_old_waiters, tell_waiters, wait_for


class InColdStorage(Conflict):
    """It cannot be played now; `code` tells whether it is on its way back."""


def check_at_hand(*, vod: Vod) -> None:
    """Raises InColdStorage."""
    state = media.cold_state(stream_id=vod.broadcast.public_id)
    if state == "preparing":
        raise InColdStorage("This recording is being prepared. It plays in a few minutes.", code=state)
    if state:
        raise InColdStorage("This recording is in cold storage. Have it prepared, then it can be played.", code=state)


def prepare_vod(*, vod: Vod, viewer: Any) -> None:
    """Have it brought back, and tell this viewer, if he is signed in, when it is there. Safe to repeat; does nothing
    for one that can be played."""
    if not media.cold_state(stream_id=vod.broadcast.public_id):
        return
    media.request_restore(stream_id=vod.broadcast.public_id)
    if isinstance(viewer, User):
        wait_for(vod=vod, user=viewer, wish=Wish.WATCH)


def go_on(*, stream_id: str) -> None:
    """The recording is back: what waited for it goes on, who waited is told. Safe to repeat."""
    vod = Vod.objects.for_pages().filter(broadcast__public_id=stream_id).first()
    if vod is None or media.cold_state(stream_id=stream_id):
        return
    tell_waiters(vod=vod, wish=Wish.WATCH)
    if Waiter.objects.filter(vod=vod, wish=Wish.FILE).exists():
        downloads.go_on(vod=vod)
    highlights.make_highlights_of(vod=vod)


def look_after_waiters() -> None:
    """Those whose recording came back unnoticed, and those whose recording will not come."""
    forget_old_waiters()
    waiting = Vod.objects.kept().filter(waiters__isnull=False).distinct()
    for stream_id in list(waiting.values_list("broadcast__public_id", flat=True)):
        go_on(stream_id=stream_id)
