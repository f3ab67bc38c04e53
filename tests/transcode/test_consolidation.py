"""Recordings become one file for each rendition, and play at every moment of it."""

import itertools
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import connection
from pytest_django import Settings

from common.storage import WholeFileStorage
from tests.conformance.demands import demand_good
from tests.transcode.encodes import ffmpeg
from tests.transcode.stored_broadcast import (
    GAP,
    RUNS,
    SIZES,
    STREAM,
    expected,
    files,
    played,
    played_as_dash,
    run,
    store_broadcast,
    stored,
)
from transcode import consolidation, stored_media
from transcode.consolidation import consolidate_recording, request_consolidations
from transcode.errors import MediaDamaged
from transcode.fmp4 import walk_boxes
from transcode.hls import names
from transcode.live_store import store_object
from transcode.models import LiveJob, Segment
from transcode.origin_stored import stored as origin_answer
from transcode.recordings import write_recording
from transcode.stored_media import read_file, read_segment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    options = {"BACKEND": settings.STORAGES["default"]["BACKEND"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": options}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    stored_media._archived.cache_clear()
    return tmp_path / "broadcasts" / STREAM


@pytest.fixture
def job() -> LiveJob:
    """A recording as it is right after its end."""
    job = store_broadcast()
    write_recording(stream_id=STREAM)
    return job


def plays_whole() -> bool:
    return all(played(rendition) == expected(rendition) for rendition in SIZES)


def test_recording_plays_the_same_from_one_file_a_rendition(job: LiveJob) -> None:
    before = {rendition: files(rendition) for rendition in SIZES}
    assert plays_whole()

    consolidate_recording(stream_id=STREAM)

    assert {len(one) for one in before.values()} == {2 + 9, 2 + 8}
    assert {rendition: files(rendition) for rendition in SIZES} == {rendition: ["archive.mp4"] for rendition in SIZES}
    assert plays_whole()
    for rendition in SIZES:
        assert b"".join(played_as_dash(rendition)) == b"".join(expected(rendition).values())
    job.refresh_from_db()
    assert job.consolidated_at


def test_playlist_of_an_archive_whole(job: LiveJob) -> None:
    consolidate_recording(stream_id=STREAM)
    lines = stored("vod/18p/index.m3u8").decode().splitlines()
    index = 12 + 28 + 12 * 4
    init, first = len(run("18p", 1).init), len(run("18p", 1).bodies[0])

    assert lines[:11] == [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-TARGETDURATION:2",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-DISCONTINUITY-SEQUENCE:0",
        f'#EXT-X-MAP:URI="../../18p/archive.mp4",BYTERANGE="{init}@0"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T07:30:00.000Z",
        "#EXTINF:2.00000,",
        f"#EXT-X-BYTERANGE:{first}@{init + index}",
    ]
    gap = lines.index("#EXT-X-GAP")
    assert lines[gap : gap + 3] == ["#EXT-X-GAP", "#EXTINF:2.00000,", "../../18p/archive.mp4"]
    assert lines.count("#EXT-X-DISCONTINUITY") == 1
    assert lines[-2:] == ["../../18p/archive.mp4", "#EXT-X-ENDLIST"]


@pytest.mark.parametrize("consolidated", [False, True])
@pytest.mark.parametrize("name", ["index", "iframes"])
def test_playlists_keep_the_rules(job: LiveJob, consolidated: bool, name: str) -> None:
    if consolidated:
        consolidate_recording(stream_id=STREAM)
    for rendition in SIZES:
        listed = demand_good(stored(f"vod/{rendition}/{name}.m3u8").decode())
        assert len(listed.segments) == 9


def test_archive_is_a_file_that_plays_and_seeks_by_itself(job: LiveJob, media: Path) -> None:
    """Its index leads from each segment to the next."""
    Segment.objects.filter(epoch=2).delete()
    consolidate_recording(stream_id=STREAM)
    body = (media / "source" / "archive.mp4").read_bytes()

    index = next(box for box in walk_boxes(body) if box.path == "sidx").payload
    count = int.from_bytes(index[30:32], "big")
    sizes = [int.from_bytes(index[32 + 12 * n : 36 + 12 * n], "big") for n in range(count)]
    end_of_index = next(box.offset for box in walk_boxes(body) if box.path == "moof")
    starts = [end_of_index + sum(sizes[:n]) for n in range(count)]
    assert [body[at + 4 : at + 8] for at in starts] == [b"moof"] * 5
    assert starts[-1] + sizes[-1] == len(body)
    path = str(media / "source" / "archive.mp4")
    shown = ffmpeg("-ss", "6", "-i", path, "-f", "framehash", "pipe:1").decode()
    assert len([line for line in shown.splitlines() if not line.startswith("#")]) == 2 * 10


def test_trick_play_shows_the_key_frames_of_an_archive(job: LiveJob, media: Path) -> None:
    known = job.renditions
    for entry in known:
        entry["iframe_bandwidth"] = 9
    LiveJob.objects.update(renditions=known)
    consolidate_recording(stream_id=STREAM)
    lines = stored("vod/source/iframes.m3u8").decode().splitlines()

    heads = [line.partition(":")[2].split("@") for line in lines if line.startswith("#EXT-X-BYTERANGE")]
    bodies = [body for epoch in RUNS for body in run("source", epoch).bodies]
    assert [stored("source/archive.mp4", (int(size), int(at))) for size, at in heads] == [
        body[: len(body) // 2] for body in bodies
    ]


async def answered(path: str) -> bytes:
    return (await origin_answer(STREAM, path)).body


def test_who_has_an_older_playlist_still_finds_its_segments(job: LiveJob) -> None:
    from asgiref.sync import async_to_sync

    consolidate_recording(stream_id=STREAM)

    for epoch, numbers in RUNS.items():
        assert read_file(STREAM, f"source/{epoch}.init.mp4") == run("source", epoch).init
        for at, msn in enumerate(numbers):
            body = run("source", epoch).bodies[at]
            assert async_to_sync(answered)(f"source/{epoch}-{msn}.m4s") == body
            assert read_segment("source", Segment.objects.get(sequence=msn), size=20) == body[:20]
    for nowhere in ("source/1-99.m4s", f"18p/1-{GAP}.m4s", "9p/1-0.m4s"):
        with pytest.raises(FileNotFoundError):
            read_file(STREAM, nowhere)


def test_consolidating_again_and_again_changes_nothing(job: LiveJob, media: Path) -> None:
    consolidate_recording(stream_id=STREAM)
    before = {path: path.read_bytes() for path in media.rglob("*") if path.is_file()}
    consolidate_recording(stream_id=STREAM)
    write_recording(stream_id=STREAM)

    assert {path: path.read_bytes() for path in media.rglob("*") if path.is_file()} == before


class Killed(BaseException):
    """As SIGKILL: nothing of ours runs after it."""


def dying_after(
    count: int, do: Callable[..., Any], counter: "itertools.count[int]", *, half: bool
) -> Callable[..., Any]:
    def step(*arguments: Any, **named: Any) -> Any:
        if next(counter) == count:
            if half:
                do(*arguments, **named)
            raise Killed
        return do(*arguments, **named)

    return step


@pytest.mark.parametrize("half", [False, True], ids=["before", "after"])
def test_killed_at_any_step_it_plays_and_goes_on(job: LiveJob, monkeypatch: pytest.MonkeyPatch, half: bool) -> None:
    """Every write and every delete is a point to die at; the database then has what was committed before."""
    steps = 0
    for point in itertools.count():
        counter = itertools.count()
        with monkeypatch.context() as patched, suppress(Killed):
            for name in ("_save", "delete"):
                do = getattr(WholeFileStorage, name)
                patched.setattr(WholeFileStorage, name, dying_after(point, do, counter, half=half))
            consolidate_recording(stream_id=STREAM)
        assert plays_whole(), f"after dying at step {point}"
        job.refresh_from_db()
        if job.consolidated_at:
            break
        steps += 1
    assert steps > 5
    assert {rendition: files(rendition) for rendition in SIZES} == {rendition: ["archive.mp4"] for rendition in SIZES}


def test_what_a_killed_writer_damaged_is_written_anew(job: LiveJob, media: Path) -> None:
    consolidate_recording(stream_id=STREAM)
    good = (media / "source" / "archive.mp4").read_bytes()
    LiveJob.objects.all().delete()
    Segment.objects.all().delete()
    store_broadcast()
    store_object(STREAM, "source/archive.mp4", bytes(len(good)))  # of the right size, and empty

    consolidate_recording(stream_id=STREAM)

    assert (media / "source" / "archive.mp4").read_bytes() == good


def test_archive_that_does_not_hold_is_never_used(job: LiveJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was live stays where it is."""
    monkeypatch.setattr(consolidation, "index_of", lambda *_, **__: b"no index")

    with pytest.raises(MediaDamaged):
        consolidate_recording(stream_id=STREAM)

    assert plays_whole()
    assert "1-0.m4s" in files("source")


def test_segment_that_storage_lost_is_listed_as_a_gap(job: LiveJob, media: Path) -> None:
    (media / "source" / "1-1.m4s").unlink()
    consolidate_recording(stream_id=STREAM)

    assert stored("vod/source/index.m3u8").count(b"#EXT-X-GAP") == 1
    assert played("source")[1] == expected("source")[1].replace(run("source", 1).bodies[1], b"")
    assert played("18p") == expected("18p")


def test_storage_that_is_not_there_costs_nothing(job: LiveJob, media: Path) -> None:
    """A disk that is not mounted looks like one where all files are lost."""
    away = media.rename(media.with_name("away"))
    with pytest.raises(MediaDamaged):
        consolidate_recording(stream_id=STREAM)
    assert cache.get(f"consolidation-failed:{STREAM}")
    away.rename(media)

    consolidate_recording(stream_id=STREAM)

    assert plays_whole()


def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from transcode.tasks import consolidate_recording as task

    asked: list[str] = []
    monkeypatch.setattr(task, "delay", asked.append)
    request_consolidations()
    return asked


def test_recordings_are_consolidated_some_time_after_their_end(
    job: LiveJob, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.CONSOLIDATE_AFTER_SECONDS = 100 * 86_400
    assert sent(monkeypatch) == []
    settings.CONSOLIDATE_AFTER_SECONDS = 60
    assert sent(monkeypatch) == [STREAM]
    cache.set(f"consolidation-failed:{STREAM}", 1)
    assert sent(monkeypatch) == []
    cache.clear()
    LiveJob.objects.update(finished_at=None)  # it is live
    assert sent(monkeypatch) == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_write_one_archive(job: LiveJob, monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on = threading.Event(), threading.Event()
    saved: list[str] = []
    save = WholeFileStorage._save

    def slow(storage: WholeFileStorage, name: str, content: Any) -> str:
        saved.append(name)
        began.set()
        assert go_on.wait(10)
        return save(storage, name, content)

    monkeypatch.setattr(WholeFileStorage, "_save", slow)

    def first() -> None:
        consolidate_recording(stream_id=STREAM)
        connection.close()

    worker = threading.Thread(target=first)
    worker.start()
    assert began.wait(10)
    consolidate_recording(stream_id=STREAM)  # returns at once
    assert saved == [f"broadcasts/{STREAM}/source/{names.ARCHIVE}"]
    go_on.set()
    worker.join(20)

    assert plays_whole()
    assert default_storage.exists(f"broadcasts/{STREAM}/{names.ARCHIVE_INDEX}")
