"""Everything a streamer does with uploads: beginning one, sending it piece by piece, giving it up."""

import errno
import logging
from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from typing import BinaryIO

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from common.errors import Conflict, Gone, InvalidInput, NotAllowed, NotThere, TooMany
from common.lines import check_line
from common.rate_limit import RateLimit
from streaming.limits import TITLE_MAX
from streaming.lookup import is_public_id
from streaming.models import Broadcast, Channel
from vod import upload_spool
from vod.limits import (
    CHUNK_MAX_BYTES,
    DISK_RESERVE_BYTES,
    FILENAME_MAX,
    PIECE_BYTES,
    UPLOADS_AT_ONCE,
    UPLOADS_BEGUN_AN_HOUR,
)
from vod.models import Upload, Visibility
from vod.quotas import check_room
from vod.upload_states import OPEN_STATES, UploadState, states_before

log = logging.getLogger(__name__)

TASK = "vod.work_on_uploads"  # by name: the task module imports this one's users


_BEGUN = RateLimit("uploads", limit=UPLOADS_BEGUN_AN_HOUR, seconds=3600)


def max_bytes() -> int:
    """What one file may have."""
    return settings.UPLOAD_MAX_GB * 10**9


def create_upload(*, owner: User, length: int, filename: str, title: str = "", visibility: str = "private") -> Upload:
    """Begin one. Raises InvalidInput, NotAllowed, TooMany."""
    filename = check_line(
        PurePath(filename.replace("\\", "/")).name[:FILENAME_MAX], most=FILENAME_MAX, name="file name"
    )
    title = check_line(title, most=TITLE_MAX, name="title") or PurePath(filename).stem[:TITLE_MAX]
    if visibility not in Visibility.values:
        raise InvalidInput("The visibility is public, unlisted or private.")
    _check_length(length)
    with transaction.atomic():
        channel = Channel.objects.select_for_update().filter(owner=owner, owner__is_active=True).first()
        if channel is None:
            raise NotAllowed("Only who has a channel can upload videos.")
        if Upload.objects.open().filter(channel=channel).count() >= UPLOADS_AT_ONCE:
            raise TooMany(f"You have {UPLOADS_AT_ONCE} uploads that are not done. Finish or cancel one first.")
        if not _BEGUN.allows(str(channel.pk)):
            raise TooMany(
                f"You have begun {UPLOADS_BEGUN_AN_HOUR} uploads within an hour. Wait a while.",
                retry_seconds=_BEGUN.wait_seconds(str(channel.pk)),
            )
        check_room(channel=channel, size=length)
        _check_disk(length)
        return Upload.objects.create(
            channel=channel, length=length, filename=filename or "video", title=title, visibility=visibility
        )


def _check_length(length: int) -> None:
    if not settings.UPLOAD_MAX_GB:
        raise NotAllowed("Videos cannot be uploaded here.")
    if length <= 0:
        raise InvalidInput("This file is empty. Choose a video file.", code="empty")
    if length > max_bytes():
        raise InvalidInput(f"This file is larger than {settings.UPLOAD_MAX_GB} GB.", code="too_large")


def _check_disk(length: int) -> None:
    """Room for it and for all that was promised to others."""
    receiving = Upload.objects.filter(state=UploadState.RECEIVING)
    promised = receiving.aggregate(length=Sum("length"))["length"] or 0
    promised -= sum(upload_spool.size_of(one) for one in receiving.values_list("public_id", flat=True))
    if upload_spool.free_bytes() < promised + length + DISK_RESERVE_BYTES:
        raise Conflict("There is no room for this file at the moment. Try a smaller one, or later.", code="disk_full")


def upload_for_owner(*, public_id: str, owner: User) -> Upload:
    """The upload, if it is this user's own."""
    found = Upload.objects.filter(public_id=public_id, channel__owner=owner)
    upload = found.first() if is_public_id(public_id) else None
    if upload is None:
        raise NotThere("You have no such upload.")
    return upload


