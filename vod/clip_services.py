"""Everything that changes a clip: asking for one, making it, deleting it."""

import logging
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from accounts.notifications import Kind, notify_of_person
from common.errors import Conflict, InvalidInput, NotAllowed, NotThere, TooMany
from common.lines import check_line
from common.one_at_a_time import only_one_here
from common.rate_limit import RateLimit
from streaming.broadcast_states import BroadcastState
from streaming.lookup import is_public_id
from streaming.models import Broadcast, Channel
from streaming.moderators import moderates
from streaming.subscriptions import is_subscriber
from transcode import services as media
from transcode.errors import ClipFailed, NotRecorded
from vod import limits
from vod.clip_states import ClipState
from vod.errors import ForSubscribers
from vod.models import Clip, ClipQuerySet, Visibility, Vod
from vod.search_entries import index_clips

log = logging.getLogger(__name__)

PER_MINUTE = RateLimit("clips-minute", limit=limits.CLIPS_PER_MINUTE, seconds=60)
PER_HOUR = RateLimit("clips-hour", limit=limits.CLIPS_PER_HOUR, seconds=3600)
OF_CHANNEL = RateLimit("clips-channel", limit=limits.CLIPS_PER_CHANNEL_MINUTE, seconds=60)
BUSY = "Many clips are being made at the moment. Try again in a minute."
NOT_MADE = "It could not be made. Try another one."


# --- Asking for one


def create_clip(
    *,
    clipper: User,
    channel: Channel,
    vod: Vod | None = None,
    title: str = "",
    starts_at: datetime | None = None,
    offset: float | None = None,
    duration: float = limits.CLIP_SECONDS,
) -> Clip:
    """A clip of what is on air, or of a recording: from a moment of the broadcast's clock, from `offset` seconds of the
    recording on, or (live) the newest. It is made in the background."""
    if not limits.CLIP_SECONDS_MIN <= duration <= limits.CLIP_SECONDS_MAX:
        least, most = limits.CLIP_SECONDS_MIN, limits.CLIP_SECONDS_MAX
        raise InvalidInput(f"A clip is {least:g} to {most:g} seconds long.", code="bad_duration")
    title = check_line(title, most=limits.CLIP_TITLE_MAX, name="title")
    _check_limits(clipper, channel)
    broadcast = vod.broadcast if vod is not None else _broadcast_to_clip(channel)
    begin, length = _span(broadcast, vod, starts_at, offset, duration)
    clip = Clip.objects.create(
        channel=channel,
        broadcast=broadcast,
        clipper=clipper,
        title=title or (vod.title if vod is not None else broadcast.title),
        starts_at=datetime.fromtimestamp(begin, UTC),
        duration_seconds=length,
        visibility=vod.visibility if vod is not None else Visibility.PUBLIC,
    )
    transaction.on_commit(_send_worker)
    return clip


def _check_limits(clipper: User, channel: Channel) -> None:
    for limit in (PER_MINUTE, PER_HOUR):
        if not limit.allows(str(clipper.pk)):
            wait = limit.wait_seconds(str(clipper.pk))
            raise TooMany("You make clips faster than they can be watched. Wait a minute.", retry_seconds=wait)
    if not OF_CHANNEL.allows(str(channel.pk)):
        raise TooMany(BUSY, code="busy", retry_seconds=OF_CHANNEL.wait_seconds(str(channel.pk)))
    if Clip.objects.unmade()[: limits.CLIPS_WAITING_MAX].count() >= limits.CLIPS_WAITING_MAX:
        raise TooMany(BUSY, code="busy", retry_seconds=limits.CLIPS_BUSY_SECONDS)


def _broadcast_to_clip(channel: Channel) -> Broadcast:
    """What is on air, or was a moment ago: its viewer still sees it."""
    lately = timezone.now() - timedelta(seconds=limits.CLIP_AFTER_END_SECONDS)
    broadcasts = channel.broadcasts.select_related("vod").filter(started_at__isnull=False)
    broadcast = broadcasts.filter(Q(ended_at=None) | Q(ended_at__gte=lately)).order_by("-created_at").first()
    if broadcast is None:
        raise Conflict("The channel is not on air. Make clips of its recordings.", code="offline")
    if broadcast.state == BroadcastState.ENDED and hasattr(broadcast, "vod") and not broadcast.recording_path:
        raise Conflict("The broadcast has ended and cannot be clipped any more.", code="ended")
    return broadcast


