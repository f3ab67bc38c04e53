"""Recordings as one MP4: every picture and sound in it, without the encoder's absences, or no file at all."""

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from transcode import fmp4
from transcode.consolidation import consolidate_recording
from transcode.downloads import (
    DownloadFailed,
    best_rendition,
    download_path,
    download_size,
    remove_download,
    write_download,
)
from transcode.hls import names
from transcode.hls.multivariant import Rendition
from transcode.live_store import store_object
from transcode.models import LiveJob, Segment

pytestmark = pytest.mark.django_db
STREAM = "0123456789abcdef01234567"
BEGIN = 1_795_159_800.0
RATE, SEGMENT_SECONDS = 30, 2


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    options = {"BACKEND": settings.STORAGES["default"]["BACKEND"], "OPTIONS": {"location": tmp_path / "media"}}
    settings.STORAGES = {**settings.STORAGES, "default": options}
    settings.DATA_DIR = tmp_path
    known = [
        Rendition("source", "avc1", 9, 9, 320, 180, 30.0),
        Rendition("audio", "mp4a.40.2", 9, 9, channels=2),
    ]
    LiveJob.objects.create(stream_id=STREAM, renditions=[entry.to_json() for entry in known])
    return tmp_path


@cache
def fragments(kind: str, seconds: int, starts_at: float) -> tuple[bytes, list[bytes]]:
    """An initialization section and segments of two seconds; `kind` is the size of a picture with B-frames, or sine."""
    argv = ["ffmpeg", "-v", "error", "-f", "lavfi"]
    if kind == "sine":
        argv += ["-i", "sine=r=48000", "-t", str(seconds), "-c:a", "aac", "-frag_duration", "2000000"]
        flags = "empty_moov+default_base_moof"
    else:
        argv += ["-i", f"testsrc2=s={kind}:r={RATE}", "-t", str(seconds), "-c:v", "libx264", "-preset", "ultrafast"]
        argv += ["-bf", "2", "-g", str(RATE * SEGMENT_SECONDS), "-sc_threshold", "0", "-pix_fmt", "yuv420p"]
        flags = "frag_keyframe+empty_moov+default_base_moof"
    argv += ["-output_ts_offset", str(starts_at), "-movflags", flags, "-f", "mp4", "pipe:1"]
    made = subprocess.run(argv, capture_output=True, check=True).stdout
    starts = [box.offset for box in fmp4.walk_boxes(made) if box.path == "moof"]
    ends = [*starts[1:], made.rindex(b"mfra") - 4]
    return made[: starts[0]], [made[start:end] for start, end in zip(starts, ends, strict=True)]


def on_air(epoch: int, first_msn: int, starts_at: float, *, size: str = "320x180", seconds: int = 6) -> int:
    """One run of picture and sound; returns the next segment's number."""
    made = {"source": fragments(size, seconds, starts_at), "audio": fragments("sine", seconds, starts_at)}
    count = seconds // SEGMENT_SECONDS
    sizes: dict[str, list[int]] = {}
    for name, (init, bodies) in made.items():
        store_object(STREAM, f"{name}/{names.init_name(epoch)}", init)
        bodies = [*bodies[: count - 1], b"".join(bodies[count - 1 :])]  # the sound's last fragment may be a short one
        sizes[name] = [len(body) for body in bodies]
        for number, body in enumerate(bodies):
            store_object(STREAM, f"{name}/{names.segment_name(epoch, first_msn + number)}", body)
    for number in range(count):
        Segment.objects.create(
            stream_id=STREAM,
            sequence=first_msn + number,
            epoch=epoch,
            starts_at=datetime.fromtimestamp(BEGIN + starts_at + number * SEGMENT_SECONDS, UTC),
            discontinuity=number == 0 and epoch > 1,
            renditions={name: [2.0, sizes[name][number], 0, 0] for name in made},
        )
    return first_msn + count


def made_file(media: Path) -> Path:
    return media / "media" / names.object_key(STREAM, download_path("source"))


def probe(path: Path) -> dict[str, dict[str, Any]]:
    argv = ["ffprobe", "-v", "error", "-count_frames", "-show_entries"]
    argv += ["stream=codec_type,nb_read_frames,nb_frames,width,height,duration", "-of", "json", str(path)]
    found = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
    return {stream["codec_type"]: stream for stream in found["streams"]}


def complaints(path: Path) -> str:
    """What a decoder says of it."""
    argv = ["ffmpeg", "-v", "warning", "-nostdin", "-i", str(path), "-f", "null", "-"]
    return subprocess.run(argv, capture_output=True, check=True, text=True).stderr


def times(path: Path, stream: str) -> list[float]:
    argv = ["ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time", "-of", "csv=p=0"]
    said = subprocess.run([*argv, str(path)], capture_output=True, check=True, text=True).stdout
    return sorted(float(line.strip(",")) for line in said.split())


def sounds(*starts: float, seconds: int = 6) -> int:
    made = [fragments("sine", seconds, start)[1] for start in starts]
    boxes = [box for bodies in made for box in fmp4.walk_boxes(b"".join(bodies))]
    return sum(int.from_bytes(box.payload[4:8], "big") for box in boxes if box.path == "moof/traf/trun")


