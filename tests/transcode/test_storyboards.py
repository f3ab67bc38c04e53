"""Storyboards: which picture is on which tile, while live and afterwards."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage
from pytest_django import Settings

from transcode import fmp4, storyboards
from transcode.errors import BitstreamError, BoxError
from transcode.hls.multivariant import Rendition
from transcode.keyframes import key_frame_stream
from transcode.live_store import store_object
from transcode.models import LiveJob, Segment

pytestmark = pytest.mark.django_db
STREAM = "0123456789abcdef01234567"
FOLDER = f"broadcasts/{STREAM}"
BEGIN = 1_795_159_800.0
SEGMENT_SECONDS = 2.0
STEP = 6  # each picture is this much brighter than the one before
DARKEST = 16


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    options = {"BACKEND": settings.STORAGES["default"]["BACKEND"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": options}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    return tmp_path


@pytest.fixture(scope="module")
def pictures() -> tuple[bytes, list[bytes]]:
    """An initialization section, and 32 segments of one grey picture each, brighter and brighter."""
    grey = f"nullsrc=s=64x36:r=1:d=32,geq=lum='{DARKEST}+{STEP}*N':cb=128:cr=128"
    argv = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", grey, "-c:v", "libx264", "-g", "1", "-pix_fmt", "yuv420p"]
    argv += ["-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "pipe:1"]
    made = subprocess.run(argv, capture_output=True, check=True).stdout
    starts = [box.offset for box in fmp4.walk_boxes(made) if box.path == "moof"]
    ends = [*starts[1:], made.rindex(b"mfra") - 4]
    return made[: starts[0]], [made[start:end] for start, end in zip(starts, ends, strict=True)]


def on_air(pictures: tuple[bytes, list[bytes]], numbers: range, *, absent: range = range(0)) -> None:
    """Five segments for each picture, in the source and a smaller rendition; none while the encoder is `absent`."""
    init, bodies = pictures
    renditions = [Rendition("source", "avc1", 9, 9, 640, 360, 30.0), Rendition("36p", "avc1", 9, 9, 64, 36, 30.0)]
    known = [entry.to_json() for entry in [*renditions, Rendition("audio", "mp4a.40.2", 9, 9, channels=2)]]
    LiveJob.objects.update_or_create(stream_id=STREAM, defaults={"renditions": known})
    store_object(STREAM, "36p/1.init.mp4", init)
    for msn in range(numbers.start * 5, numbers.stop * 5):
        if msn // 5 in absent:
            continue
        body = bodies[msn // 5]
        store_object(STREAM, f"36p/1-{msn}.m4s", body + b"what follows the key frame")
        made = {"source": [2.0, 9_999, 999], "36p": [2.0, len(body) + 26, len(body)], "audio": [2.0, 99, 0]}
        at = datetime.fromtimestamp(BEGIN + SEGMENT_SECONDS * msn, UTC)
        Segment.objects.create(stream_id=STREAM, sequence=msn, epoch=1, starts_at=at, renditions=made)


def index(path: str = "storyboard.json") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(default_storage.open(f"{FOLDER}/{path}").read())
    return found


def tiles(url: str) -> list[int]:
    """Which picture each tile of a sprite shows, told by how bright it is."""
    argv = ["ffmpeg", "-v", "error", "-i", "pipe:0", "-pix_fmt", "gray"]
    argv += ["-f", "rawvideo", "pipe:1"]
    sprite = default_storage.open(f"{FOLDER}/{url}").read()
    bright = subprocess.run(argv, input=sprite, capture_output=True, check=True).stdout
    middles = [bright[(90 * row + 45) * 800 + 160 * column + 80] for row in range(5) for column in range(5)]
    return [round(middle * 219 / 255 / STEP) for middle in middles]  # JPEG's black is 0, video's is 16


def test_storyboard_grows_with_the_broadcast(media: Path, pictures: tuple[bytes, list[bytes]]) -> None:
    on_air(pictures, range(3))
    storyboards.update_storyboard(stream_id=STREAM)
    young = index()
    first = young.pop("sprites")[0]
    assert young == {"tile_width": 160, "tile_height": 90, "columns": 5, "rows": 5, "interval_seconds": 10}
    assert first == {"url": "storyboard/0-3.jpg", "starts_at": BEGIN, "tiles": 3}
    assert tiles(first["url"])[:3] == [0, 1, 2]

    on_air(pictures, range(3, 32))
    storyboards.update_storyboard(stream_id=STREAM)
    assert index()["sprites"] == [
        {"url": "storyboard/0-25.jpg", "starts_at": BEGIN, "tiles": 25},
        {"url": "storyboard/1-7.jpg", "starts_at": BEGIN + 250, "tiles": 7},
    ]
    assert tiles("storyboard/0-25.jpg") == list(range(25))
    assert tiles("storyboard/1-7.jpg")[:7] == list(range(25, 32))


def test_players_that_have_the_index_before_still_find_its_pictures(
    media: Path, pictures: tuple[bytes, list[bytes]]
) -> None:
    kept = []
    for count in (1, 2, 3):
        on_air(pictures, range(count - 1, count))
        storyboards.update_storyboard(stream_id=STREAM)
        storyboards.update_storyboard(stream_id=STREAM)  # nothing is new
        kept.append(sorted(path.name for path in (media / FOLDER / "storyboard").iterdir()))

    assert kept == [["0-1.jpg"], ["0-1.jpg", "0-2.jpg"], ["0-2.jpg", "0-3.jpg"]]


def test_picture_before_stands_for_an_absent_encoder(pictures: tuple[bytes, list[bytes]]) -> None:
    on_air(pictures, range(10), absent=range(4, 7))
    storyboards.update_storyboard(stream_id=STREAM)

    assert tiles("storyboard/0-10.jpg")[:10] == [0, 1, 2, 3, 3, 3, 3, 7, 8, 9]


@pytest.mark.parametrize("drawn", [0, 25, 30, 32])
def test_recording_has_the_whole_storyboard(pictures: tuple[bytes, list[bytes]], drawn: int) -> None:
    """However much of it was drawn while live, and also when it is asked for twice."""
    on_air(pictures, range(drawn))
    storyboards.update_storyboard(stream_id=STREAM)
    on_air(pictures, range(drawn, 32))
    storyboards.finish_storyboard(stream_id=STREAM)
    live = index()
    storyboards.finish_storyboard(stream_id=STREAM)

    assert index() == live
    assert [sprite["url"] for sprite in index("vod/storyboard.json")["sprites"]] == [
        "../storyboard/0-25.jpg",
        "../storyboard/1-7.jpg",
    ]


def test_broadcast_without_pictures_has_no_storyboard(pictures: tuple[bytes, list[bytes]]) -> None:
    for numbers in (range(0), range(2)):
        on_air(pictures, numbers)
        Segment.objects.update(renditions={"audio": [2.0, 99, 0]})
        storyboards.update_storyboard(stream_id=STREAM)
        storyboards.finish_storyboard(stream_id=STREAM)

    assert not default_storage.exists(f"{FOLDER}/storyboard.json")


def test_only_one_worker_draws_a_storyboard(pictures: tuple[bytes, list[bytes]]) -> None:
    on_air(pictures, range(2))
    cache.add(f"storyboard:{STREAM}", 1, timeout=60)
    storyboards.update_storyboard(stream_id=STREAM)

    assert not default_storage.exists(f"{FOLDER}/storyboard.json")


def test_what_is_no_key_frame_is_refused(pictures: tuple[bytes, list[bytes]]) -> None:
    init, bodies = pictures
    assert key_frame_stream([(init, bodies[0])]).count(b"\x00\x00\x00\x01\x09\x10") == 1
    for spoiled in ((init, b""), (b"", bodies[0]), (init, b"\x00\x00\x00\x08moof")):
        with pytest.raises(BoxError):
            key_frame_stream([spoiled])
    with pytest.raises(BitstreamError):
        key_frame_stream([(init, bodies[0][:-1])])
