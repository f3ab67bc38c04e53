"""Everything that changes a broadcast. Locks are taken in one order: channel, broadcast, ingest session."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from streaming.broadcast_states import BroadcastState, states_before
from streaming.discovery.search_index import index_channels
from streaming.events import publish_state
from streaming.ingest.control import drop_publisher
from streaming.models import Broadcast, Channel, IngestSession, SessionEnd
from streaming.notices import add_notice
from streaming.signals import broadcast_ended, broadcast_started, recording_ready
from transcode import services as media

logger = logging.getLogger(__name__)

_HAS_PUBLISHER = Exists(IngestSession.objects.filter(broadcast=OuterRef("pk"), ended_at=None))


def announce_live(*, stream_id: str) -> bool:
    """The first segment of a run is complete: everyone may watch. False when that was no news."""
    now = timezone.now()
    with transaction.atomic():
        broadcast = Broadcast.objects.select_for_update().filter(public_id=stream_id).first()
        if broadcast is None:
            return False
        first = Broadcast.objects.filter(pk=broadcast.pk, started_at=None).update(started_at=Coalesce("ended_at", now))
        # Without a publisher the segment is the last breath of an encoder that has gone: still reconnecting.
        waiting = Broadcast.objects.filter(
            _HAS_PUBLISHER, pk=broadcast.pk, state__in=states_before(BroadcastState.LIVE)
        )
        moved = waiting.update(state=BroadcastState.LIVE, reconnect_deadline=None)
        if not first and not moved:  # live already, or ended while the segment was on its way
            return False
        if first:
            Channel.objects.filter(pk=broadcast.channel_id).update(last_live_at=now)
        on_air = Channel.objects.filter(pk=broadcast.channel_id, broadcasts__in=Broadcast.objects.on_air())
        on_air.update(is_live=True)
        index_channels(channel_ids=[broadcast.channel_id])
        if first:
            transaction.on_commit(lambda: _tell(broadcast_started, stream_id))
        publish_state(channel_id=broadcast.channel_id)
    return bool(moved)


def lose_encoder(*, broadcast_id: int, now: datetime) -> None:
    """The publisher is gone: its time to come back begins. Without such a time the broadcast ends at once."""
    grace = settings.RECONNECT_GRACE_SECONDS
    broadcast = Broadcast.objects.get(pk=broadcast_id)
    if grace == 0:
        end_broadcast(broadcast=broadcast, reason="The encoder disconnected.", unless_publishing=True)
        return
    running = Q(state__in=states_before(BroadcastState.RECONNECTING))
    returned_without_picture = Q(state=BroadcastState.RECONNECTING, reconnect_deadline=None)
    # With a publisher the encoder has been replaced meanwhile: 0 rows, and nothing is lost.
    lost = Broadcast.objects.filter(running | returned_without_picture, ~_HAS_PUBLISHER, pk=broadcast_id).update(
        state=BroadcastState.RECONNECTING, reconnect_deadline=now + timedelta(seconds=grace)
    )
    if lost:
        publish_state(channel_id=broadcast.channel_id)


def end_broadcast(*, broadcast: Broadcast, reason: str, unless_publishing: bool = False) -> bool:
    """End it for good and disconnect its encoder. False when it had ended already (or still has a publisher)."""
    now = timezone.now()
    with transaction.atomic():
        endable = Broadcast.objects.filter(pk=broadcast.pk, state__in=states_before(BroadcastState.ENDED))
        if unless_publishing:
            endable = endable.exclude(_HAS_PUBLISHER)
        ended = endable.update(
            state=BroadcastState.ENDED, ended_at=now, reconnect_deadline=None, end_reason=reason[:200]
        )
        if not ended:
            return False
        _close(broadcast, now)
    broadcast.refresh_from_db()
    return True


def end_overdue_broadcast(*, broadcast: Broadcast) -> bool:
    """End it if its encoder has not come back in time; a return that was quicker wins."""
    now = timezone.now()
    with transaction.atomic():
        overdue = Broadcast.objects.past_grace(now).filter(pk=broadcast.pk)
        if not overdue.update(
            state=BroadcastState.ENDED,
            ended_at=now,
            reconnect_deadline=None,
            end_reason="The encoder did not come back in time.",
        ):
            return False
        _close(broadcast, now)
    return True


def end_broadcasts_of_user(*, user_id: int) -> None:
    """The user was suspended: what runs on their channel ends at once."""
    for broadcast in Broadcast.objects.open().filter(channel__owner_id=user_id):
        end_broadcast(broadcast=broadcast, reason="The account was suspended.")


def _close(broadcast: Broadcast, now: datetime) -> None:
    """What belongs to every end, inside its transaction."""
    stream_id, channel_id = broadcast.public_id, broadcast.channel_id
    publishing = IngestSession.objects.open().filter(broadcast=broadcast)
    had_publisher = publishing.update(ended_at=now, end_cause=SessionEnd.CLOSED)
    Channel.objects.filter(pk=channel_id, is_live=True).update(is_live=False, viewer_count=0, last_live_at=now)
    index_channels(channel_ids=[channel_id])

    def after_commit() -> None:
        if had_publisher:
            drop_publisher(stream_id=stream_id)
        try:
            media.finish_live(stream_id=stream_id)
        except Exception:  # the media side may be down in any way; the reconcile tick asks again
            logger.exception("Cannot finish %s yet", stream_id)
        _tell(broadcast_ended, stream_id)

    publish_state(channel_id=channel_id)
    transaction.on_commit(after_commit)


def create_uploaded_broadcast(*, channel: Channel, title: str) -> Broadcast:
    """What stands behind a recording that was uploaded. It was never on air, so no page of the channel shows it."""
    return Broadcast.objects.create(
        channel=channel,
        title=title,
        category_id=channel.category_id,
        state=BroadcastState.ENDED,
        ended_at=timezone.now(),
        end_reason="This is an uploaded video.",
    )


def describe_source(*, stream_id: str, source: dict[str, Any], warnings: list[dict[str, Any]]) -> None:
    """Keep what the encoder really sends, and what should be said about it."""
    Broadcast.objects.filter(public_id=stream_id).update(source=source, warnings=warnings)


def refuse_source(*, stream_id: str, code: str, text: str) -> None:
    """What the encoder sends cannot be used: tell the streamer why and end the broadcast."""
    broadcast = Broadcast.objects.filter(public_id=stream_id).first()
    if broadcast is None:
        return
    with transaction.atomic():  # who sees the end sees the reason
        if end_broadcast(broadcast=broadcast, reason=text):
            add_notice(channel_id=broadcast.channel_id, code=code, text=text)


def note_preview(*, stream_id: str, path: str) -> None:
    """A new preview picture of the broadcast lies in the storage."""
    Broadcast.objects.filter(public_id=stream_id).update(preview_path=path)


def announce_recording(*, stream_id: str) -> None:
    """The media side is done with the broadcast: whoever keeps recordings may make one."""
    _tell(recording_ready, stream_id)


def note_recording(*, stream_id: str, page_path: str) -> None:
    """The broadcast can be watched again at `page_path`; empty when it can no more. Its pages are told."""
    broadcast = Broadcast.objects.filter(public_id=stream_id).first()
    if broadcast is None:
        return
    changed = Broadcast.objects.filter(pk=broadcast.pk).exclude(recording_path=page_path)
    if changed.update(recording_path=page_path):
        publish_state(channel_id=broadcast.channel_id)


def _tell(signal: Any, stream_id: str) -> None:
    for receiver, outcome in signal.send_robust(sender=Broadcast, stream_id=stream_id):
        if isinstance(outcome, Exception):
            logger.error("%r failed for %s", receiver, stream_id, exc_info=outcome)