def test_one_run_is_copied_whole_with_its_index_in_front(media: Path) -> None:
    on_air(1, 0, 10)
    told: list[float] = []
    write_download(stream_id=STREAM, rendition="source", on_progress=told.append)
    path = made_file(media)
    found = probe(path)
    assert found["video"]["nb_read_frames"] == found["video"]["nb_frames"] == str(6 * RATE)
    assert found["audio"]["nb_read_frames"] == str(sounds(10))
    assert (found["video"]["width"], found["video"]["height"]) == (320, 180)
    assert complaints(path) == ""
    kinds = [box.path for box in fmp4.walk_boxes(path.read_bytes()) if box.path in ("moov", "mdat", "moof")]
    assert kinds == ["moov", "mdat"]
    assert told == sorted(told)
    assert told[-1] == pytest.approx(6)
    assert download_size(stream_id=STREAM, rendition="source") == path.stat().st_size
    assert not list((media / "downloads").iterdir())
    # Picture and sound begin together, as they were stored.
    assert times(path, "v")[0] == pytest.approx(times(path, "a")[0], abs=0.08)


def test_an_absence_is_left_out_and_every_picture_is_in_it(media: Path) -> None:
    """Two runs with a minute between them."""
    next_msn = on_air(1, 0, 10)
    on_air(2, next_msn + 30, 76)
    told: list[float] = []
    write_download(stream_id=STREAM, rendition="source", on_progress=told.append)
    path = made_file(media)
    found = probe(path)
    assert found["video"]["nb_read_frames"] == str(2 * 6 * RATE)
    assert found["audio"]["nb_read_frames"] == str(sounds(10, 76))
    assert complaints(path) == ""
    assert float(found["video"]["duration"]) == pytest.approx(12, abs=0.2)
    assert float(found["audio"]["duration"]) == pytest.approx(12, abs=0.2)
    assert max(after - before for before, after in pairwise(times(path, "v"))) < 0.2
    assert told[-1] == pytest.approx(12)


def test_another_size_on_the_way_is_encoded_to_the_first(media: Path) -> None:
    next_msn = on_air(1, 0, 10)
    on_air(2, next_msn, 16, size="160x120")
    write_download(stream_id=STREAM, rendition="source")
    path = made_file(media)
    found = probe(path)
    assert (found["video"]["width"], found["video"]["height"]) == (320, 180)
    assert found["video"]["nb_read_frames"] == str(2 * 6 * RATE)
    assert complaints(path) == ""


def test_recording_that_became_one_file_gives_the_same(media: Path) -> None:
    next_msn = on_air(1, 0, 10)
    on_air(2, next_msn, 76)
    write_download(stream_id=STREAM, rendition="source")
    before = made_file(media).read_bytes()
    began = datetime.fromtimestamp(BEGIN, UTC)
    LiveJob.objects.update(created_at=began, finished_at=began)
    consolidate_recording(stream_id=STREAM)
    assert not default_storage.exists(names.object_key(STREAM, "source/1-0.m4s"))
    write_download(stream_id=STREAM, rendition="source")
    assert made_file(media).read_bytes() == before


def test_a_broken_file_would_be_noticed(media: Path) -> None:
    """The control of the checks above."""
    on_air(1, 0, 10)
    write_download(stream_id=STREAM, rendition="source")
    path = made_file(media)
    whole = path.read_bytes()
    place = len(whole) * 2 // 3
    path.write_bytes(whole[:place] + bytes(2000) + whole[place + 2000 :])
    assert complaints(path) != ""


@pytest.mark.parametrize("lost", ["source/1-1.m4s", "audio/1-2.m4s", "source/1.init.mp4"])
def test_what_is_not_whole_is_not_offered(media: Path, lost: str) -> None:
    on_air(1, 0, 10)
    default_storage.delete(names.object_key(STREAM, lost))
    with pytest.raises((FileNotFoundError, DownloadFailed)):
        write_download(stream_id=STREAM, rendition="source")
    assert download_size(stream_id=STREAM, rendition="source") is None
    assert not made_file(media).exists()


def test_damaged_media_make_no_file(media: Path) -> None:
    on_air(1, 0, 10)
    store_object(STREAM, "source/1.init.mp4", b"nonsense" * 100)
    with pytest.raises(DownloadFailed):
        write_download(stream_id=STREAM, rendition="source")
    assert not made_file(media).exists()


def test_nothing_stored_in_this_quality(media: Path) -> None:
    with pytest.raises(DownloadFailed):
        write_download(stream_id=STREAM, rendition="source")


def test_making_it_again_after_a_kill_replaces_what_was_left(media: Path) -> None:
    on_air(1, 0, 10)
    left = media / "downloads" / STREAM
    left.mkdir(parents=True)
    (left / "0.mp4").write_bytes(b"half")
    write_download(stream_id=STREAM, rendition="source")
    write_download(stream_id=STREAM, rendition="source")
    assert probe(made_file(media))["video"]["nb_read_frames"] == str(6 * RATE)
    remove_download(stream_id=STREAM, rendition="source")
    remove_download(stream_id=STREAM, rendition="source")
    assert download_size(stream_id=STREAM, rendition="source") is None


def test_sound_is_left_out_where_some_of_it_is_missing(media: Path) -> None:
    on_air(1, 0, 10)
    row = Segment.objects.get(sequence=1)
    del row.renditions["audio"]
    row.save()
    write_download(stream_id=STREAM, rendition="source")
    assert set(probe(made_file(media))) == {"video"}


def test_the_best_picture_is_offered() -> None:
    assert best_rendition(STREAM) == "source"
    assert best_rendition("f" * 24) == ""


def test_there_are_three_segments_a_run(media: Path) -> None:
    """The control of the made-up broadcast."""
    counts: Sequence[int] = [len(fragments(kind, 6, 10)[1]) for kind in ("320x180", "sine")]
    assert counts[0] == 3
    assert counts[1] >= 3