def _span(
    broadcast: Broadcast, vod: Vod | None, starts_at: datetime | None, offset: float | None, duration: float
) -> tuple[float, float]:
    """Where the clip begins (Unix time) and how long it is."""
    stream_id = broadcast.public_id
    try:
        if starts_at is not None:
            wanted = starts_at.timestamp()
        elif offset is not None:
            wanted = media.time_at(stream_id=stream_id, offset=offset)
        elif vod is None:
            return _long_enough(media.latest_span(stream_id=stream_id, duration=duration))
        else:
            raise InvalidInput("Say where in the recording the clip begins: offset_seconds.", code="no_place")
        begin, length = media.recorded_span(stream_id=stream_id, starts_at=wanted, duration=duration)
    except NotRecorded:
        raise InvalidInput("Nothing of this time is recorded.", code="no_such_range") from None
    ahead = limits.CLIP_AHEAD_SECONDS if vod is None else limits.CLIP_PAST_SECONDS
    if duration - length > ahead:
        raise InvalidInput("The clip would end after what is recorded. Begin earlier.", code="no_such_range")
    # What is on its way to storage is waited for; of a recording there is no more.
    return _long_enough((begin, duration if vod is None else length))


def _long_enough(span: tuple[float, float]) -> tuple[float, float]:
    if span[1] < limits.CLIP_SECONDS_MIN - limits.CLIP_PAST_SECONDS:
        least = limits.CLIP_SECONDS_MIN
        raise Conflict(f"The broadcast is too young: a clip needs {least:g} seconds of it.", code="too_young")
    return span


def _send_worker() -> None:
    try:
        current_app.send_task("vod.make_clips", retry=False)
    except (OperationalError, OSError):
        log.info("a clip waits for the schedule: the broker does not answer")


# --- Making them


def make_clips() -> None:
    """Make every clip that waits. Safe to repeat and to kill: what was begun is begun again."""
    while _free(_soon()).exists():
        with only_one_here(settings.DATA_DIR / "clips.lock") as alone:
            if not alone:
                return  # who is at it looks again after letting go
            while (clip := _claim()) is not None:
                _make(clip)
            if _free(_soon()).exists():
                time.sleep(limits.CLIP_LOOK_SECONDS)


def _free(at: datetime) -> ClipQuerySet:
    """Clips that nobody makes at this time."""
    return Clip.objects.unmade().filter(Q(claimed_until=None) | Q(claimed_until__lt=at))


def _soon() -> datetime:
    """By then what was put back is free."""
    return timezone.now() + timedelta(seconds=2 * limits.CLIP_LOOK_SECONDS)


def _claim() -> Clip | None:
    """The next clip, for us alone."""
    while True:
        now = timezone.now()
        clip: Clip | None = _free(now).select_related("broadcast").first()
        if clip is None:
            return None
        until = now + timedelta(seconds=limits.CLIP_CLAIM_SECONDS)
        # 0 rows: a worker on another machine was first.
        if _free(now).filter(pk=clip.pk).update(claimed_until=until, tries=F("tries") + 1, has_files=True):
            clip.refresh_from_db(fields=["tries"])
            return clip


def _make(clip: Clip) -> None:
    if clip.broadcast is None or clip.tries > limits.CLIP_TRIES:
        _finish(clip, state=ClipState.FAILED, problem=NOT_MADE)
        return
    is_late = timezone.now() - clip.created_at > timedelta(seconds=limits.CLIP_WAIT_SECONDS)
    try:
        made = media.cut_clip(
            clip_id=clip.public_id,
            stream_id=clip.broadcast.public_id,
            starts_at=clip.starts_at.timestamp(),
            duration=clip.duration_seconds,
            whole=not is_late,  # what has not come to storage by then is done without
        )
    except (NotRecorded, FileNotFoundError):
        if is_late:
            _finish(clip, state=ClipState.FAILED, problem="Its part of the broadcast was not recorded.")
        else:
            _put_back(clip)
    except ClipFailed as failure:
        _finish(clip, state=ClipState.FAILED, problem=str(failure))
    except Exception:
        # Storage or database are away, or it is our mistake: tried again when the claim has run out.
        log.exception("clip %s was not made, try %d", clip.public_id, clip.tries)
    else:
        is_ready = _finish(
            clip,
            state=ClipState.READY,
            starts_at=datetime.fromtimestamp(made.starts_at, UTC),
            duration_seconds=made.duration,
            joins=made.joins,
            width=made.width,
            height=made.height,
            size=made.size,
        )
        if is_ready:
            _tell_streamer(clip)


