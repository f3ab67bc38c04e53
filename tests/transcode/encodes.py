"""Real encodes for tests: sources of every kind, and what FFmpeg makes of them with our command line."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache

from tests.transcode.live_services import ROOT
from transcode import flv
from transcode.ffmpeg import SOFTWARE, Pipeline, transcode_argv
from transcode.flv import FlvReader
from transcode.h264 import parse_avc_config
from transcode.ladder import VideoPlan
from transcode.process import ffmpeg_timing_option

ENCODE_SECONDS = 60


@dataclass(frozen=True)
class Picture:
    """One coded picture of a stream. Times are milliseconds."""

    pts: int
    size: int
    is_key: bool


def ffmpeg(*argv: str, input: bytes = b"") -> bytes:
    """What FFmpeg writes to stdout."""
    command = ["ffmpeg", "-v", "error", "-nostdin" if not input else "-hide_banner", *argv]
    ran = subprocess.run(command, input=input, capture_output=True, check=False, timeout=ENCODE_SECONDS, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


@cache
def source(
    *,
    rate: str = "30",
    seconds: float = 4,
    size: str = "320x240",
    b_frames: int = 0,
    key_every: int = 60,
    filters: str = "null",
) -> bytes:
    """FLV as an encoder would send it; `filters` work on a moving test picture."""
    return ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate},{filters}", "-t", str(seconds)),
        *("-vf", "settb=1/1000,setpts=PTS+10", f"-{ffmpeg_timing_option()}", "passthrough", "-enc_time_base", "-1"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-bf", str(b_frames), "-b:v", "4M", "-pix_fmt", "yuv420p"),
        *("-g", str(key_every), "-keyint_min", str(key_every), "-sc_threshold", "0", "-f", "flv", "pipe:1"),
    )


def transcode(
    clip: bytes,
    rungs: Sequence[VideoPlan],
    *,
    follow: bool = True,
    pipeline: Pipeline = SOFTWARE,
    begin_ms: float = 0.0,
    constant_rate: float = 0.0,
) -> dict[str, list[Picture]]:
    """Every rung's pictures in presentation order, made by the very command line a broadcast gets."""
    made = transcoded(clip, rungs, follow=follow, pipeline=pipeline, begin_ms=begin_ms, constant_rate=constant_rate)
    return {name: pictures(stream) for name, stream in made.items()}


def transcoded(
    clip: bytes,
    rungs: Sequence[VideoPlan],
    *,
    follow: bool = True,
    pipeline: Pipeline = SOFTWARE,
    begin_ms: float = 0.0,
    constant_rate: float = 0.0,
) -> dict[str, bytes]:
    """Every rung as FFmpeg writes it."""
    with ExitStack() as stack:
        files = {rung.name: stack.enter_context(tempfile.TemporaryFile()) for rung in rungs}
        pipes = {name: file.fileno() for name, file in files.items()}
        argv = transcode_argv(
            rungs,
            pipes,
            follow_source_key_frames=follow,
            pipeline=pipeline,
            timing=ffmpeg_timing_option(),
            begin_ms=begin_ms,
            constant_rate=constant_rate,
        )
        ran = subprocess.run(
            argv, input=clip, capture_output=True, check=False, timeout=ENCODE_SECONDS, pass_fds=list(pipes.values())
        )
        assert ran.returncode == 0, ran.stderr.decode()
        return {name: _content(file.fileno()) for name, file in files.items()}


def _content(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read()


def pictures(stream: bytes) -> list[Picture]:
    """The pictures of an FLV stream in presentation order."""
    return sorted(_pictures(stream), key=lambda picture: picture.pts)


def pixel_shape(stream: bytes) -> tuple[int, int]:
    """Width to height of one pixel, as the stream's own headers say."""
    headers = (flv.parse_video(tag.payload) for tag in FlvReader().feed(stream) if tag.kind == "video")
    return next(parse_avc_config(packet.data).sar for packet in headers if packet.is_header)


def _pictures(stream: bytes) -> Iterator[Picture]:
    for tag in FlvReader().feed(stream):
        if tag.kind == "video":
            packet = flv.parse_video(tag.payload)
            if packet.data and not packet.is_header:
                yield Picture(tag.timestamp_ms + packet.composition_ms, len(packet.data), packet.is_keyframe)


def key_times(made: Sequence[Picture]) -> list[int]:
    return [picture.pts for picture in made if picture.is_key]


def frame_rate(made: Sequence[Picture]) -> float:
    return (len(made) - 1) * 1000 / (made[-1].pts - made[0].pts)
