"""One FFmpeg: fed, read, stopped, and never left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest

from tests.transcode.live_services import ROOT, wait_until
from transcode import flv, process_limits
from transcode.ffmpeg import transcode_argv
from transcode.flv import FlvReader, MediaTag
from transcode.ladder import VideoPlan
from transcode.process import FIXED_ENVIRONMENT, PASSED_ON, Transcoder

RUNGS = [VideoPlan("180p", 320, 180, 300_000), VideoPlan("90p", 160, 90, 100_000)]


@cache
def clip() -> list[MediaTag]:
    argv = [*("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=30", "-t", "2")]
    argv += [*("-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-bf", "2", "-f", "flv", "pipe:1")]
    tags = FlvReader().feed(subprocess.run(argv, capture_output=True, check=True).stdout)
    return [tag for tag in tags if flv.parse_video(tag.payload).data]


class Output:
    """What each rung's pipe carried."""

    def __init__(self) -> None:
        self.tags: dict[str, list[MediaTag]] = {rung.name: [] for rung in RUNGS}

    def take(self, rung: str, tags: list[MediaTag]) -> None:
        self.tags[rung] += tags

    def pictures(self, rung: str) -> list[MediaTag]:
        packets = [(tag, flv.parse_video(tag.payload)) for tag in self.tags[rung]]
        return [tag for tag, packet in packets if not packet.is_header and packet.data]


def argv(pipes: dict[str, int]) -> list[str]:
    return transcode_argv(RUNGS, pipes, follow_source_key_frames=True)


async def started(output: Output) -> Transcoder:
    transcoder = Transcoder(output.take)
    await transcoder.start([rung.name for rung in RUNGS], argv)
    transcoder.feed(flv.flv_header(audio=False, video=True))
    return transcoder


def process_is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def environment_of(pid: int | None) -> set[bytes]:
    entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return {entry.split(b"=")[0] for entry in entries if entry}


async def test_every_frame_comes_out_of_every_rung_at_its_time() -> None:
    output = Output()
    transcoder = await started(output)
    for tag in clip():
        transcoder.feed(flv.flv_tag(tag))
    transcoder.finish_input()

    assert await asyncio.wait_for(transcoder.wait(), 20) == 0
    shown = sorted(
        tag.timestamp_ms + flv.parse_video(tag.payload).composition_ms
        for tag in clip()
        if not flv.parse_video(tag.payload).is_header
    )
    for rung in RUNGS:
        pictures = output.pictures(rung.name)
        assert [tag.timestamp_ms for tag in pictures] == shown
        keys = [tag.timestamp_ms for tag in pictures if flv.parse_video(tag.payload).is_keyframe]
        assert keys == [shown[0], shown[30]]  # where the source has its own


async def test_stop_ends_a_healthy_and_a_frozen_ffmpeg() -> None:
    for frozen in (False, True):
        transcoder = await started(Output())
        pid = transcoder.pid
        assert pid is not None
        if frozen:
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        await transcoder.stop()

        assert time.monotonic() - began < 3
        assert not process_is_alive(pid)
        transcoder.feed(b"more")  # after the end it is simply not taken


async def test_last_words_are_kept_and_bounded() -> None:
    transcoder = Transcoder(Output().take)
    script = "import sys\nfor n in range(500): print('word', n, file=sys.stderr)\nsys.exit(3)"
    await transcoder.start(["180p"], lambda _: [sys.executable, "-c", script])

    assert await asyncio.wait_for(transcoder.wait(), 10) == 3
    assert transcoder.last_words[-1] == "word 499"
    assert len(transcoder.last_words) <= 20


async def test_output_that_is_no_flv_is_no_crash() -> None:
    transcoder = Transcoder(Output().take)
    write = "import os, sys\nos.write(int(sys.argv[1]), b'nonsense')"
    await transcoder.start(["180p"], lambda pipes: [sys.executable, "-c", write, str(pipes["180p"])])

    assert await asyncio.wait_for(transcoder.wait(), 10) == 0


async def test_missing_binary_leaks_no_pipe() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(FileNotFoundError):
            await Transcoder(Output().take).start(["180p", "90p"], lambda _: ["/nonexistent/ffmpeg"])

    assert len(os.listdir("/proc/self/fd")) <= before + 1


async def test_ffmpeg_is_given_no_secret() -> None:
    transcoder = await started(Output())
    names = environment_of(transcoder.pid)
    await transcoder.stop()

    assert names <= {name.encode() for name in (*PASSED_ON, *FIXED_ENVIRONMENT)}


def limits_of(pid: int | None) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return {line[:26].strip(): line[26:].split()[0] for line in lines}


async def test_ffmpeg_works_within_its_limits() -> None:
    transcoder = await started(Output())
    limits = limits_of(transcoder.pid)
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    its = os.getpriority(os.PRIO_PROCESS, transcoder.pid or 0)
    await transcoder.stop()

    assert limits["Max data size"] == str(process_limits.MEMORY_BYTES)
    assert limits["Max open files"] == str(process_limits.OPEN_FILES)
    assert limits["Max file size"] == limits["Max core file size"] == "0"
    assert its == min(ours + process_limits.NICENESS, 19)


@pytest.mark.parametrize(
    "script",
    [
        f"import mmap; mmap.mmap(-1, {process_limits.MEMORY_BYTES}, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)",
        "import tempfile; tempfile.TemporaryFile(buffering=0).write(b'x')",
    ],
    ids=["memory", "a file"],
)
@pytest.mark.parametrize("confined", [True, False])
async def test_what_takes_more_than_its_limits_dies_alone(
    script: str, confined: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not confined:  # the control: the same program does it when it may
        monkeypatch.setattr("transcode.process.confine", lambda: None)
    transcoder = Transcoder(Output().take)
    await transcoder.start(["180p"], lambda _: ["/usr/bin/python3", "-c", script])

    assert (await asyncio.wait_for(transcoder.wait(), 10) == 0) is not confined


CHILD = """
import asyncio
from transcode.ffmpeg import transcode_argv
from transcode.ladder import VideoPlan
from transcode.process import FIXED_ENVIRONMENT, PASSED_ON, Transcoder

async def main():
    transcoder = Transcoder(lambda rung, tags: None)
    rungs = [VideoPlan("90p", 160, 90, 100_000)]
    await transcoder.start(["90p"], lambda pipes: transcode_argv(rungs, pipes, follow_source_key_frames=True))
    print(transcoder.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_killed_worker_leaves_no_ffmpeg() -> None:
    """B-04"""
    worker = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert worker.stdout is not None
    pid = int(worker.stdout.readline())
    assert process_is_alive(pid)
    worker.kill()
    worker.wait()

    wait_until(lambda: not process_is_alive(pid), "FFmpeg outlived its worker", seconds=3)