def received_bytes(upload: Upload) -> int:
    """How much of it has come: where to go on. Raises Gone when it is not wanted any more."""
    if upload.state in {UploadState.REFUSED, UploadState.CANCELLED}:
        raise Gone(upload.reason or "This upload was cancelled.")
    return upload_spool.size_of(upload.public_id) if upload.state == UploadState.RECEIVING else upload.length


def append_to_upload(*, upload: Upload, offset: int, length: int | None, read: Callable[[int], bytes]) -> int:
    """Add what `read` gives (`length` bytes of it, if that is known) at `offset`; returns how much there is now.

    Raises Conflict when the file ends elsewhere, InvalidInput when it would become longer than was said.
    """
    if upload.state != UploadState.RECEIVING:
        raise Conflict("All of this file has come already.", code="complete")
    with upload_spool.appending(upload.public_id) as file:
        there = file.seek(0, 2)
        if offset != there:
            raise Conflict(f"{there} bytes of this file have come, not {offset}. Go on from there.", code="offset")
        there += _append(file, upload, length, read)
    if not Upload.objects.filter(pk=upload.pk, state=UploadState.RECEIVING).update(touched_at=timezone.now()):
        upload_spool.remove(upload.public_id)  # cancelled meanwhile
        raise Gone("This upload was cancelled.")
    if there == upload.length:
        complete_upload(upload=upload)
    return there


def _append(file: BinaryIO, upload: Upload, length: int | None, read: Callable[[int], bytes]) -> int:
    """What came stays, also when its sender or the disk fails in the midst of it; what is too much does not."""
    there = file.tell()
    most = min(upload.length - there, CHUNK_MAX_BYTES)
    if length is not None and length > most:
        raise _too_much(upload)
    copied = 0
    try:
        while piece := read(PIECE_BYTES):
            copied += len(piece)
            if copied > most:
                file.truncate(there)
                raise _too_much(upload)
            _write(file, piece)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise Conflict("The disk is full. Try again later: it goes on from here.", code="disk_full") from None
    return copied


def _too_much(upload: Upload) -> InvalidInput:
    told = f"at most {CHUNK_MAX_BYTES >> 20} MiB at once, and {upload.length} bytes in all as you said at first"
    return InvalidInput(f"That is too much: {told}.", code="too_large")


def _write(file: BinaryIO, piece: bytes) -> None:
    """All of it: a write may be cut short by a disk that is full with the next one."""
    while piece:
        piece = piece[file.write(piece) :]


def complete_upload(*, upload: Upload) -> None:
    """All of it is here: a worker looks at it. Safe to repeat."""
    received = Upload.objects.filter(pk=upload.pk, state__in=states_before(UploadState.CHECKING))
    if received.update(state=UploadState.CHECKING, touched_at=timezone.now()):
        transaction.on_commit(_send_worker)


def _send_worker() -> None:
    try:
        current_app.send_task(TASK, retry=False, expires=60)
    except (OperationalError, OSError):
        log.info("the broker does not answer; the schedule sends a worker")


def cancel_upload(*, upload: Upload) -> None:
    """Its owner does not want it; what came to an end is only forgotten. Its worker, if it has one, notices."""
    with transaction.atomic():
        if not end_upload(upload=upload, state=UploadState.CANCELLED):
            Upload.objects.filter(pk=upload.pk).exclude(state__in=OPEN_STATES).delete()


def end_upload(*, upload: Upload, state: UploadState, reason: str = "") -> bool:
    """Give it up, with everything it has but what its worker wrote to storage; False when it has ended already."""
    with transaction.atomic():
        open_one = Upload.objects.filter(pk=upload.pk, state__in=states_before(state))
        if not open_one.update(state=state, reason=reason[:300], touched_at=timezone.now()):
            return False
        Broadcast.objects.filter(upload=upload.pk).delete()
        transaction.on_commit(partial(upload_spool.remove, upload.public_id))
    return True
