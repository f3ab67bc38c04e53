"""What streaming does on a schedule: each task calls one service."""

from celery import shared_task

from streaming import events, go_live, reconcile
from streaming.audience import viewers
from streaming.discovery import recommending, search_index
from streaming.raids import hosting


@shared_task(name="streaming.reconcile_broadcasts")
def reconcile_broadcasts() -> None:
    reconcile.reconcile_broadcasts()


@shared_task(name="streaming.count_viewers")
def count_viewers() -> None:
    events.publish_viewers(viewers.count_viewers())


@shared_task(name="streaming.announce_to_followers")
def announce_to_followers(stream_id: str) -> None:
    go_live.announce_to_followers(stream_id=stream_id)


@shared_task(name="streaming.resume_go_live_notices")
def resume_go_live_notices() -> None:
    go_live.resume_notices()


@shared_task(name="streaming.choose_hosts")
def choose_hosts() -> None:
    hosting.choose_hosts()


@shared_task(name="streaming.tell_of_follower")
def tell_of_follower(channel_id: int, user_id: int) -> None:
    go_live.tell_of_follower(channel_id=channel_id, user_id=user_id)


@shared_task(name="streaming.index_live_channels")
def index_live_channels() -> None:
    search_index.index_live_channels()
    search_index.index_categories()


@shared_task(name="streaming.repair_search")
def repair_search() -> None:
    search_index.index_all_channels()


@shared_task(name="streaming.find_neighbours")
def find_neighbours() -> None:
    recommending.find_neighbours()
