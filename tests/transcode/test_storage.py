"""Object storage behind the live edge, and preview pictures drawn from it."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from tests.transcode.test_packager import Show
from transcode import live_store, previews, signals
from transcode.live_store import Uploader, store_object
from transcode.preview_schedule import PreviewSchedule

STREAM = "0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    options = {"BACKEND": settings.STORAGES["default"]["BACKEND"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": options}
    return tmp_path


def test_file_that_a_killed_worker_left_half_written_is_replaced(media: Path) -> None:
    for body in (b"half", b"the whole"):
        store_object(STREAM, "source/1-0.m4s", body)

    assert (media / "broadcasts" / STREAM / "source/1-0.m4s").read_bytes() == b"the whole"
    assert len(list((media / "broadcasts" / STREAM / "source").iterdir())) == 1


async def test_uploader_stores_segments_and_inits_and_no_parts(media: Path) -> None:
    show = Show()
    show.play(0, 110)
    uploader = Uploader(STREAM)
    for entry in show.made:
        uploader.add(entry)
    await asyncio.wait_for(uploader.drain(), 10)
    await uploader.close()

    folder = media / "broadcasts" / STREAM / "source"
    assert sorted(path.name for path in folder.iterdir()) == ["1-0.m4s", "1-1.m4s", "1.init.mp4"]
    finished = [entry.finished for entry in show.made if entry.finished and entry.rendition == "source"]
    assert [(folder / one.name).read_bytes() for one in finished if one] == [one.body for one in finished if one]


async def test_uploader_tries_again_while_storage_is_away(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """B-19"""
    failures = [OSError("full"), OSError("still full")]
    store = live_store.store_object

    def flaky(*arguments: Any) -> None:
        if failures:
            raise failures.pop()
        store(*arguments)

    monkeypatch.setattr(live_store, "store_object", flaky)
    uploader = Uploader(STREAM)
    show = Show()
    uploader.add(show.made[0])
    await asyncio.wait_for(uploader.drain(), 10)
    await uploader.close()

    assert (media / "broadcasts" / STREAM / "source/1.init.mp4").read_bytes() == b"source init"


def fragmented(seconds: int = 1) -> tuple[bytes, bytes]:
    argv = [*("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=10", "-t", str(seconds))]
    argv += [*("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-movflags")]
    argv += ["frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "pipe:1"]
    data = subprocess.run(argv, capture_output=True, check=True).stdout
    cut = data.index(b"moof") - 4
    return data[:cut], data[cut:]


def test_preview_is_a_small_jpeg_and_old_ones_go(media: Path) -> None:
    init, segment = fragmented()
    store_object(STREAM, "source/1.init.mp4", init)
    store_object(STREAM, "source/1-0.m4s", segment)
    told: list[str] = []

    def receive(*, path: str, **_: Any) -> None:
        told.append(path)

    signals.preview_ready.receivers, receivers = [], signals.preview_ready.receivers
    signals.preview_ready.sender_receivers_cache.clear()
    signals.preview_ready.connect(receive)
    folder = media / "previews" / STREAM
    folder.mkdir(parents=True)
    for old in range(1_000_000_000, 1_000_000_006):
        (folder / f"{old}.jpg").write_bytes(b"old")
    try:
        path = previews.make_preview(stream_id=STREAM, init_path="source/1.init.mp4", segment_path="source/1-0.m4s")
    finally:
        signals.preview_ready.receivers = receivers
        signals.preview_ready.sender_receivers_cache.clear()

    assert told == [path]
    picture = default_storage.open(path).read()
    assert picture[:3] == b"\xff\xd8\xff"
    probe = ["ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", "-"]
    assert subprocess.run(probe, input=picture, capture_output=True, check=True).stdout.strip() == b"640,360"
    assert len(list(folder.iterdir())) == previews.PREVIEWS_KEPT


def test_preview_of_a_segment_that_is_not_stored_yet_is_tried_again_by_its_task() -> None:
    with pytest.raises(FileNotFoundError):
        previews.make_preview(stream_id=STREAM, init_path="source/1.init.mp4", segment_path="source/1-0.m4s")


def test_preview_is_asked_for_now_and_then_and_never_of_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(
        "transcode.preview_schedule.current_app.send_task", lambda *_, args, **__: asked.append(args), raising=False
    )
    show = Show()
    show.play(0, 210)
    schedule = PreviewSchedule(STREAM)
    for entry in sorted(show.made, key=lambda entry: entry.rendition):  # the sound first
        if entry.finished:
            schedule.see(entry.finished)

    assert asked == [[STREAM, "360p/1.init.mp4", "360p/1-0.m4s"]]
