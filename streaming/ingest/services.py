"""What the ingest server's hooks do. Its names are keys or public ids; a session is known by nginx's client id only."""

import ipaddress
import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from redis.exceptions import RedisError

from common.rate_limit import RateLimit
from common.redis import redis_client
from streaming import redis_keys
from streaming.broadcast_services import end_overdue_broadcast, lose_encoder
from streaming.broadcast_states import BroadcastState
from streaming.errors import PublishRefused
from streaming.events import publish_state
from streaming.ingest.control import drop_publisher
from streaming.limits import EARLY_DONE_SECONDS, HEALTHY_SECONDS, KEY_TRIES_PER_MINUTE
from streaming.models import Broadcast, Channel, ChannelTier, IngestSession, SessionEnd, StreamKey
from streaming.notices import add_notice
from streaming.stream_keys import is_ingest_name, key_digest
from transcode import services as media

logger = logging.getLogger(__name__)

KEY_TRIES = RateLimit("stream-key", limit=KEY_TRIES_PER_MINUTE, seconds=60)
PRIORITY_OF_TIER = {ChannelTier.PARTNER: 0, ChannelTier.AFFILIATE: 3, ChannelTier.EVERYONE: 5}


def authorise_publish(*, key: str, client_id: str, address: str) -> str:
    """Let an encoder publish: the public id its broadcast goes by. Raises PublishRefused.

    Fails closed: without PostgreSQL or Redis their errors come out and nobody may publish.
    """
    channel = _channel_of_key(key=key, address=address)
    try:
        broadcast, replaced = _open_session(channel=channel, client_id=client_id, address=address)
    except PublishRefused as refusal:
        add_notice(channel_id=channel.pk, code=refusal.code, text=refusal.text)
        raise
    if replaced:
        # Before the answer: the ingest server accepts one publisher per name.
        drop_publisher(stream_id=broadcast.public_id)
    try:
        media.request_live(stream_id=broadcast.public_id, priority=PRIORITY_OF_TIER[ChannelTier(channel.tier)])
        overtaken = redis_client().delete(redis_keys.early_done(client_id))
    except Exception:
        finish_publish(client_id=client_id)  # the encoder is refused, so no hook will end this session
        raise
    if overtaken:
        finish_publish(client_id=client_id)
    return broadcast.public_id


def _channel_of_key(*, key: str, address: str) -> Channel:
    network = _network_of(address)
    if not KEY_TRIES.allows(network):
        raise PublishRefused("Too many wrong stream keys from this address.", code="throttled")
    if not is_ingest_name(key):
        raise PublishRefused("The stream key is malformed.", code="malformed_key")
    digest = key_digest(settings.STREAM_KEY_PEPPER, key)
    found = StreamKey.objects.select_related("channel__owner").filter(digest=digest).first()
    if found is None:
        raise PublishRefused("The stream key is unknown.", code="unknown_key")
    if found.revoked_at is not None:
        text = "An encoder used a stream key that you have replaced. Paste the new key into it."
        add_notice(channel_id=found.channel_id, code="replaced_key", text=text)
        raise PublishRefused("The stream key has been replaced.", code="replaced_key")
    KEY_TRIES.forgive(network)
    if not found.channel.owner.is_active:
        raise PublishRefused("The account is suspended.", code="suspended")
    return found.channel


