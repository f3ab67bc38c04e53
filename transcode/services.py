"""What the rest of the product may ask of the media side."""

import json
import logging
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.db import transaction
from redis import Redis

from transcode import redis_keys, slot_ledger
from transcode.clips import Clipped, cut_clip, drop_clip, latest_span, recorded_span, time_at
from transcode.downloads import best_rendition, download_path, download_size, remove_download, write_download
from transcode.errors import TranscodeError
from transcode.file_import import discard_import, has_imported, import_file, look_at_file, open_imports
from transcode.highlights import cut_range
from transcode.hls import names
from transcode.lease import RELEASE_LEASE
from transcode.models import LiveJob, Segment, StorageTier
from transcode.object_store import delete_folder, tiers
from transcode.posters import draw_poster, store_poster
from transcode.recording_facts import read_clock, read_storyboard, recording_sizes
from transcode.recordings import Recording, write_recording
from transcode.revocations import access_generation, revoke_access
from transcode.slots import CPU_QUEUE, GPU_QUEUE, machine_queue, place
from transcode.storage_tiers import request_restore

__all__ = [
    "Clipped",
    "Recording",
    "TranscodeError",
    "access_generation",
    "best_rendition",
    "cold_state",
    "cut_clip",
    "cut_range",
    "delete_recording",
    "discard_import",
    "download_path",
    "download_size",
    "draw_poster",
    "drop_clip",
    "finish_live",
    "has_imported",
    "import_file",
    "latest_span",
    "live_status",
    "look_at_file",
    "open_imports",
    "player_left",
    "read_clock",
    "read_storyboard",
    "reconcile_live",
    "recorded_span",
    "recording_sizes",
    "remove_download",
    "request_live",
    "request_restore",
    "revoke_access",
    "store_poster",
    "stored_bytes",
    "time_at",
    "update_storyboards",
    "wait_for_player",
    "write_download",
    "write_recording",
]

log = logging.getLogger(__name__)

DISPATCH_PAUSE_MS = 1_000  # a worker needs this long to take the lease
SENT_TO_MS = 3_000  # whose machine has not taken it within the pause may be taken by any, for this long


@cache
def _live_redis() -> Redis:
    return Redis.from_url(settings.LIVE_REDIS_URL, socket_connect_timeout=2, socket_timeout=5)


@cache
def _durable_redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=5)


def request_live(*, stream_id: str, priority: int = 5) -> None:
    """Want this broadcast's media work done, and send a worker at once. Safe to repeat."""
    LiveJob.objects.get_or_create(stream_id=stream_id, defaults={"priority": priority})
    transaction.on_commit(partial(_begin, stream_id))


def _begin(stream_id: str) -> None:
    redis = _live_redis()
    if not redis.exists(redis_keys.player_key(stream_id)):
        redis.delete(redis_keys.player_waiters_key(stream_id))
    redis.publish(redis_keys.control_channel(stream_id), json.dumps({"order": "publish"}))
    _send_worker(stream_id)


def _send_worker(stream_id: str) -> None:
    facts = slot_ledger.read_facts(_durable_redis())
    _dispatch(facts, [job.stream_id for job in facts.jobs if job.stream_id == stream_id and job.machine is None])


def wait_for_player(*, stream_id: str, seconds: float) -> bool:
    """Block until the puller is connected, at most `seconds`."""
    redis = _live_redis()
    if redis.exists(redis_keys.player_key(stream_id)):
        return True
    return redis.blpop([redis_keys.player_waiters_key(stream_id)], timeout=seconds) is not None


def finish_live(*, stream_id: str) -> None:
    """The broadcast has ended: close the playlists, index what is left, then `live_finished`. Safe to repeat."""
    LiveJob.objects.filter(stream_id=stream_id).update(wanted=False)
    transaction.on_commit(partial(_finish, stream_id))


def _finish(stream_id: str) -> None:
    _live_redis().publish(redis_keys.control_channel(stream_id), json.dumps({"order": "finish"}))
    _send_worker(stream_id)


