"""What a worker does with uploads: looks after those that were left, then makes recordings, one at a time.

Level-triggered: the schedule asks again and again, one worker of a machine answers, and what a killed one left behind
is found by the next.
"""

import logging
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from streaming.models import Broadcast
from streaming.services import create_uploaded_broadcast
from transcode import services as media
from transcode.errors import FileRefused, TranscodeError
from vod import upload_spool
from vod.limits import UPLOAD_ATTEMPTS, UPLOAD_IDLE_HOURS, UPLOADS_REMEMBERED_DAYS
from vod.models import Upload
from vod.services import create_uploaded_vod
from vod.upload_states import AT_WORK, OPEN_STATES, UploadState, states_before
from vod.uploads import complete_upload, end_upload

log = logging.getLogger(__name__)

NOT_READ = "This file could not be read to its end. Export it again, as MP4 with H.264 for example."


class UploadEnded(Exception):
    """Its owner has cancelled it, or is gone."""


def work_on_uploads() -> int:
    """Make recordings of what has come, until there is nothing left; returns of how many. Does nothing while another
    worker of this machine does it."""
    done = 0
    with upload_spool.only_worker() as alone:
        if not alone:
            return 0
        look_after_uploads()
        while (upload := _next_upload()) is not None and _work_on(upload):
            done += 1
    return done


def look_after_uploads() -> None:
    """Bring back on its way what a killed process left, and remove what nobody needs. Only for who works alone."""
    here = set(upload_spool.names())
    for upload in Upload.objects.filter(state=UploadState.RECEIVING, public_id__in=here):
        if upload_spool.size_of(upload.public_id) == upload.length:
            complete_upload(upload=upload)
    now = timezone.now()
    for upload in Upload.objects.open().filter(touched_at__lt=now - timedelta(hours=UPLOAD_IDLE_HOURS)):
        end_upload(
            upload=upload, state=UploadState.REFUSED, reason=f"Nothing came of it for {UPLOAD_IDLE_HOURS} hours."
        )
    ended = Upload.objects.exclude(state__in=OPEN_STATES)
    ended.filter(touched_at__lt=now - timedelta(days=UPLOADS_REMEMBERED_DAYS)).delete()
    wanted = set(Upload.objects.open().filter(public_id__in=here).values_list("public_id", flat=True))
    for public_id in here - wanted:
        upload_spool.remove(public_id)
    transcoding = Upload.objects.filter(state=UploadState.TRANSCODING)
    for stream_id in media.open_imports() - set(transcoding.values_list("broadcast__public_id", flat=True)):
        media.discard_import(stream_id=stream_id)


def _next_upload() -> Upload | None:
    """The one that has waited longest; one that failed waits anew."""
    waiting = Upload.objects.filter(state__in=AT_WORK, public_id__in=upload_spool.names())
    return waiting.select_related("channel", "broadcast").order_by("touched_at").first()


def _work_on(upload: Upload) -> bool:
    """Do what there is to do; False when it is better to stop for now."""
    counted = Upload.objects.filter(pk=upload.pk).update(attempts=F("attempts") + 1, touched_at=timezone.now())
    if not counted:
        return True
    if upload.attempts >= UPLOAD_ATTEMPTS:
        _refuse(upload, NOT_READ)
        return True
    try:
        _make_recording(upload)
    except UploadEnded:
        _discard(upload)
    except FileRefused as refusal:
        log.info("upload %s is refused: %s", upload.public_id, refusal.code)
        _refuse(upload, str(refusal))
    except TranscodeError:
        log.exception("upload %s failed, attempt %d", upload.public_id, upload.attempts + 1)
    except Exception:
        # Storage or the database is away, or we are wrong; the file is not to blame.
        log.exception("upload %s could not be worked on", upload.public_id)
        Upload.objects.filter(pk=upload.pk, attempts__gt=0).update(attempts=F("attempts") - 1)
        return False
    return True


def _make_recording(upload: Upload) -> None:
    path, most = upload_spool.path_of(upload.public_id), settings.UPLOAD_MAX_HOURS * 3600.0
    facts = media.look_at_file(path, max_seconds=most)
    broadcast = _begin_transcoding(upload, facts.seconds)
    media.import_file(
        path=path,
        facts=facts,
        stream_id=broadcast.public_id,
        max_seconds=most,
        progress=partial(_note_progress, upload),
    )
    recording = media.write_recording(stream_id=broadcast.public_id)
    with transaction.atomic():
        _move(upload, UploadState.READY)
        broadcast.refresh_from_db()  # its preview was drawn
        vod = create_uploaded_vod(broadcast=broadcast, visibility=upload.visibility, recording=recording)
        Upload.objects.filter(pk=upload.pk).update(vod=vod, done_seconds=recording.duration_seconds)
        transaction.on_commit(partial(upload_spool.remove, upload.public_id))


def _begin_transcoding(upload: Upload, seconds: float) -> Broadcast:
    """The broadcast that stands behind the recording: the one of the attempt before, if there was one."""
    with transaction.atomic():
        if upload.state == UploadState.CHECKING:
            _move(upload, UploadState.TRANSCODING)
        broadcast = upload.broadcast or create_uploaded_broadcast(channel=upload.channel, title=upload.title)
        kept = Upload.objects.filter(pk=upload.pk, state=UploadState.TRANSCODING)
        if not kept.update(broadcast=broadcast, total_seconds=seconds, done_seconds=0):
            raise UploadEnded
    upload.broadcast = broadcast
    return broadcast


def _note_progress(upload: Upload, seconds: float) -> None:
    kept = Upload.objects.filter(pk=upload.pk, state=UploadState.TRANSCODING)
    if not kept.update(done_seconds=seconds, touched_at=timezone.now()):
        raise UploadEnded


def _move(upload: Upload, state: UploadState) -> None:
    moved = Upload.objects.filter(pk=upload.pk, state__in=states_before(state))
    if not moved.update(state=state, touched_at=timezone.now()):
        raise UploadEnded


def _refuse(upload: Upload, reason: str) -> None:
    end_upload(upload=upload, state=UploadState.REFUSED, reason=reason)
    _discard(upload)


def _discard(upload: Upload) -> None:
    """What we wrote to storage."""
    if upload.broadcast is not None:
        media.discard_import(stream_id=upload.broadcast.public_id)
    upload_spool.remove(upload.public_id)
