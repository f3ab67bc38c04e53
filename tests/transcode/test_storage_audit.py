"""The audit finds what is missing and what is left over, and takes nothing else."""

import os
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.transcode.stored_broadcast import SIZES, STREAM, files, store_broadcast
from transcode import stored_media
from transcode.consolidation import consolidate_recording
from transcode.live_store import store_object
from transcode.models import LiveJob, Segment
from transcode.recordings import write_recording
from transcode.services import delete_recording
from transcode.storage_audit import audit_storage, delete_orphans

pytestmark = pytest.mark.django_db
OTHER = "f" * 24


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    options = {"BACKEND": settings.STORAGES["default"]["BACKEND"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": options}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    stored_media._archived.cache_clear()
    store_broadcast()
    write_recording(stream_id=STREAM)
    return tmp_path


def grow_old(media: Path) -> None:
    for path in media.rglob("*"):
        os.utime(path, (time.time() - 7200,) * 2)


@pytest.mark.parametrize("consolidated", [False, True])
def test_recording_is_all_there(media: Path, consolidated: bool) -> None:
    if consolidated:
        consolidate_recording(stream_id=STREAM)
    grow_old(media)
    found = audit_storage()

    assert found.is_clean
    assert (found.broadcasts, found.files) == (1, len([path for path in media.rglob("*") if path.is_file()]))


@pytest.mark.parametrize(
    "path", ["source/1-1.m4s", "18p/2.init.mp4", "vod/index.m3u8", "vod/18p/index.m3u8", "vod/manifest.mpd"]
)
def test_file_that_is_missing_is_named(media: Path, path: str) -> None:
    (media / "broadcasts" / STREAM / path).unlink()

    assert audit_storage().missing == [f"broadcasts/{STREAM}/{path}"]


def test_archive_that_was_cut_is_damaged(media: Path) -> None:
    consolidate_recording(stream_id=STREAM)
    archive = media / "broadcasts" / STREAM / "source/archive.mp4"
    archive.write_bytes(archive.read_bytes()[:-1])

    assert audit_storage().damaged == [f"broadcasts/{STREAM}/source/archive.mp4"]


def test_what_nothing_names_is_an_orphan_and_can_be_removed(media: Path) -> None:
    consolidate_recording(stream_id=STREAM)
    left = ["source/1-0.m4s", "source/.archive.mp4.0a1b2c3d.part", "vod/notes.txt"]
    for path in left:
        store_object(STREAM, path, b"left over")
    store_object(OTHER, "source/1-0.m4s", b"of a broadcast nobody knows")
    store_object(STREAM, "storyboard/0-25.jpg", b"made whenever its task comes to it")
    assert audit_storage().orphans == []  # they may be in the making

    grow_old(media)
    found = audit_storage()
    unknown = f"broadcasts/{OTHER}/source/1-0.m4s"
    assert found.orphans == [*sorted(f"broadcasts/{STREAM}/{path}" for path in left), unknown]

    delete_orphans(found)
    assert audit_storage().is_clean
    assert files("source") == ["archive.mp4"]


def test_broadcast_that_is_live_is_left_alone(media: Path) -> None:
    LiveJob.objects.update(finished_at=None)
    Segment.objects.filter(sequence=0).delete()  # as one that is not indexed yet
    grow_old(media)

    assert audit_storage().is_clean
    delete_recording(stream_id=STREAM)
    assert files("source")


def test_deleted_recording_leaves_nothing(media: Path) -> None:
    consolidate_recording(stream_id=STREAM)
    (media / "previews" / STREAM).mkdir(parents=True)
    (media / "previews" / STREAM / "1.jpg").write_bytes(b"a picture")
    store_broadcast(OTHER)

    delete_recording(stream_id=STREAM)
    delete_recording(stream_id=STREAM)

    assert not (media / "broadcasts" / STREAM).exists()
    assert not (media / "previews" / STREAM).exists()
    assert set(Segment.objects.values_list("stream_id", flat=True)) == {OTHER}
    assert all(files(name, stream_id=OTHER) for name in SIZES)
