"""What a watch page shows of a channel at this moment."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from streaming.audience_models import Raid
from streaming.broadcast_states import OPEN_STATES, BroadcastState
from streaming.limits import ENDED_SHOWN_SECONDS
from streaming.models import Broadcast, Channel
from streaming.playback import Playback, live_playback
from streaming.raids.onward import HostedView, RaidView, hosted_channel, running_raid

OFFLINE = "offline"


@dataclass(frozen=True)
class WatchState:
    """One channel as its watch page shows it. `category` is a name."""

    state: str  # offline, starting, live, reconnecting, ended
    stream_id: str | None
    title: str
    category: str | None
    started_at: datetime | None
    viewers: int
    playback: Playback | None
    vod_url: str | None
    preview_path: str = ""
    raid: RaidView | None = None
    hosting: HostedView | None = None

    def as_event(self) -> dict[str, Any]:
        """The JSON the page's socket gets."""
        return {
            "type": "state",
            "state": self.state,
            "stream_id": self.stream_id,
            "title": self.title,
            "category": self.category,
            "started_at": _text(self.started_at),
            "viewers": self.viewers,
            "playback": self.playback.for_page() if self.playback else None,
            "vod_url": self.vod_url,
            "raid": self.raid.as_event(timezone.now()) if self.raid else None,
            "hosting": self.hosting.as_event() if self.hosting else None,
        }


def watch_state(*, channel: Channel) -> WatchState:
    """Read it from the database: the open broadcast, or else the last one that was on air."""
    raiding = Exists(Raid.objects.running().filter(source=OuterRef("channel")))  # seldom: else nothing is read of it
    broadcasts = channel.broadcasts.select_related("category").annotate(is_raiding=raiding)
    shown = broadcasts.filter(Q(state__in=OPEN_STATES) | Q(started_at__isnull=False))
    last = shown.order_by(F("ended_at").desc(nulls_first=True), "-created_at").first()
    raid = running_raid(channel=channel) if getattr(last, "is_raiding", False) else None
    if last is not None and last.state in OPEN_STATES:
        return replace(_running(channel, last), raid=raid)
    return replace(_not_running(channel, last), raid=raid, hosting=hosted_channel(channel=channel))


def watch_state_of(*, channel_id: int) -> WatchState:
    """The same, with everything read anew."""
    return watch_state(channel=Channel.objects.for_pages().get(pk=channel_id))


def _running(channel: Channel, broadcast: Broadcast) -> WatchState:
    # An encoder that drops before its first segment was never live: for viewers it is still starting.
    state = broadcast.state if broadcast.started_at else BroadcastState.STARTING.value
    return WatchState(
        state=state,
        stream_id=broadcast.public_id,
        title=broadcast.title,
        category=broadcast.category.name if broadcast.category else None,
        started_at=broadcast.started_at,
        viewers=channel.viewer_count,
        # Also while it starts: the origin holds the playlist until the first segment, and the player is ready by then.
        playback=live_playback(broadcast.public_id),
        vod_url=None,
        preview_path=broadcast.preview_path,
    )


def _not_running(channel: Channel, last: Broadcast | None) -> WatchState:
    shown_since = timezone.now() - timedelta(seconds=ENDED_SHOWN_SECONDS)
    ended = last is not None and last.ended_at is not None and last.ended_at > shown_since
    return WatchState(
        state=BroadcastState.ENDED.value if ended else OFFLINE,
        stream_id=last.public_id if last and ended else None,
        title=channel.title,
        category=channel.category.name if channel.category else None,
        started_at=last.started_at if last and ended else None,
        viewers=0,
        playback=None,
        vod_url=(last.recording_path or None) if last else None,
    )


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