def player_left(*, stream_id: str, worker: str) -> None:
    """A worker's connection to the ingest server is closed; most likely it is dead, and another can begin before its
    lease runs out. One that lives takes its lease back at the next heartbeat, or is fenced off. Safe to repeat."""
    if not LiveJob.objects.filter(stream_id=stream_id, finished_at=None).exists():
        return
    if _durable_redis().eval(RELEASE_LEASE, 1, redis_keys.lease_key(stream_id), worker):
        log.warning("%s: its worker is gone, another is sent", stream_id)
        _send_worker(stream_id)


def delete_recording(*, stream_id: str) -> None:
    """Remove every file of a finished broadcast, then what the database knows of them. Waits for who consolidates it;
    safe to repeat, and to kill: the rows go last."""
    with transaction.atomic():
        job = LiveJob.objects.select_for_update().filter(stream_id=stream_id).first()
        if job is not None and job.finished_at is None:
            return  # it is being made
        for tier in tiers():
            delete_folder(f"{names.BROADCASTS_DIR}/{stream_id}", tier=tier)
        delete_folder(f"{names.PREVIEWS_DIR}/{stream_id}")
        Segment.objects.filter(stream_id=stream_id).delete()
        LiveJob.objects.filter(stream_id=stream_id).delete()


def cold_state(*, stream_id: str) -> str:
    """Empty for a recording that can be played; "cold", or "preparing" while it is brought back."""
    cold = LiveJob.objects.filter(stream_id=stream_id, storage_tier=StorageTier.COLD).values_list("restore_asked_at")
    asked = cold.first()
    return "" if asked is None else "preparing" if asked[0] else "cold"


def stored_bytes(*, stream_id: str) -> int:
    """What a recording takes; 0 until it is one file for each quality."""
    return LiveJob.objects.filter(stream_id=stream_id).values_list("stored_bytes", flat=True).first() or 0


def live_status(*, stream_id: str) -> dict[str, Any] | None:
    """What the worker measured in the last seconds, or None when nobody works on this broadcast."""
    text = _live_redis().get(redis_keys.status_key(stream_id))
    status: dict[str, Any] | None = json.loads(text) if isinstance(text, bytes) else None
    return status


def reconcile_live() -> None:
    """Settle who has an encoding slot, and send a worker to every open job that has none: the level-triggered half of
    supervision. Safe to repeat."""
    redis = _durable_redis()
    slot_ledger.forget_dead_workers(redis)
    facts = slot_ledger.settle(redis)
    _dispatch(facts, [job.stream_id for job in facts.jobs if job.machine is None])


def update_storyboards() -> None:
    """Have the storyboard of every running broadcast brought up to date, each by a task of its own."""
    from transcode.tasks import update_storyboard

    for stream_id in LiveJob.objects.filter(finished_at=None).values_list("stream_id", flat=True):
        update_storyboard.delay(stream_id)


def _dispatch(facts: slot_ledger.Facts, waiting: list[str]) -> None:
    """Send workers of the best machines; whom no machine has room for stays in the queue, in its order."""
    from transcode.tasks import supervise_live

    redis = _durable_redis()
    placed = place(facts.machines, facts.jobs, waiting)
    for stream_id in waiting:
        machine = placed.get(stream_id)
        if machine is None and facts.machines:
            continue
        if not redis.set(redis_keys.dispatch_key(stream_id), 1, nx=True, px=DISPATCH_PAUSE_MS):
            continue
        first = redis.set(redis_keys.sent_to_key(stream_id), machine or "", nx=True, px=SENT_TO_MS)
        queue = machine_queue(machine) if machine and first else _any_queue(facts)
        supervise_live.apply_async((stream_id,), queue=queue)


def _any_queue(facts: slot_ledger.Facts) -> str:
    kinds = {machine.queue for machine in facts.machines}
    return GPU_QUEUE if kinds == {GPU_QUEUE} else CPU_QUEUE