def _tell_streamer(clip: Clip) -> None:
    """Of clips by others; of many as one."""
    if clip.clipper is not None and clip.clipper_id != clip.channel.owner_id:
        notify_of_person(
            user_id=clip.channel.owner_id,
            kind=Kind.CLIP,
            name=str(clip.clipper),
            did="clipped your channel",
            path=clip.get_absolute_url(),
            collapse_key=f"clips:{clip.channel_id}",
        )


def _put_back(clip: Clip) -> None:
    """Some of it is on its way to storage: others' clips go first meanwhile."""
    again = timezone.now() + timedelta(seconds=limits.CLIP_LOOK_SECONDS)
    Clip.objects.filter(pk=clip.pk).update(claimed_until=again, tries=F("tries") - 1)


def _finish(clip: Clip, **changes: Any) -> bool:
    """False when it was deleted meanwhile: only the claim is given up, and its files are dropped."""
    Clip.objects.filter(pk=clip.pk).update(claimed_until=None)
    finished = Clip.objects.unmade().filter(pk=clip.pk).update(**changes)
    index_clips(pks=[clip.pk])
    return bool(finished)


# --- Seeing and deleting


def clip_for_viewer(*, public_id: str, viewer: Any) -> Clip:
    """The clip, if this viewer may see it: one of a private recording is its channel's, one of a recording for
    subscribers is theirs."""
    clip = _kept_clip(public_id)
    if clip is None or (clip.visibility == Visibility.PRIVATE and clip.channel.owner_id != getattr(viewer, "pk", None)):
        raise NotThere("There is no such clip.")
    if clip.visibility == Visibility.SUBSCRIBERS and not is_subscriber(user=viewer, channel=clip.channel):
        raise ForSubscribers(f"This clip is for subscribers of {clip.channel.owner}.")
    return clip


def clip_to_delete(*, public_id: str, user: User) -> Clip:
    """The clip, if this user may delete it."""
    clip = _kept_clip(public_id)
    if clip is not None and may_delete(clip, user):
        return clip
    clip_for_viewer(public_id=public_id, viewer=user)
    raise NotAllowed("Only who made a clip, the channel and its moderators can delete it.")


def may_delete(clip: Clip, user: Any) -> bool:
    """Its clipper, the broadcaster, his moderators, staff."""
    return user.is_authenticated and (clip.clipper_id == user.pk or moderates(user, clip.channel))


def delete_clip(*, clip: Clip) -> None:
    """For everyone and for good. Safe to repeat."""
    Clip.objects.kept().filter(pk=clip.pk).update(deleted_at=timezone.now())
    index_clips(pks=[clip.pk])
    transaction.on_commit(partial(_drop_files, clip.pk))


def drop_deleted_files() -> None:
    """Delete from storage what could not be deleted at once."""
    left = Clip.objects.filter(has_files=True, deleted_at__isnull=False)
    for pk in list(left.values_list("pk", flat=True)[: limits.CLIPS_DROPPED_AT_ONCE]):
        _drop_files(pk)


def _drop_files(pk: int) -> None:
    """Not while a worker may be writing them; then it is done later."""
    idle = Q(claimed_until=None) | Q(claimed_until__lt=timezone.now())
    clip = Clip.objects.filter(idle, pk=pk, has_files=True, deleted_at__isnull=False).first()
    if clip is None:
        return
    try:
        media.drop_clip(clip_id=clip.public_id)
    except Exception:  # storage may be down in any way; the schedule comes back to it
        log.exception("the files of the deleted clip %s are still there", clip.public_id)
        return
    Clip.objects.filter(pk=pk).update(has_files=False)


def follow_recording(*, vod: Vod) -> None:
    """Who may see the recording may see its clips."""
    clips = Clip.objects.filter(broadcast_id=vod.broadcast_id).exclude(visibility=vod.visibility)
    pks = list(clips.values_list("pk", flat=True))
    clips.update(visibility=vod.visibility)
    index_clips(pks=pks)


def count_view(*, clip: Clip) -> None:
    """Someone opened it."""
    Clip.objects.filter(pk=clip.pk).update(view_count=F("view_count") + 1)


def _kept_clip(public_id: str) -> Clip | None:
    found = Clip.objects.for_pages().filter(public_id=public_id, channel__owner__is_active=True)
    return found.first() if is_public_id(public_id) else None
