"""The encoder of the tests, tried on nginx-rtmp alone, before any product is involved."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.free_ports import free_ports
from bench.rival import Rival
from tests.media import bad_sources, counter
from tests.media.counter_clip import Clip
from tests.media.publisher import Publisher, clip_tags
from tests.media.rtmp_client import Refused

SHORT = Clip(width=640, height=360, seconds=8, gop_seconds=1, kbps=800)
WITH_B_FRAMES = Clip(width=640, height=360, seconds=8, gop_seconds=1, kbps=800, bframes=2)


@pytest.fixture(scope="module")
def ingest() -> Iterator[Rival]:
    port, rtmp_port = free_ports(2)
    with Rival(port=port, rtmp_port=rtmp_port) as rival:
        yield rival


def record(ingest: Rival, name: str, path: Path) -> list[int | None]:
    url = f"rtmp://127.0.0.1:{ingest.rtmp_port}/live/{name}"
    subprocess.run(["ffmpeg", "-v", "error", "-i", url, "-t", "3", "-c", "copy", path], check=True, timeout=30)
    return counter.read_counters(path)


@pytest.mark.parametrize("clip", [SHORT, WITH_B_FRAMES], ids=["no B-frames", "B-frames"])
def test_every_frame_arrives_in_order_and_its_sending_is_known(ingest: Rival, tmp_path: Path, clip: Clip) -> None:
    name = f"order{clip.bframes}"
    with Publisher(port=ingest.rtmp_port, key=name, tags=clip_tags(clip)) as publisher:
        seen = [number for number in record(ingest, name, tmp_path / "seen.mkv") if number is not None]
    seen = seen[: -1 - clip.bframes]  # the recording stops in decoding order, before the last picture's B-frames
    assert len(seen) >= 60
    assert seen == list(range(seen[0], seen[0] + len(seen)))
    assert set(seen) <= set(publisher.sent)


def test_frames_are_sent_in_real_time(ingest: Rival) -> None:
    with Publisher(port=ingest.rtmp_port, key="pace", tags=clip_tags(SHORT)) as publisher:
        time.sleep(2)
    times = [publisher.sent[number] for number in sorted(publisher.sent)]
    assert len(times) == pytest.approx(60, abs=4)
    assert times[30] - times[0] == pytest.approx(1.0, abs=0.05)


def test_a_publisher_that_starts_late_begins_with_a_keyframe(ingest: Rival) -> None:
    tags = clip_tags(SHORT, start_seconds=2.5)
    assert next(tag.number for tag in tags if tag.number is not None) == 90
    assert [tag.is_header for tag in tags[:3]] == [True, True, True]


def test_a_second_publisher_of_one_name_is_refused(ingest: Rival) -> None:
    with Publisher(port=ingest.rtmp_port, key="twice", tags=clip_tags(SHORT)) as first:
        with pytest.raises(Refused):
            Publisher(port=ingest.rtmp_port, key="twice", tags=clip_tags(SHORT)).start()
        assert first.is_connected


def test_garbage_ends_the_connection_and_is_noticed(ingest: Rival) -> None:
    with Publisher(port=ingest.rtmp_port, key="garbage", tags=clip_tags(SHORT)) as publisher:
        time.sleep(0.5)
        publisher.send_garbage(b"\x03" + b"\xff" * 4096)
        assert publisher.wait_until_dropped(5)


def test_a_dropped_publisher_frees_its_name_at_once(ingest: Rival) -> None:
    publisher = Publisher(port=ingest.rtmp_port, key="dropped", tags=clip_tags(SHORT)).start()
    publisher.drop()
    time.sleep(0.1)
    Publisher(port=ingest.rtmp_port, key="dropped", tags=clip_tags(SHORT)).start().stop()


def test_spoilt_sources_are_spoilt() -> None:
    tags = clip_tags(SHORT)
    assert {tag.kind for tag in bad_sources.audio_only(tags)} == {8}
    assert {tag.kind for tag in bad_sources.video_only(tags)} == {9}
    assert not any(tag.is_keyframe for tag in bad_sources.without_keyframes(tags))
    assert {tag.body[0] & 0xF for tag in bad_sources.hevc_by_number(tags) if tag.kind == 9} == {12}
    assert {tag.body[1:5] for tag in bad_sources.hevc_enhanced(tags) if tag.kind == 9} == {b"hvc1"}
