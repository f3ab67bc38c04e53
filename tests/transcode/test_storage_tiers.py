"""Recordings move to cheaper storage and back, whole at every moment."""

import itertools
import os
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from common.storage import WholeFileStorage
from tests.transcode.stored_broadcast import SIZES, STREAM, store_broadcast
from tests.transcode.test_consolidation import Killed, dying_after
from transcode import signals, stored_media
from transcode.consolidation import consolidate_recording
from transcode.errors import MediaDamaged
from transcode.hls.multivariant import Rendition
from transcode.models import LiveJob, Segment, StorageTier
from transcode.recordings import write_recording
from transcode.services import delete_recording
from transcode.storage_audit import audit_storage
from transcode.storage_tiers import due_tier, move_due_recordings, move_recording, request_restore
from transcode.stored_media import read_segment
from transcode.thinning import thin_recordings, to_drop

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 1, tzinfo=UTC)
HOT, WARM, COLD = StorageTier.HOT, StorageTier.WARM, StorageTier.COLD


@pytest.fixture(autouse=True)
def tiers(settings: Settings, tmp_path: Path) -> dict[StorageTier, Path]:
    """A directory of each tier, and a consolidated recording."""
    backend = "common.storage.WholeFileStorage"
    places = {tier: tmp_path / tier.value for tier in StorageTier}
    made = {tier.value: {"BACKEND": backend, "OPTIONS": {"location": str(path)}} for tier, path in places.items()}
    settings.STORAGES = {**settings.STORAGES, "default": made[HOT], "warm": made[WARM], "cold": made[COLD]}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.HOT_DAYS, settings.WARM_DAYS = 7, 30
    cache.clear()
    stored_media._archived.cache_clear()
    store_broadcast()
    write_recording(stream_id=STREAM)
    consolidate_recording(stream_id=STREAM)
    return places


def archives(places: dict[StorageTier, Path]) -> dict[StorageTier, list[str]]:
    """In which tier there are which archives."""
    found = {tier: sorted(one.parent.name for one in path.rglob("archive.mp4")) for tier, path in places.items()}
    return {tier: renditions for tier, renditions in found.items() if renditions}


def bytes_of(places: dict[StorageTier, Path], tier: StorageTier) -> dict[str, bytes]:
    return {one.parent.name: one.read_bytes() for one in places[tier].rglob("archive.mp4")}


@pytest.mark.parametrize(
    ("age", "restored", "tier"),
    [(6.9, None, HOT), (7, None, WARM), (29.9, None, WARM), (30, None, COLD), (400, 1, HOT), (400, 8, WARM)],
)
def test_tier_follows_from_age_and_from_when_it_was_brought_back(
    age: float, restored: float | None, tier: StorageTier
) -> None:
    restored_at = NOW - timedelta(days=restored) if restored is not None else None
    assert due_tier(now=NOW, finished_at=NOW - timedelta(days=age), restored_at=restored_at) == tier


def test_without_other_storage_everything_stays(settings: Settings) -> None:
    settings.STORAGES = {name: one for name, one in settings.STORAGES.items() if name not in {"warm", "cold"}}
    assert due_tier(now=NOW, finished_at=NOW - timedelta(days=400), restored_at=None) == HOT


