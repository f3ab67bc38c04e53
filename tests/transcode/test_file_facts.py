"""What ffprobe says of a file becomes what is made of it."""

from fractions import Fraction
from typing import Any

import pytest

from transcode.errors import FileRefused
from transcode.file_facts import MAX_STREAMS, FileFacts, demuxer_of, judge_probe
from transcode.file_ffmpeg import import_argv, key_interval, probe_argv
from transcode.ladder import AUDIO, plan_renditions

PICTURE = {"index": 0, "codec_type": "video", "codec_name": "h264", "width": 1920, "height": 1080}
SOUND = {"index": 1, "codec_type": "audio", "codec_name": "aac"}


def judged(*streams: dict[str, Any], seconds: str = "60") -> FileFacts:
    return judge_probe("mov", {"streams": list(streams), "format": {"duration": seconds}}, max_seconds=3600)


@pytest.mark.parametrize(
    ("head", "demuxer"),
    [
        (b"\x00\x00\x00\x20ftypisom", "mov"),
        (b"\x00\x00\x00\x08wide\x00\x00", "mov"),
        (b"\x1aE\xdf\xa3\x9fB\x86", "matroska"),
        (b"FLV\x01\x05", "flv"),
        ((b"\x47" + bytes(187)) * 4, "mpegts"),
        (bytes(4) + (b"\x47" + bytes(191)) * 4, "mpegts"),
    ],
)
def test_first_bytes_tell_the_format(head: bytes, demuxer: str) -> None:
    assert demuxer_of(head) == demuxer
    for argv in (probe_argv(demuxer), import_argv(judged(PICTURE), [], {}, segment_seconds=2, timing="vsync")):
        assert argv[argv.index("-protocol_whitelist") + 1] == "file"
    assert probe_argv(demuxer)[probe_argv(demuxer).index("-format_whitelist") + 1] == demuxer


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"", "container"),
        (b"\x47" + bytes(187) + b"\x00" * 500, "container"),
        (b"\x00\x00\x00\x20ftypavif", "image"),
        (b"\x00\x00\x00\x20ftypheic", "image"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image"),
        (b"\xef\xbb\xbf\n#EXTM3U", "playlist"),
        (b"<?xml version='1.0'?><MPD>", "playlist"),
        (b"OggS", "container"),
    ],
)
def test_other_first_bytes_are_refused(head: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        demuxer_of(head)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("told", "rate"),
    [
        ("30/1", Fraction(30)),
        ("2987/100", Fraction(30000, 1001)),  # a phone's
        ("30000/1001", Fraction(30000, 1001)),
        ("147/10", Fraction(147, 10)),
        ("0/0", Fraction(30)),
        ("1/10", Fraction(10)),  # slides
        ("90000/1", Fraction(240)),
        ("nonsense", Fraction(30)),
    ],
)
def test_pictures_come_at_a_constant_rate(told: str, rate: Fraction) -> None:
    assert judged(PICTURE | {"avg_frame_rate": told}).frame_rate == rate


def test_covers_and_unknown_streams_are_passed_over() -> None:
    cover = PICTURE | {"index": 5, "codec_name": "mjpeg", "disposition": {"attached_pic": 1, "default": 1}}
    unknown = SOUND | {"index": 6, "codec_name": "unknown"}
    second = SOUND | {"index": 7, "disposition": {"default": 1}}
    facts = judged(cover, unknown, PICTURE, SOUND, second)
    assert (facts.video_index, facts.audio_index) == (0, 7)
    with pytest.raises(FileRefused):
        judged(cover, SOUND)
    assert judged(PICTURE).audio_index is None


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, (1920, 1080)),
        ({"side_data_list": [{"rotation": -90}]}, (1080, 1920)),
        ({"side_data_list": [{"rotation": 180}]}, (1920, 1080)),
        ({"width": 1440, "sample_aspect_ratio": "4:3"}, (1920, 1080)),
        ({"sample_aspect_ratio": "1:1000000"}, (1920, 1080)),
        ({"sample_aspect_ratio": "0:1"}, (1920, 1080)),
    ],
)
def test_size_is_that_which_is_shown(changes: dict[str, Any], size: tuple[int, int]) -> None:
    facts = judged(PICTURE | changes)
    assert (facts.width, facts.height) == size


@pytest.mark.parametrize(
    ("streams", "seconds", "code"),
    [
        ([PICTURE] * (MAX_STREAMS + 1), "60", "streams"),
        ([PICTURE], "3601", "too_long"),
        ([PICTURE], "inf", "too_long"),
        ([PICTURE | {"width": 0}], "60", "no_picture"),
        ([PICTURE | {"width": 30_000}], "60", "too_large"),
        ([SOUND], "60", "no_picture"),
        ([], "60", "no_picture"),
    ],
)
def test_what_cannot_be_made_is_refused(streams: list[dict[str, Any]], seconds: str, code: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        judged(*streams, seconds=seconds)
    assert refusal.value.code == code


@pytest.mark.parametrize("rate", ["24000/1001", "25/1", "30000/1001", "50/1", "60/1", "120/1", "147/10", "10/1"])
def test_every_rendition_has_the_same_key_frames(rate: str) -> None:
    facts = judged(PICTURE | {"avg_frame_rate": rate}, SOUND)
    fps = float(facts.frame_rate)
    plans = plan_renditions(1920, 1080, frame_rate=fps, passthrough=False, max_rungs=3, max_frame_rate=60)
    interval = key_interval(facts, plans, 2)
    assert all(interval % plan.frame_step == 0 for plan in plans)
    assert abs(interval / facts.frame_rate - 2) < Fraction(1, 10)
    pipes = {name: number for number, name in enumerate([*(plan.name for plan in plans), AUDIO])}
    argv = import_argv(facts, plans, pipes, segment_seconds=2, timing="fps_mode")
    assert argv.count("-g") == len(plans) == argv.count("libx264")
    assert argv[-1] == f"pipe:{pipes[AUDIO]}"