def _network_of(address: str) -> str:
    """Whom wrong keys are counted for: an IPv4 address, or the /64 one IPv6 customer has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


def _open_session(*, channel: Channel, client_id: str, address: str) -> tuple[Broadcast, bool]:
    """Open or resume the broadcast for this connection; the second value says that it replaced a silent one."""
    now = timezone.now()
    with transaction.atomic():
        Channel.objects.select_for_update(of=("self",)).get(pk=channel.pk)  # one publish of a channel at a time
        _forget_reused_client(client_id, channel, now)
        broadcast = _resumable_broadcast(channel, now)
        current = broadcast.ingest_sessions.open().first() if broadcast else None
        if broadcast and current and current.client_id == client_id:
            return broadcast, False  # the same hook once more
        if current:
            _replace_if_silent(current, now)
        if broadcast is None:
            broadcast = Broadcast.objects.create(channel=channel, title=channel.title, category=channel.category)
        else:
            # Still "reconnecting" for the viewers until a segment is complete, but no deadline any more.
            Broadcast.objects.filter(pk=broadcast.pk).update(reconnect_deadline=None)
        IngestSession.objects.create(broadcast=broadcast, client_id=client_id, address=_valid_address(address))
        publish_state(channel_id=channel.pk)
    return broadcast, current is not None


def _forget_reused_client(client_id: str, channel: Channel, now: datetime) -> None:
    """nginx counts its clients from 1 again after a restart: an open session of that number is long gone."""
    elsewhere = IngestSession.objects.open().filter(client_id=client_id).exclude(broadcast__channel=channel)
    for session in elsewhere:
        if _end_session(session, SessionEnd.DONE, now):
            lose_encoder(broadcast_id=session.broadcast_id, now=now)


def _resumable_broadcast(channel: Channel, now: datetime) -> Broadcast | None:
    broadcast = channel.broadcasts.open().select_for_update(of=("self",)).first()
    if broadcast is not None and end_overdue_broadcast(broadcast=broadcast):
        return None
    return broadcast


def _replace_if_silent(current: IngestSession, now: datetime) -> None:
    if current.last_seen_at >= now - timedelta(seconds=HEALTHY_SECONDS):
        text = "A second encoder tried to go live with your key while the first one is connected. It was refused."
        raise PublishRefused(text, code="second_encoder")
    _end_session(current, SessionEnd.REPLACED, now)


def finish_publish(*, client_id: str) -> bool:
    """A publishing connection has closed. Anyone else's, a refused one's and a repeated close change nothing."""
    now = timezone.now()
    session = IngestSession.objects.open().filter(client_id=client_id).first()
    if session is None:
        _remember_early_done(client_id)
        return False
    with transaction.atomic():
        Broadcast.objects.select_for_update().get(pk=session.broadcast_id)
        if not _end_session(session, SessionEnd.DONE, now):
            return False
        lose_encoder(broadcast_id=session.broadcast_id, now=now)
    return True


def _remember_early_done(client_id: str) -> None:
    """A quick disconnect may overtake the publish hook that is still being answered."""
    if IngestSession.objects.filter(client_id=client_id).exists():
        return
    try:
        redis_client().set(redis_keys.early_done(client_id), 1, ex=EARLY_DONE_SECONDS)
    except (RedisError, OSError) as error:
        logger.warning("Early end of a publisher not kept: %s", type(error).__name__)


def lose_session(*, session: IngestSession, now: datetime) -> bool:
    """No sign of life for too long: treat the connection as gone. It may still speak again (hear_from_publisher)."""
    with transaction.atomic():
        Broadcast.objects.select_for_update().get(pk=session.broadcast_id)
        silent = IngestSession.objects.filter(pk=session.pk, ended_at=None, last_seen_at=session.last_seen_at)
        if not silent.update(ended_at=now, end_cause=SessionEnd.LOST):  # it spoke, or ended, a moment ago
            return False
        lose_encoder(broadcast_id=session.broadcast_id, now=now)
    return True


def hear_from_publisher(*, client_id: str) -> bool:
    """A publisher is still connected. False: it has no business any more and should be disconnected."""
    now = timezone.now()
    heard = IngestSession.objects.open().filter(client_id=client_id, broadcast__channel__owner__is_active=True)
    if heard.update(last_seen_at=now):
        return True
    latest = IngestSession.objects.filter(client_id=client_id).order_by("-started_at").first()
    return latest is not None and latest.end_cause == SessionEnd.LOST and _revive(latest, now)


def _revive(session: IngestSession, now: datetime) -> bool:
    """It was never gone, we only did not hear of it (an outage of ours): carry on as if nothing had been."""
    try:
        with transaction.atomic():
            broadcast = Broadcast.objects.select_for_update().get(pk=session.broadcast_id)
            waiting = Broadcast.objects.filter(
                pk=broadcast.pk, state=BroadcastState.RECONNECTING, channel__owner__is_active=True
            )
            state = BroadcastState.LIVE if broadcast.started_at else BroadcastState.RECONNECTING
            if not waiting.update(state=state, reconnect_deadline=None):
                return False
            lost = IngestSession.objects.filter(pk=session.pk, end_cause=SessionEnd.LOST)
            revived = lost.update(ended_at=None, end_cause="", last_seen_at=now)
            publish_state(channel_id=broadcast.channel_id)
            return bool(revived)
    except IntegrityError:  # another encoder has taken its place
        return False


def may_pull(*, name: str, address: str) -> bool:
    """Someone wants to play from the ingest server: only our own pullers may, and they come from this machine.

    The held publish answer is not released here but by the puller itself: nginx asks before it joins the player, and
    an encoder that is answered in between sends its first key frame to nobody.
    """
    try:
        local = ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
    return local and is_ingest_name(name) and Broadcast.objects.open().filter(public_id=name).exists()


def _end_session(session: IngestSession, cause: SessionEnd, now: datetime) -> bool:
    """Conditional: whoever ends it first decides why."""
    return bool(IngestSession.objects.filter(pk=session.pk, ended_at=None).update(ended_at=now, end_cause=cause))


def _valid_address(address: str) -> str | None:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None
