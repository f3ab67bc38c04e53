"""What becomes of recordings, clips and uploads when the owner of their channel leaves."""

from datetime import timedelta

from django.utils import timezone

from vod.clip_services import delete_clip
from vod.limits import UNDO_DAYS
from vod.models import Clip, Upload, Vod
from vod.services import delete_vod
from vod.upload_states import UploadState
from vod.uploads import end_upload

WORDLESS = {"title": "", "description": "", "chapters": []}


def remove_media_of_user(*, user_id: int) -> None:
    """Nobody can watch them from now on; the next run of the purge takes their files, without the days to undo it."""
    past_undoing = timezone.now() - timedelta(days=UNDO_DAYS, seconds=1)
    own = Vod.objects.filter(channel__owner_id=user_id)
    for vod in own.kept().select_related("broadcast").iterator(chunk_size=200):
        delete_vod(vod=vod)
    own.filter(purged_at=None).update(deleted_at=past_undoing, **WORDLESS)
    for clip in Clip.objects.kept().filter(channel__owner_id=user_id).iterator(chunk_size=200):
        delete_clip(clip=clip)
    Clip.objects.filter(channel__owner_id=user_id).update(title="")
    for upload in Upload.objects.open().filter(channel__owner_id=user_id):
        end_upload(upload=upload, state=UploadState.CANCELLED)
    Upload.objects.filter(channel__owner_id=user_id).update(filename="", title="")
