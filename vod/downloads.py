"""Recordings as files: asked for, made by a task, there for a day."""

import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from common.errors import NotAllowed
from streaming.playback import download_url
from transcode import services as media
from vod.limits import (
    DOWNLOAD_BEAT_SECONDS,
    DOWNLOAD_KEPT_SECONDS,
    DOWNLOAD_TOLD_SECONDS,
    DOWNLOAD_WAIT_SECONDS,
)
from vod.models import Vod, Waiter, Wish
from vod.waiting import tell_waiters, wait_for

RUNNING = "downloads:running"  # the one that is being made


@dataclass(frozen=True)
class Download:
    """How far the file of a recording is."""

    state: str  # none, preparing (comes back from cold storage first), waiting, running, ready, failed
    done_seconds: float = 0.0
    total_seconds: float = 0.0
    size: int | None = None  # bytes
    url: str | None = None  # path with a token of its own; only once it is ready


def check_may_download(*, vod: Vod, viewer: Any) -> None:
    """Raises NotAllowed. Whether he may watch it was asked before."""
    if vod.channel.owner_id != viewer.pk and not vod.downloads_allowed:
        raise NotAllowed("The streamer does not offer this recording as a file.", code="no_downloads")


def read_download(*, vod: Vod) -> Download:
    """Where it stands."""
    rendition, stream_id = _rendition(vod), vod.broadcast.public_id
    size = media.download_size(stream_id=stream_id, rendition=rendition) if rendition else None
    if size is not None:
        url = download_url(stream_id, media.download_path(rendition))
        return Download("ready", vod.duration_seconds, vod.duration_seconds, size, url)
    if media.cold_state(stream_id=stream_id) and Waiter.objects.filter(vod=vod, wish=Wish.FILE).exists():
        return Download("preparing", total_seconds=vod.duration_seconds)
    kept = cache.get(_key(vod))
    return Download(**kept) if kept else Download("none", total_seconds=vod.duration_seconds)


def ask_for_download(*, vod: Vod, viewer: User) -> Download:
    """Have the file made, or kept for another day, and tell the viewer when it is there. Safe to repeat."""
    Vod.objects.filter(pk=vod.pk).update(download_asked_at=timezone.now())
    now = read_download(vod=vod)
    if now.state == "ready":
        return now
    wait_for(vod=vod, user=viewer, wish=Wish.FILE)
    if media.cold_state(stream_id=vod.broadcast.public_id):
        media.request_restore(stream_id=vod.broadcast.public_id)
        return read_download(vod=vod)
    return now if now.state in ("waiting", "running") else _put_into_queue(vod)


def go_on(*, vod: Vod) -> None:
    """Make the file that somebody waits for: it can be made now."""
    now = read_download(vod=vod)
    if now.state == "ready":
        tell_waiters(vod=vod, wish=Wish.FILE)
    elif now.state == "none":
        _put_into_queue(vod)


def _put_into_queue(vod: Vod) -> Download:
    waiting = Download("waiting", total_seconds=vod.duration_seconds)
    cache.set(_key(vod), asdict(waiting), DOWNLOAD_WAIT_SECONDS)
    transaction.on_commit(partial(_send, vod.public_id))
    return waiting


def _send(public_id: str) -> None:
    from vod.tasks import write_download

    write_download.delay(public_id)


def make_download(*, public_id: str) -> bool:
    """Make the file. False while another one is made: come again. A killed maker's place is free after a minute."""
    vod = Vod.objects.kept().select_related("broadcast", "channel").filter(public_id=public_id).first()
    if vod is None or media.cold_state(stream_id=vod.broadcast.public_id):
        return True  # it goes on when the recording is back
    if read_download(vod=vod).state == "ready":
        tell_waiters(vod=vod, wish=Wish.FILE)
        return True
    if not cache.add(RUNNING, public_id, DOWNLOAD_BEAT_SECONDS):
        return False
    told_at = 0.0

    def tell(seconds: float) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > DOWNLOAD_TOLD_SECONDS:
            told_at = time.monotonic()
            cache.touch(RUNNING, DOWNLOAD_BEAT_SECONDS)
            _keep(vod, Download("running", min(seconds, vod.duration_seconds), vod.duration_seconds))

    try:
        media.write_download(stream_id=vod.broadcast.public_id, rendition=_rendition(vod), on_progress=tell)
    except (media.TranscodeError, OSError):
        _keep(vod, Download("failed", total_seconds=vod.duration_seconds))
        Waiter.objects.filter(vod=vod, wish=Wish.FILE).delete()
        raise
    finally:
        cache.delete(RUNNING)
    cache.delete(_key(vod))
    tell_waiters(vod=vod, wish=Wish.FILE)
    return True


def remove_download(*, vod: Vod) -> None:
    """The file goes; it can be asked for again."""
    if rendition := _rendition(vod):
        media.remove_download(stream_id=vod.broadcast.public_id, rendition=rendition)
    Vod.objects.filter(pk=vod.pk).update(download_asked_at=None)


def remove_old_downloads() -> int:
    """Those that nobody has asked for lately; returns how many."""
    old = Vod.objects.filter(download_asked_at__lt=timezone.now() - timedelta(seconds=DOWNLOAD_KEPT_SECONDS))
    vods = list(old.select_related("broadcast"))
    for vod in vods:
        remove_download(vod=vod)
    return len(vods)


def _keep(vod: Vod, now: Download) -> None:
    cache.set(_key(vod), asdict(now), DOWNLOAD_BEAT_SECONDS)


def _key(vod: Vod) -> str:
    return f"download:{vod.public_id}"


def _rendition(vod: Vod) -> str:
    return media.best_rendition(vod.broadcast.public_id)
