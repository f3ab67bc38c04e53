"""Everything that changes a recording."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from common.errors import InvalidInput, NotThere
from streaming.broadcast_states import BroadcastState
from streaming.channel_services import check_line
from streaming.limits import TITLE_MAX
from streaming.lookup import is_public_id
from streaming.models import Broadcast
from streaming.services import note_recording
from transcode import services as media
from transcode.models import LiveJob
from transcode.services import Recording
from vod.limits import FORGOTTEN_AFTER_SECONDS, SHORTEST_SECONDS, SIGNAL_SECONDS
from vod.models import Visibility, Vod


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
            },
        )
        _tell_streaming(vod)
    return vod


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
    """Change title or visibility."""
    unknown = changes.keys() - {"title", "visibility"}
    if unknown:
        raise InvalidInput(f"Not a field of a recording: {', '.join(sorted(unknown))}.")
    if "title" in changes:
        vod.title = check_line(changes["title"], most=TITLE_MAX, name="title")
    if "visibility" in changes:
        if changes["visibility"] not in Visibility.values:
            raise InvalidInput("The visibility is public, unlisted or private.")
        vod.visibility = changes["visibility"]
    with transaction.atomic():
        vod.save(update_fields=["title", "visibility"])
        _tell_streaming(vod)
    return vod


def delete_vod(*, vod: Vod) -> None:
    """Nobody can watch it any more, not even its owner, who can bring it back for UNDO_DAYS."""
    with transaction.atomic():
        Vod.objects.kept().filter(pk=vod.pk).update(deleted_at=timezone.now(), visibility=Visibility.PRIVATE)
        note_recording(stream_id=vod.broadcast.public_id, page_path="")


def restore_vod(*, public_id: str, owner: User) -> Vod:
    """Bring a deleted recording back, for its owner alone at first: he says who may see it."""
    lately = Vod.objects.deleted_lately().select_related("channel__owner", "broadcast")
    vod = lately.filter(public_id=public_id, channel__owner=owner).first() if is_public_id(public_id) else None
    if vod is None:
        raise NotThere("You have deleted no such recording lately.")
    vod.deleted_at = None
    vod.save(update_fields=["deleted_at"])
    return vod


def vod_for_viewer(*, public_id: str, viewer: Any) -> Vod:
    """The recording, if this viewer may see it: a private one is its owner's, and for all others not there."""
    found = Vod.objects.for_pages().filter(public_id=public_id, channel__owner__is_active=True)
    vod = found.first() if is_public_id(public_id) else None
    if vod is None or (vod.visibility == Visibility.PRIVATE and vod.channel.owner_id != getattr(viewer, "pk", None)):
        raise NotThere("There is no such recording.")
    return vod


def vod_for_owner(*, public_id: str, owner: User) -> Vod:
    """The recording, if it is this user's own."""
    found = Vod.objects.for_pages().filter(public_id=public_id, channel__owner=owner)
    vod = found.first() if is_public_id(public_id) else None
    if vod is None:
        raise NotThere("You have no such recording.")
    return vod


def count_view(*, vod: Vod) -> None:
    """Someone began to watch."""
    Vod.objects.filter(pk=vod.pk).update(view_count=F("view_count") + 1)


def _tell_streaming(vod: Vod) -> None:
    """Only what everyone may see is offered to those who watched the broadcast."""
    page_path = vod.get_absolute_url() if vod.visibility == Visibility.PUBLIC else ""
    note_recording(stream_id=vod.broadcast.public_id, page_path=page_path)
