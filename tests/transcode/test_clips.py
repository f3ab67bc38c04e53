"""Clips cut from stored segments: which pictures are in them, how their sound fits, and what cannot be cut."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pytest_django import Settings

from tests.media.counter import read_counters
from tests.media.counter_clip import LIKE_OBS, SMALL, Clip
from tests.media.flv_tags import Tag, cut
from tests.media.publisher import clip_tags
from tests.transcode.packaged_broadcast import PackagedBroadcast
from transcode import clips
from transcode.clips import Clipped, cut_clip, drop_clip, latest_span, recorded_span, time_at
from transcode.errors import NotRecorded
from transcode.http_answer import Answer
from transcode.models import Segment
from transcode.origin import Address, read_address
from transcode.origin_stored import piece, stored
from transcode.posters import draw_poster

pytestmark = pytest.mark.django_db
STREAM, CLIP = "0123456789abcdef01234567", "aaaaaaaaaaaaaaaaaaaaaaaa"
FPS = 30
TINY = Clip(width=320, height=180, seconds=20, kbps=300, first=40_000)  # of an encoder with other settings


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    options = {"BACKEND": settings.STORAGES["default"]["BACKEND"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": options}
    return tmp_path


@pytest.fixture
def on_air() -> PackagedBroadcast:
    return PackagedBroadcast(STREAM)


def first(seconds: float, clip: Clip = SMALL, *, start: float = 0) -> list[Tag]:
    """So many seconds of a clip."""
    tags = cut(clip_tags(clip), start_seconds=start)
    return [tag for tag in tags if tag.time_ms < seconds * 1000]


def make(starts_at: float, duration: float, *, whole: bool = True) -> Clipped:
    return cut_clip(clip_id=CLIP, stream_id=STREAM, starts_at=starts_at, duration=duration, whole=whole)


def path(name: str = "clip.mp4") -> Path:
    return Path(default_storage.path(f"clips/{CLIP}/{name}"))


def probe(*entries: str) -> Any:
    argv = ["ffprobe", "-v", "error", "-show_entries", ":".join(entries), "-of", "json", str(path())]
    return json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)


def complaints() -> str:
    argv = ["ffmpeg", "-v", "error", "-xerror", "-i", str(path()), "-f", "null", "-"]
    return subprocess.run(argv, capture_output=True, check=False).stderr.decode()


@pytest.mark.parametrize("source", [SMALL, LIKE_OBS], ids=["no B-frames", "B-frames"])
@pytest.mark.parametrize("into", [0, 1, 31, 59])
def test_the_first_picture_is_exactly_the_wanted_one(on_air: PackagedBroadcast, source: Clip, into: int) -> None:
    on_air.run(first(14, source), at=0)
    wanted = source.first + 60 + into
    made = make(on_air.shown_at[wanted], 6.0)
    numbers = read_counters(path())
    assert numbers[0] == wanted
    assert numbers[: 6 * FPS] == list(range(wanted, wanted + 6 * FPS))
    assert len(numbers) <= 6 * FPS + 3  # B-frames: the end is not cut between pictures that need each other
    assert made.starts_at == pytest.approx(on_air.shown_at[wanted], abs=0.001)
    assert (made.width, made.height) == (source.width, source.height)
    assert complaints() == ""


def test_between_two_pictures_it_is_the_one_on_screen(on_air: PackagedBroadcast) -> None:
    on_air.run(first(10), at=0)
    make(on_air.shown_at[SMALL.first + 45] + 0.02, 5.0)
    assert read_counters(path(), frames=1) == [SMALL.first + 45]


@pytest.mark.parametrize("number", [45, 60, 61])
def test_a_date_that_was_rounded_means_the_picture_it_was_of(on_air: PackagedBroadcast, number: int) -> None:
    """60 begins a segment: a date a moment before it lies in the one before."""
    on_air.run(first(10), at=0)
    make(on_air.shown_at[SMALL.first + number] - 0.0009, 5.0)
    assert read_counters(path(), frames=1) == [SMALL.first + number]


def test_sound_begins_with_the_picture(on_air: PackagedBroadcast) -> None:
    """The tone tells the second it belongs to: 300 Hz and 20 more for each."""
    on_air.run(first(14), at=0)
    make(on_air.shown_at[SMALL.first + 5 * FPS], 5.0)
    argv = ["ffmpeg", "-v", "error", "-i", str(path()), "-map", "0:a", "-ac", "1", "-f", "s16le", "pipe:1"]
    raw = subprocess.run(argv, capture_output=True, check=True).stdout
    tones = [tone_of(raw[2 * 48 * at : 2 * 48 * (at + 200)]) for at in (100, 700, 1100, 4700)]
    assert tones == [400, 400, 420, 480]


def tone_of(raw: bytes) -> int:
    """Hz of 200 ms of a sine, to 20, by how often it rises through zero."""
    samples = memoryview(raw).cast("h")
    rises = sum(before < 0 <= after for before, after in zip(samples, samples[1:], strict=False))
    return round(rises * 5 / 20) * 20


def test_it_is_one_file_that_plays_from_its_first_bytes(on_air: PackagedBroadcast) -> None:
    on_air.run(first(10), at=0)
    make(on_air.shown_at[SMALL.first + 33], 5.0)
    body = path().read_bytes()
    assert body.index(b"moov") < body.index(b"mdat")
    streams = probe("stream=codec_name", "format=duration")
    assert [stream["codec_name"] for stream in streams["streams"]] == ["h264", "aac"]
    assert float(streams["format"]["duration"]) == pytest.approx(5.0, abs=0.05)
    poster = path("poster.jpg").read_bytes()
    assert poster[:2] == b"\xff\xd8"
    assert read_counters(path("poster.jpg")) == [SMALL.first + 33]


def test_over_an_encoders_return_it_goes_on_without_a_pause(on_air: PackagedBroadcast, monkeypatch: Any) -> None:
    monkeypatch.setattr(clips, "_encode_argv", None)  # the same settings: nothing is encoded
    on_air.run(first(6), at=0)
    on_air.run(first(8, start=20), at=16)
    begin = SMALL.first + 3 * FPS + 7
    made = make(on_air.shown_at[begin], 6.0)
    numbers = read_counters(path())
    before, after = [n for n in numbers if n and n < SMALL.first + 6 * FPS], [n for n in numbers if n and n >= 20_600]
    assert before == list(range(begin, SMALL.first + 6 * FPS))
    assert after == list(range(SMALL.first + 20 * FPS, SMALL.first + 20 * FPS + len(after)))
    assert len(numbers) == pytest.approx(6 * FPS, abs=3)
    assert made.duration == 6.0
    [(seconds, at)] = made.joins
    assert seconds == pytest.approx(len(before) / FPS, abs=1.5 / FPS)
    assert at == pytest.approx(on_air.shown_at[SMALL.first + 20 * FPS], abs=0.01)
    assert float(probe("format=duration")["format"]["duration"]) == pytest.approx(6.0, abs=0.1)
    times = [float(frame["pts_time"]) for frame in probe("frame=pts_time,media_type")["frames"] if "pts_time" in frame]
    assert max(times) < 6.1
    assert complaints() == ""


def test_an_encoder_that_returns_with_other_settings_is_brought_to_one_size(on_air: PackagedBroadcast) -> None:
    on_air.run(first(6), at=0)
    on_air.run(first(8, TINY), at=16)
    begin = SMALL.first + 3 * FPS + 7
    made = make(on_air.shown_at[begin], 6.0)
    numbers = read_counters(path())
    assert numbers[0] == begin
    small = SMALL.first + 6 * FPS - begin
    assert numbers[:small] == list(range(begin, begin + small))
    assert numbers[small : 6 * FPS - 1] == list(range(TINY.first, TINY.first + 6 * FPS - 1 - small))
    assert (made.width, made.height) == (640, 360)
    assert complaints() == ""


def test_what_is_not_stored_yet_is_not_cut_as_if_it_were(on_air: PackagedBroadcast) -> None:
    on_air.run(first(8), at=0)
    begin = on_air.shown_at[SMALL.first + 4 * FPS]
    with pytest.raises(NotRecorded):
        make(begin, 10.0)
    assert not path().exists()
    assert make(begin, 10.0, whole=False).duration == pytest.approx(4.0, abs=0.1)


def test_a_segment_that_is_on_its_way_to_storage_leaves_no_half_clip(on_air: PackagedBroadcast) -> None:
    on_air.run(first(10), at=0)
    last = Segment.objects.of(STREAM)[3]
    default_storage.delete(f"broadcasts/{STREAM}/source/{last.epoch}-{last.sequence}.m4s")
    with pytest.raises(FileNotFoundError):
        make(on_air.shown_at[SMALL.first], 8.0)
    assert not path().exists()


def test_repeating_it_gives_the_same_and_dropping_it_leaves_nothing(on_air: PackagedBroadcast, media: Path) -> None:
    on_air.run(first(8), at=0)
    made = [make(on_air.shown_at[SMALL.first + 10], 5.0) for _ in range(2)]
    assert made[0] == made[1]
    for _ in range(2):
        drop_clip(clip_id=CLIP)
    assert [found for found in (media / "clips").rglob("*") if found.is_file()] == []


async def test_an_origin_gives_what_nginx_has_not(media: Path) -> None:
    for name in ("clip.mp4", "poster.jpg"):
        default_storage.save(f"clips/{CLIP}/{name}", ContentFile(name.encode()))
        assert isinstance(read_address(name.encode()), Address)
    answer = await stored(CLIP, "poster.jpg")
    assert (answer.status, answer.body, answer.content_type) == (200, b"poster.jpg", b"image/jpeg")
    answer = await piece(CLIP, "clip.mp4", b"bytes=2-1048575")  # never all of it at once, however large it is
    assert (answer.status, answer.body) == (206, b"ip.mp4")
    assert answer.headers == ((b"Content-Range", b"bytes 2-7/8"),)
    for wanted in (b"", b"bytes=0-", b"bytes=0-4194304", b"bytes=8-9"):
        assert (await piece(CLIP, "clip.mp4", wanted)).status == 416
    assert (await piece(STREAM, "clip.mp4", b"bytes=0-9")).status == 404
    assert isinstance(read_address(b"source/clip.mp4"), Answer)


def test_the_newest_seconds(on_air: PackagedBroadcast) -> None:
    with pytest.raises(NotRecorded):
        latest_span(stream_id=STREAM, duration=5)
    on_air.run(first(6), at=0)
    on_air.run(first(8, start=20), at=16)
    end = on_air.shown_at[SMALL.first + 28 * FPS - 1] + 1 / FPS
    assert latest_span(stream_id=STREAM, duration=5) == pytest.approx((end - 5, 5), abs=0.05)
    over_the_hole = latest_span(stream_id=STREAM, duration=10)
    assert over_the_hole == pytest.approx((on_air.shown_at[SMALL.first + 4 * FPS], 10), abs=0.05)
    everything = latest_span(stream_id=STREAM, duration=60)
    assert everything == pytest.approx((on_air.shown_at[SMALL.first], 14), abs=0.05)


def test_a_picture_of_the_recording_is_the_key_frame_before(on_air: PackagedBroadcast, media: Path) -> None:
    on_air.run(first(6), at=0)
    on_air.run(first(8, start=20), at=16)
    for seconds, number in ((0.0, 0), (3.5, 2 * FPS), (7.0, 20 * FPS)):  # the last is behind an absence
        stored_at = draw_poster(stream_id=STREAM, seconds=seconds)
        assert re.fullmatch(rf"previews/{STREAM}/[0-9]{{1,15}}\.jpg", stored_at)
        assert read_counters(media / stored_at) == [SMALL.first + number]
    with pytest.raises(NotRecorded):
        draw_poster(stream_id="0" * 24, seconds=1)


def test_places_of_the_recording_leave_out_what_was_not_recorded(on_air: PackagedBroadcast) -> None:
    on_air.run(first(6), at=0)
    on_air.run(first(8, start=20), at=16)
    for offset, number in ((0, 0), (4, 4 * FPS), (7, 21 * FPS), (13, 27 * FPS)):
        shown_at = on_air.shown_at[SMALL.first + number]
        assert time_at(stream_id=STREAM, offset=offset) == pytest.approx(shown_at, abs=0.05)


def test_what_the_broadcast_does_not_reach_is_not_recorded(on_air: PackagedBroadcast) -> None:
    on_air.run(first(8), at=0)
    begin = on_air.shown_at[SMALL.first]
    assert recorded_span(stream_id=STREAM, starts_at=begin + 2, duration=5) == (begin + 2, 5)
    assert recorded_span(stream_id=STREAM, starts_at=begin + 2, duration=9)[1] == pytest.approx(6, abs=0.05)
    for at in (begin - 30, begin + 8.5, begin + 3600):
        with pytest.raises(NotRecorded):
            recorded_span(stream_id=STREAM, starts_at=at, duration=5)
