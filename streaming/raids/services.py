"""Sending an audience to another channel. A raid is a row that a tick moves (`advance_raids`): it survives restarts."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.notifications import Kind, notify_user
from common.errors import Conflict, InvalidInput, NotAllowed, NotThere, TooMany
from common.rate_limit import RateLimit
from streaming.events import publish_notice, publish_state
from streaming.limits import RAID_SECONDS_MAX, RAID_SECONDS_MIN, RAIDS_PER_HOUR
from streaming.lookup import get_channel
from streaming.models import AudienceSettings, Channel, Follow, Raid
from streaming.raid_states import RaidState, states_before
from streaming.raids.arrivals import count_arrived
from streaming.raids.guards import ask_guards
from streaming.raids.rules import Door, Raider, RaidsFrom, refuse_raid
from streaming.signals import raid_arrived, raid_cancelled, raid_started

logger = logging.getLogger(__name__)
_begun = RateLimit("raids", limit=RAIDS_PER_HOUR, seconds=3600)


def start_raid(*, source: Channel, actor: User, login: str, seconds: int | None = None) -> Raid:
    """Begin the count-down. Raises a DomainError that says why not."""
    _check_owner(source, actor)
    wait = settings.RAID_SECONDS if seconds is None else seconds
    if not RAID_SECONDS_MIN <= wait <= RAID_SECONDS_MAX:
        raise InvalidInput(f"A raid counts down {RAID_SECONDS_MIN} to {RAID_SECONDS_MAX} seconds.")
    target = _target(login)
    if target.pk == source.pk:
        raise InvalidInput("You cannot raid yourself.", code="self")
    if not source.broadcasts.on_air().exists():
        raise Conflict("Go live first: a raid sends those who watch you.", code="offline")
    _check_door(source, target)
    if not _begun.allows(str(source.pk)):
        raise TooMany("You have begun many raids in the last hour. Wait a while, then try again.")
    return _insert(source, target, actor, wait)


def cancel_raid(*, source: Channel, actor: User) -> Raid:
    """Call it off while it counts down."""
    _check_owner(source, actor)
    raid = Raid.objects.counting().for_pages().filter(source=source).first()
    if raid is None or not _cancel(raid, "The streamer cancelled it."):
        raise NotThere("There is no raid to cancel.", code="no_raid")
    return raid


def hurry_raid(*, source: Channel, actor: User) -> Raid:
    """Send the viewers now instead of when the count-down is over."""
    _check_owner(source, actor)
    raid = Raid.objects.counting().for_pages().filter(source=source).first()
    if raid is None or not _send(raid, timezone.now()):
        raise NotThere("There is no raid that waits.", code="no_raid")
    return raid


def advance_raids(now: datetime) -> None:
    """One tick: call off, send, announce. Each looks at the present state only, so that missed ticks do no harm."""
    for raid in Raid.objects.counting().without_target().for_pages():
        _cancel(raid, f"{raid.target.owner} is not live any more.")
    for raid in Raid.objects.due(now).for_pages():
        _send(raid, now)
    for raid in Raid.objects.landed(now).for_pages():
        try:
            _arrive(raid)
        except Exception:  # chat may be away in any way; the next tick tries again
            logger.exception("Raid %s cannot be announced yet", raid.pk)


def raid_refusal(*, source: Channel, target: Channel) -> str | None:
    """Why `target` cannot be raided from `source`; None: it can."""
    chosen = AudienceSettings.objects.filter(channel=target).first() or AudienceSettings(channel=target)
    helps, guarded = ask_guards(source, target)
    raider = Raider(
        followed=Follow.objects.filter(user_id=target.owner_id, channel=source).exists(),
        helps=helps,
        account_days=(timezone.now() - source.owner.created_at).days,
        followers=source.follower_count,
        guarded=guarded,
    )
    live = target.owner.is_active and target.broadcasts.on_air().exists()
    door = Door(live, RaidsFrom(chosen.raids_from), chosen.raid_min_account_days, chosen.raid_min_followers)
    return refuse_raid(str(target.owner), raider, door)


def _target(login: str) -> Channel:
    name = login.strip().removeprefix("@")
    try:
        return get_channel(name)
    except NotThere:
        raise NotThere(f"There is no channel called {name[:25]}.", code="no_such_user") from None


def _check_owner(source: Channel, actor: User) -> None:
    if source.owner_id != actor.pk:
        raise NotAllowed("Only the broadcaster can send the viewers on a raid.")


def _check_door(source: Channel, target: Channel) -> None:
    reason = raid_refusal(source=source, target=target)
    if reason:
        raise Conflict(reason, code="raid_refused")


def _insert(source: Channel, target: Channel, actor: User, wait: int) -> Raid:
    ends_at = timezone.now() + timedelta(seconds=wait)
    try:
        with transaction.atomic():
            raid = Raid.objects.create(
                source=source, target=target, started_by=actor, ends_at=ends_at, viewers=source.viewer_count
            )
            publish_state(channel_id=source.pk)
            _tell_on_commit(raid_started, raid)
    except IntegrityError:  # the constraint: one at a time
        raise Conflict("A raid is under way already. Cancel it first.", code="raid_running") from None
    return raid


def _cancel(raid: Raid, reason: str) -> bool:
    """False when it had left already, or was cancelled before."""
    with transaction.atomic():
        endable = Raid.objects.filter(pk=raid.pk, state__in=states_before(RaidState.CANCELLED))
        if not endable.update(state=RaidState.CANCELLED, closed_at=timezone.now(), reason=reason[:200]):
            return False
        publish_state(channel_id=raid.source_id)
        publish_notice(channel_id=raid.source_id, code="raid_cancelled", text=f"The raid is cancelled. {reason}")
        _tell_on_commit(raid_cancelled, raid)
    return True


def _send(raid: Raid, now: datetime) -> bool:
    """Send the viewers, unless the door was shut in the meantime."""
    reason = raid_refusal(source=raid.source, target=raid.target)
    if reason is None and not raid.source.owner.is_active:
        reason = "The account was suspended."
    if reason:
        _cancel(raid, reason)
        return False
    with transaction.atomic():
        viewers = Channel.objects.values_list("viewer_count", flat=True).get(pk=raid.source_id)
        # A source that went off in mid count-down has no viewers by now; those it had are waiting for this.
        waiting = Raid.objects.filter(pk=raid.pk, state__in=states_before(RaidState.MOVING))
        moved = waiting.update(state=RaidState.MOVING, moved_at=now, viewers=max(viewers, raid.viewers))
        if moved:  # 0 rows: cancelled in the same moment, or another worker was first
            publish_state(channel_id=raid.source_id)
    return bool(moved)


def _arrive(raid: Raid) -> None:
    """Count who came and announce them; both happen, or the next tick does both."""
    arrived = count_arrived(raid_id=raid.pk, target_id=raid.target_id)
    with transaction.atomic():
        moving = Raid.objects.filter(pk=raid.pk, state__in=states_before(RaidState.ARRIVED))
        if not moving.update(state=RaidState.ARRIVED, closed_at=timezone.now(), arrived=arrived):
            return  # another worker was first
        publish_state(channel_id=raid.source_id)
        text = f"{raid.source.owner} raids you with {arrived:,} viewer{'' if arrived == 1 else 's'}."
        publish_notice(channel_id=raid.target_id, code="raid", text=text)
        notify_user(
            user_id=raid.target.owner_id,
            kind=Kind.RAID,
            text=text,
            path=raid.source.get_absolute_url(),
            once_key=f"raid:{raid.pk}",
        )
        raid_arrived.send(sender=Raid, raid_id=raid.pk)


def _tell_on_commit(signal: Any, raid: Raid) -> None:
    def tell() -> None:
        for receiver, outcome in signal.send_robust(sender=Raid, raid_id=raid.pk):
            if isinstance(outcome, Exception):
                logger.error("%r failed for raid %s", receiver, raid.pk, exc_info=outcome)

    transaction.on_commit(tell)
