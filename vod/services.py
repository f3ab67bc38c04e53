"""Everything that changes a recording."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from common.errors import InvalidInput, NotThere
from common.lines import check_line, check_text
from streaming.broadcast_states import BroadcastState
from streaming.limits import TITLE_MAX
from streaming.lookup import is_public_id
from streaming.models import Broadcast
from streaming.services import note_recording
from streaming.subscriptions import is_subscriber
from transcode import services as media
from transcode.models import LiveJob
from transcode.services import Recording
from vod.chapters import Chapter, Note, chapters_of, check_chapters
from vod.clip_services import follow_recording
from vod.downloads import remove_download
from vod.errors import ForSubscribers
from vod.limits import BULK_MAX, DESCRIPTION_MAX, FORGOTTEN_AFTER_SECONDS, SHORTEST_SECONDS, SIGNAL_SECONDS
from vod.models import Visibility, Vod
from vod.search_entries import index_vods


def create_vod(*, stream_id: str) -> Vod | None:
    """Make the recording of an ended broadcast. Safe to repeat; None when there is nothing to see."""
    broadcast = Broadcast.objects.filter(public_id=stream_id, state=BroadcastState.ENDED).first()
    if broadcast is None or broadcast.started_at is None:
        return None
    if Vod.objects.filter(broadcast=broadcast, deleted_at__isnull=False).exists():
        return None  # its owner does not want it
    recording = media.write_recording(stream_id=stream_id)
    if recording.duration_seconds < SHORTEST_SECONDS:
        return None
    with transaction.atomic():
        vod, _ = Vod.objects.update_or_create(
            broadcast=broadcast,
            defaults={
                "duration_seconds": recording.duration_seconds,
                "renditions": recording.renditions,
                "preview_path": broadcast.preview_path,
            },
            create_defaults={
                "channel_id": broadcast.channel_id,
                "title": broadcast.title,
                "duration_seconds": recording.duration_seconds,
                "renditions": recording.renditions,
                "preview_path": broadcast.preview_path,
                "chapters": [chapter.to_json() for chapter in _chapters(broadcast, recording.duration_seconds)],
            },
        )
        follow_recording(vod=vod)
        _tell_streaming(vod)
    return vod


def _chapters(broadcast: Broadcast, duration: float) -> list[Chapter]:
    noted = list(broadcast.notes.all())
    if not noted:
        return []
    clock = media.read_clock(stream_id=broadcast.public_id)
    notes = [Note(clock.seconds_at(note.at.timestamp()), note.kind, note.text) for note in noted]
    category = broadcast.category.name if broadcast.category else ""
    return chapters_of(notes, title=broadcast.title, category=category, duration=duration)


def create_uploaded_vod(*, broadcast: Broadcast, visibility: str, recording: Recording) -> Vod:
    """The recording that was made of an uploaded file."""
    vod = Vod.objects.create(
        broadcast=broadcast,
        channel_id=broadcast.channel_id,
        title=broadcast.title,
        visibility=visibility,
        duration_seconds=recording.duration_seconds,
        renditions=recording.renditions,
        preview_path=broadcast.preview_path,
    )
    _tell_streaming(vod)
    return vod


def create_missing_vods() -> int:
    """Make the recordings whose signal was lost; returns how many."""
    finished = LiveJob.objects.filter(finished_at__isnull=False).values("stream_id")
    now = timezone.now()
    missing = Broadcast.objects.filter(
        vod=None,
        started_at__isnull=False,
        # Old enough for its signal to have been heard, young enough that nobody deleted the recording.
        ended_at__range=(now - timedelta(seconds=FORGOTTEN_AFTER_SECONDS), now - timedelta(seconds=SIGNAL_SECONDS)),
        public_id__in=finished,
    )
    made = [create_vod(stream_id=stream_id) for stream_id in missing.values_list("public_id", flat=True)]
    return sum(vod is not None for vod in made)


def update_vod(*, vod: Vod, **changes: Any) -> Vod:
    """Change title, description, visibility, chapters, or whether viewers may download it."""
    unknown = changes.keys() - _CHECKS.keys()
    if unknown:
        raise InvalidInput(f"Not a field of a recording: {', '.join(sorted(unknown))}.")
    before = vod.visibility
    for name, value in changes.items():
        setattr(vod, name, _CHECKS[name](vod, value))
    with transaction.atomic():
        vod.save(update_fields=list(changes))
        follow_recording(vod=vod)
        _tell_streaming(vod)
        if _WATCHED_BY[Visibility(vod.visibility)] < _WATCHED_BY[Visibility(before)]:
            transaction.on_commit(partial(media.revoke_access, stream_id=vod.broadcast.public_id), robust=True)
    return vod


def _check_title(vod: Vod, value: Any) -> str:
    return check_line(value, most=TITLE_MAX, name="title")


def _check_description(vod: Vod, value: Any) -> str:
    return check_text(value, most=DESCRIPTION_MAX, name="description")


def _check_visibility(vod: Vod, value: Any) -> str:
    if value not in Visibility.values:
        raise InvalidInput("The visibility is public, unlisted, subscribers or private.")
    return str(value)


def _check_downloads_allowed(vod: Vod, value: Any) -> bool:
    return bool(value)


def _check_chapters(vod: Vod, value: Sequence[Chapter]) -> list[dict[str, Any]]:
    chapters = check_chapters(value, duration=vod.duration_seconds, before=vod.chapter_list)
    return [chapter.to_json() for chapter in chapters]


_CHECKS = {
    "title": _check_title,
    "description": _check_description,
    "visibility": _check_visibility,
    "chapters": _check_chapters,
    "downloads_allowed": _check_downloads_allowed,
}


# A smaller circle: who was let in before is to be let in anew.
_WATCHED_BY = {Visibility.PRIVATE: 0, Visibility.SUBSCRIBERS: 1, Visibility.UNLISTED: 2, Visibility.PUBLIC: 2}


def update_vods(*, owner: User, public_ids: Collection[str], visibility: str) -> int:
    """Change the visibility of several; returns of how many. What is not the owner's own is passed over."""
    vods = _own_vods(owner, public_ids)
    with transaction.atomic():
        for vod in vods:
            update_vod(vod=vod, visibility=visibility)
    return len(vods)


