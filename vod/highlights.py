"""Highlights: cuts of recordings that are recordings of their own, for their owner alone at first."""

from datetime import timedelta
from functools import partial

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from common.errors import InvalidInput, TooMany
from common.lines import check_line
from streaming.broadcast_states import BroadcastState
from streaming.limits import TITLE_MAX
from streaming.models import Broadcast
from transcode import services as media
from vod.chapters import Chapter
from vod.limits import HIGHLIGHT_LOCK_SECONDS, HIGHLIGHT_MIN_SECONDS, HIGHLIGHTS_WAITING_MAX
from vod.models import Kind, Visibility, Vod
from vod.quotas import check_room
from vod.waiting import tell_highlight_is_there


def ask_for_highlight(*, vod: Vod, begin: float, end: float, title: str = "") -> Vod:
    """Have a cut made; it is in the owner's list at once and plays when its media are copied."""
    if not 0 <= begin < end <= vod.duration_seconds + 1:
        raise InvalidInput("Say from when to when, within the recording.")
    if end - begin < HIGHLIGHT_MIN_SECONDS:
        raise InvalidInput(f"A highlight lasts at least {HIGHLIGHT_MIN_SECONDS} seconds.")
    name = check_line(title, most=TITLE_MAX, name="title") or vod.title
    if Vod.objects.unmade_highlights().filter(channel=vod.channel).count() >= HIGHLIGHTS_WAITING_MAX:
        raise TooMany("Other highlights are still being made. Wait until they are there.")
    share = (end - begin) / max(vod.duration_seconds, 1.0)
    check_room(channel=vod.channel, size=round(share * media.stored_bytes(stream_id=vod.broadcast.public_id)))
    with transaction.atomic():
        highlight = Vod.objects.create(
            broadcast=_broadcast_of(vod),
            channel=vod.channel,
            title=name,
            kind=Kind.HIGHLIGHT,
            cut_from=vod,
            cut_begin=begin,
            cut_end=end,
            visibility=Visibility.PRIVATE,
            preview_path=vod.preview_path,
        )
        transaction.on_commit(partial(_send, highlight.public_id))
    return highlight


def _broadcast_of(vod: Vod) -> Broadcast:
    """Media and chat belong to a broadcast, so a highlight has one: never on air, older than the one it is cut from,
    and thus never the channel's last."""
    source = vod.broadcast
    made = Broadcast.objects.create(
        channel_id=vod.channel_id, title=source.title, category=source.category, state=BroadcastState.ENDED
    )
    Broadcast.objects.filter(pk=made.pk).update(created_at=source.created_at - timedelta(milliseconds=1))
    return made


def _send(public_id: str) -> None:
    from vod.tasks import make_highlight

    make_highlight.delay(public_id)


def make_highlight(*, public_id: str) -> None:
    """Copy its media and have its playlists written. Does nothing while another worker does it; safe to repeat. What
    it is cut from is brought back from cold storage first: then this is called again."""
    highlight = Vod.objects.unmade_highlights().select_related("broadcast", "channel", "cut_from__broadcast")
    vod = highlight.filter(public_id=public_id).first()
    if vod is None or vod.cut_from is None:
        return
    source, into = vod.cut_from, vod.broadcast.public_id
    if media.cold_state(stream_id=source.broadcast.public_id):
        media.request_restore(stream_id=source.broadcast.public_id)
        return
    if not cache.add(f"highlight:{public_id}", 1, timeout=HIGHLIGHT_LOCK_SECONDS):
        return
    try:
        cut = media.cut_range(stream_id=source.broadcast.public_id, into=into, begin=vod.cut_begin, end=vod.cut_end)
        recording = media.write_recording(stream_id=into)
        with transaction.atomic():
            Broadcast.objects.filter(pk=vod.broadcast_id).update(started_at=cut.starts_at, ended_at=cut.ends_at)
            Vod.objects.filter(pk=vod.pk).update(
                duration_seconds=recording.duration_seconds,
                renditions=recording.renditions,
                chapters=[one.to_json() for one in _chapters(source.chapter_list, vod.cut_begin, vod.cut_end)],
            )
            tell_highlight_is_there(highlight=vod)
    finally:
        cache.delete(f"highlight:{public_id}")


def make_highlights_of(*, vod: Vod) -> None:
    """Those that waited for their recording to come back."""
    waiting = Vod.objects.unmade_highlights().filter(cut_from=vod).order_by("created_at")
    for public_id in list(waiting.values_list("public_id", flat=True)[:HIGHLIGHTS_WAITING_MAX]):
        _send(public_id)


def make_waiting_highlights() -> int:
    """Those whose task was lost; returns how many were sent again."""
    since = timezone.now() - timedelta(seconds=HIGHLIGHT_LOCK_SECONDS)
    waiting = Vod.objects.unmade_highlights().filter(created_at__lt=since, cut_from__isnull=False)
    ids = list(waiting.order_by("created_at").values_list("public_id", flat=True)[:HIGHLIGHTS_WAITING_MAX])
    for public_id in ids:
        _send(public_id)
    return len(ids)


def _chapters(chapters: list[Chapter], begin: float, end: float) -> list[Chapter]:
    """Those that lie in the cut, and the one it begins in."""
    last_before = [one for one in chapters if one.seconds <= begin][-1:]
    inside = [one for one in chapters if begin < one.seconds < end]
    kept = [
        Chapter(round(max(one.seconds - begin, 0.0), 3), one.title, one.category) for one in [*last_before, *inside]
    ]
    return kept if len(kept) > 1 else []
