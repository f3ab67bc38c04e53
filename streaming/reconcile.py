"""Repairs what lost hooks, crashes and outages left behind: level-triggered, idempotent, run every second."""

import time
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from common.redis import redis_client
from streaming import redis_keys
from streaming.broadcast_services import end_broadcast, end_overdue_broadcast, lose_encoder
from streaming.broadcast_states import BroadcastState
from streaming.events import ask_anew
from streaming.ingest.services import PRIORITY_OF_TIER, lose_session
from streaming.limits import FLAGS_SECONDS, OUTAGE_SECONDS, SETTLING_SECONDS, SILENT_SECONDS, STARTING_SECONDS_MAX
from streaming.models import Broadcast, Channel, ChannelTier, IngestSession
from streaming.notices import add_notice
from streaming.raids.services import advance_raids
from transcode import services as media
from transcode.models import LiveJob

NO_PICTURE = (
    f"The encoder was connected for {STARTING_SECONDS_MAX} seconds without a picture that can be shown. "
    "Check that it sends H.264 video with a keyframe interval of 2 seconds."
)


def reconcile_broadcasts() -> None:
    """One tick. Each step looks at the present state only, so that missed ticks do no harm."""
    now = timezone.now()
    settling = _is_settling()
    for broadcast in Broadcast.objects.past_grace(now):
        end_overdue_broadcast(broadcast=broadcast)
    if not settling:
        for session in IngestSession.objects.silent_since(now - timedelta(seconds=SILENT_SECONDS)):
            lose_session(session=session, now=now)
    end_suspended()
    end_without_picture(now)
    repair_orphans(now)
    repair_live_jobs()
    repair_live_flags()
    advance_raids(now)
    _note_tick()  # one that took long is no outage


def _is_settling() -> bool:
    """Whether we only just came back: encoders that are fine could not reach us and get time to be heard again."""
    if _note_tick() is not None:
        return bool(redis_client().exists(redis_keys.SETTLING))
    redis_client().set(redis_keys.SETTLING, 1, ex=SETTLING_SECONDS)
    ask_anew()  # events of the time we were away are lost
    return True


def _note_tick() -> object:
    """We are here; None when we had not been for a while."""
    return redis_client().set(redis_keys.RECONCILE_AT, int(time.time()), ex=OUTAGE_SECONDS, get=True)


def end_suspended() -> None:
    """A suspended user's broadcast ends even if the signal of the suspension was lost."""
    for broadcast in Broadcast.objects.open().filter(channel__owner__is_active=False):
        end_broadcast(broadcast=broadcast, reason="The account was suspended.")


def end_without_picture(now: datetime) -> None:
    """An encoder that stays connected without a usable picture holds a worker for nothing."""
    since = now - timedelta(seconds=STARTING_SECONDS_MAX)
    publishing = IngestSession.objects.open().filter(broadcast=OuterRef("pk"), started_at__lt=since)
    waiting = Q(state=BroadcastState.STARTING) | Q(state=BroadcastState.RECONNECTING, reconnect_deadline=None)
    for broadcast in Broadcast.objects.filter(waiting, Exists(publishing)):
        if end_broadcast(broadcast=broadcast, reason=NO_PICTURE):
            add_notice(channel_id=broadcast.channel_id, code="no_picture", text=NO_PICTURE)


def repair_orphans(now: datetime) -> None:
    """A broadcast that runs without a publisher and without a deadline would run for ever."""
    publishing = IngestSession.objects.open().filter(broadcast=OuterRef("pk"))
    orphans = Broadcast.objects.open().filter(~Exists(publishing), reconnect_deadline=None)
    for broadcast_id in orphans.values_list("pk", flat=True):
        lose_encoder(broadcast_id=broadcast_id, now=now)


def repair_live_jobs() -> None:
    """Media work follows the broadcasts: wanted for each open one, finished for each ended one."""
    going_on = Broadcast.objects.open().filter(public_id=OuterRef("stream_id"))
    ended = LiveJob.objects.filter(~Exists(going_on), finished_at=None, wanted=True)
    for stream_id in ended.values_list("stream_id", flat=True):
        media.finish_live(stream_id=stream_id)
    jobs = LiveJob.objects.filter(stream_id=OuterRef("public_id"), wanted=True)
    for broadcast in Broadcast.objects.open().filter(~Exists(jobs)).select_related("channel"):
        media.request_live(
            stream_id=broadcast.public_id, priority=PRIORITY_OF_TIER[ChannelTier(broadcast.channel.tier)]
        )


def repair_live_flags() -> None:
    """`Channel.is_live` is a copy; make it agree with the broadcasts. All channels are looked at: not in every tick."""
    if not redis_client().set(redis_keys.FLAGS_REPAIRED, 1, ex=FLAGS_SECONDS, nx=True):
        return
    unsaid = Broadcast.objects.on_air().filter(channel__is_live=False).values_list("channel_id", flat=True)
    Channel.objects.filter(pk__in=list(unsaid)).update(is_live=True)
    on_air = Broadcast.objects.on_air().filter(channel=OuterRef("pk"))
    Channel.objects.filter(~Exists(on_air), is_live=True).update(is_live=False, viewer_count=0)