def test_recording_goes_warm_and_cold_and_comes_back(
    tiers: dict[StorageTier, Path], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    everything, before = sorted(SIZES), bytes_of(tiers, HOT)
    told: list[str] = []

    def hear(stream_id: str, **_: Any) -> None:
        told.append(stream_id)

    signals.recording_restored.connect(hear)
    row = Segment.objects.of(STREAM)[0]
    body = read_segment("source", row)

    LiveJob.objects.update(finished_at=timezone.now() - timedelta(days=8))
    move_due_recordings()
    assert archives(tiers) == {WARM: everything}
    assert bytes_of(tiers, WARM) == before
    assert read_segment("source", row) == body  # played from where it is
    assert audit_storage().is_clean

    LiveJob.objects.update(finished_at=timezone.now() - timedelta(days=31))
    move_due_recordings()
    assert archives(tiers) == {COLD: everything}
    with pytest.raises(FileNotFoundError):
        read_segment("source", row)
    assert audit_storage().is_clean

    request_restore(stream_id=STREAM)
    with django_capture_on_commit_callbacks(execute=True):
        move_due_recordings()
    move_due_recordings()  # it is not moved away again at once
    assert archives(tiers) == {HOT: everything}
    assert bytes_of(tiers, HOT) == before
    assert told == [STREAM]
    assert LiveJob.objects.get().restore_asked_at is None


def test_restore_is_asked_for_once_and_only_of_what_is_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    from transcode.tasks import move_recordings

    sent: list[int] = []
    monkeypatch.setattr(move_recordings, "delay", lambda: sent.append(1))
    monkeypatch.setattr(transaction, "on_commit", lambda do: do())
    request_restore(stream_id=STREAM)
    assert sent == []
    LiveJob.objects.update(storage_tier=COLD)
    request_restore(stream_id=STREAM)
    request_restore(stream_id=STREAM)
    assert sent == [1]


@pytest.mark.parametrize("half", [False, True], ids=["before", "after"])
def test_killed_at_any_step_of_a_move_it_is_whole(
    tiers: dict[StorageTier, Path], monkeypatch: pytest.MonkeyPatch, half: bool
) -> None:
    before, steps = bytes_of(tiers, HOT), 0
    for point in itertools.count():
        counter = itertools.count()
        with monkeypatch.context() as patched, suppress(Killed):
            for name in ("_save", "delete"):
                do = getattr(WholeFileStorage, name)
                patched.setattr(WholeFileStorage, name, dying_after(point, do, counter, half=half))
            move_recording(stream_id=STREAM, tier=WARM)
        job = LiveJob.objects.get()
        assert bytes_of(tiers, StorageTier(job.storage_tier)) == before, f"after dying at step {point}"
        if job.storage_tier == WARM and not job.leaving_tier:
            break
        steps += 1
    assert steps >= 2
    for path in tiers[WARM].rglob("*"):
        os.utime(path, (time.time() - 7200,) * 2)
    assert archives(tiers) == {WARM: sorted(SIZES)}
    assert audit_storage().is_clean


def test_copy_that_differs_is_not_trusted(tiers: dict[StorageTier, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    read = WholeFileStorage.read_range

    def torn(storage: WholeFileStorage, name: str, at: int, size: int) -> bytes:
        body = read(storage, name, at, size)
        return bytes(len(body)) if storage.location == str(tiers[WARM]) else body

    monkeypatch.setattr(WholeFileStorage, "read_range", torn)
    with pytest.raises(MediaDamaged):
        move_recording(stream_id=STREAM, tier=WARM)
    assert archives(tiers)[HOT] == sorted(SIZES)
    assert LiveJob.objects.get().storage_tier == HOT


def test_deleted_recording_leaves_nothing_in_any_tier(tiers: dict[StorageTier, Path]) -> None:
    move_recording(stream_id=STREAM, tier=COLD)
    delete_recording(stream_id=STREAM)

    assert [path for place in tiers.values() for path in place.rglob("*") if path.is_file()] == []


def test_copy_in_another_tier_is_an_orphan(tiers: dict[StorageTier, Path]) -> None:
    move_recording(stream_id=STREAM, tier=WARM)
    LiveJob.objects.update(storage_tier=HOT)
    for path in tiers[WARM].rglob("*"):
        os.utime(path, (time.time() - 7200,) * 2)
    found = audit_storage()

    assert [str(one) for one in found.orphans] == [
        f"broadcasts/{STREAM}/{name}/archive.mp4 (warm)" for name in sorted(SIZES)
    ]
    assert [one.tier for one in found.missing] == ["hot", "hot"]


def ladder(*lines: int) -> list[Rendition]:
    return [Rendition(f"{size}p", "avc1", 9, 9, size * 16 // 9, size, 30.0) for size in lines]


@pytest.mark.parametrize(
    ("lines", "dropped"),
    [((1080, 720, 480, 160), ["720p", "160p"]), ((720, 160), []), ((360,), []), ((1080, 360, 720), ["720p"]), ((), [])],
)
def test_old_recording_keeps_its_best_and_one_for_narrow_lines(lines: tuple[int, ...], dropped: list[str]) -> None:
    sound = Rendition("audio", "mp4a.40.2", 9, 9, channels=2)
    assert to_drop([*ladder(*lines), sound]) == dropped


def test_qualities_are_dropped_of_old_recordings_only(
    tiers: dict[StorageTier, Path], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transcode.thinning.to_drop", lambda _: ["18p"])
    LiveJob.objects.update(finished_at=timezone.now() - timedelta(days=60))
    thin_recordings()
    settings.DROP_RENDITIONS_DAYS = 90
    thin_recordings()
    assert archives(tiers) == {HOT: ["18p", "source"]}

    settings.DROP_RENDITIONS_DAYS = 30
    move_recording(stream_id=STREAM, tier=WARM)
    thin_recordings()

    assert archives(tiers) == {WARM: ["source"]}
    assert "18p" not in (tiers[HOT] / "broadcasts" / STREAM / "vod" / "index.m3u8").read_text()
    assert audit_storage().is_clean
    assert LiveJob.objects.get().stored_bytes == sum(len(body) for body in bytes_of(tiers, WARM).values())
