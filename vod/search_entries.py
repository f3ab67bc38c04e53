"""Tells the search which recordings and clips anyone may find. Safe to repeat: the rows say what is public."""

from collections.abc import Collection

from django.db.models import Max

from streaming.discovery.search_index import Found, index_found
from streaming.discovery_models import EntryKind, SearchEntry
from vod.clip_states import ClipState
from vod.limits import INDEXED_AT_ONCE
from vod.models import Clip, Visibility, Vod


def index_vods(*, pks: Collection[int]) -> None:
    """These recordings are new, or changed, or gone."""
    public = Vod.objects.for_pages().filter(pk__in=pks, visibility=Visibility.PUBLIC)
    index_found(kind=EntryKind.VIDEO, refs=pks, found=[_found_vod(vod) for vod in public])


def index_clips(*, pks: Collection[int]) -> None:
    """These clips are new, or changed, or gone."""
    clips = Clip.objects.kept().select_related("channel__owner", "broadcast__category")
    public = clips.filter(pk__in=pks, visibility=Visibility.PUBLIC, state=ClipState.READY)
    index_found(kind=EntryKind.CLIP, refs=pks, found=[_found_clip(clip) for clip in public])


def index_everything() -> None:
    """All there are: makes good what was missed, and writes down how often they were watched."""
    for kind, rows, index in (
        (EntryKind.VIDEO, Vod.objects.all(), index_vods),
        (EntryKind.CLIP, Clip.objects.all(), index_clips),
    ):
        entries = SearchEntry.objects.filter(kind=kind)
        last = max(rows.aggregate(last=Max("pk"))["last"] or 0, entries.aggregate(last=Max("ref"))["last"] or 0)
        for begin in range(1, last + 1, INDEXED_AT_ONCE):
            index(pks=range(begin, begin + INDEXED_AT_ONCE))


def _found_vod(vod: Vod) -> Found:
    category = vod.broadcast.category
    return Found(
        ref=vod.pk,
        channel_id=vod.channel_id,
        category_id=vod.broadcast.category_id,
        title=vod.title,
        more=f"{vod.channel.owner} {category or ''}",
        path=vod.get_absolute_url(),
        picture=vod.preview_path,
        duration_seconds=vod.duration_seconds,
        views=vod.view_count,
        created_at=vod.created_at,
    )


def _found_clip(clip: Clip) -> Found:
    category = clip.broadcast.category if clip.broadcast else None
    return Found(
        ref=clip.pk,
        channel_id=clip.channel_id,
        category_id=category.pk if category else None,
        title=clip.title,
        more=f"{clip.channel.owner} {category or ''}",
        path=clip.get_absolute_url(),
        picture=clip.public_id,
        duration_seconds=clip.duration_seconds,
        views=clip.view_count,
        created_at=clip.created_at,
    )