def delete_vods(*, owner: User, public_ids: Collection[str]) -> int:
    """Delete several; returns how many."""
    vods = _own_vods(owner, public_ids)
    with transaction.atomic():
        for vod in vods:
            delete_vod(vod=vod)
    return len(vods)


def restore_vods(*, owner: User, public_ids: Collection[str]) -> int:
    """Bring several back; returns how many."""
    _check_bulk(public_ids)
    lately = Vod.objects.deleted_lately().filter(channel__owner=owner, public_id__in=_possible(public_ids))
    return lately.update(deleted_at=None)


def _own_vods(owner: User, public_ids: Collection[str]) -> list[Vod]:
    _check_bulk(public_ids)
    return list(Vod.objects.for_pages().filter(channel__owner=owner, public_id__in=_possible(public_ids)))


def _check_bulk(public_ids: Collection[str]) -> None:
    if len(public_ids) > BULK_MAX:
        raise InvalidInput(f"Choose at most {BULK_MAX} recordings at once.")


def _possible(public_ids: Collection[str]) -> list[str]:
    return [public_id for public_id in public_ids if is_public_id(public_id)]


def delete_vod(*, vod: Vod) -> None:
    """Nobody can watch it any more, not even its owner, who can bring it back for UNDO_DAYS. Its clips stay."""
    with transaction.atomic():
        Vod.objects.kept().filter(pk=vod.pk).update(deleted_at=timezone.now(), visibility=Visibility.PRIVATE)
        note_recording(stream_id=vod.broadcast.public_id, page_path="")
        index_vods(pks=[vod.pk])
        transaction.on_commit(partial(media.revoke_access, stream_id=vod.broadcast.public_id), robust=True)
        transaction.on_commit(partial(remove_download, vod=vod), robust=True)


def restore_vod(*, public_id: str, owner: User) -> Vod:
    """Bring a deleted recording back, for its owner alone at first: he says who may see it."""
    lately = Vod.objects.deleted_lately().select_related("channel__owner", "broadcast")
    vod = lately.filter(public_id=public_id, channel__owner=owner).first() if is_public_id(public_id) else None
    if vod is None:
        raise NotThere("You have deleted no such recording lately.")
    vod.deleted_at = None
    with transaction.atomic():
        vod.save(update_fields=["deleted_at"])
        follow_recording(vod=vod)
    return vod


def vod_for_viewer(*, public_id: str, viewer: Any) -> Vod:
    """The recording, if this viewer may watch it. Raises ForSubscribers or another NotThere."""
    vod = vod_for_page(public_id=public_id, viewer=viewer)
    if not may_watch(vod=vod, viewer=viewer):
        owner = vod.channel.owner
        raise ForSubscribers(f"This recording is for subscribers of {owner}.")
    return vod


def vod_for_page(*, public_id: str, viewer: Any) -> Vod:
    """The recording, if this viewer may know of it: a private one is its owner's, and for all others not there.

    Not yet permission to watch it: `may_watch` says that.
    """
    found = Vod.objects.for_pages().filter(public_id=public_id, channel__owner__is_active=True)
    vod = found.first() if is_public_id(public_id) else None
    if vod is None or (vod.visibility == Visibility.PRIVATE and vod.channel.owner_id != getattr(viewer, "pk", None)):
        raise NotThere("There is no such recording.")
    return vod


def may_watch(*, vod: Vod, viewer: Any) -> bool:
    """Whether a viewer who may know of the recording may watch it."""
    return vod.visibility != Visibility.SUBSCRIBERS or is_subscriber(user=viewer, channel=vod.channel)


def vod_for_owner(*, public_id: str, owner: User) -> Vod:
    """The recording, if it is this user's own."""
    found = Vod.objects.for_pages().filter(public_id=public_id, channel__owner=owner)
    vod = found.first() if is_public_id(public_id) else None
    if vod is None:
        raise NotThere("You have no such recording.")
    return vod


def _tell_streaming(vod: Vod) -> None:
    """Only what everyone may see is offered to those who watched the broadcast, and found."""
    page_path = vod.get_absolute_url() if vod.visibility == Visibility.PUBLIC else ""
    note_recording(stream_id=vod.broadcast.public_id, page_path=page_path)
    index_vods(pks=[vod.pk])
