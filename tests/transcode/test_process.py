"""One FFmpeg: fed, read, stopped, and never left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.transcode.live_services import ROOT, wait_until
from transcode import flv, process_limits
from transcode.ffmpeg import transcode_argv
from transcode.flv import FlvReader, MediaTag
from transcode.ladder import VideoPlan
from transcode.process import FIXED_ENVIRONMENT, PASSED_ON, Looks, Transcoder

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

    @property
    def times(self) -> list[int]:
        return [tag.timestamp_ms for tag in self.tags["180p"]]

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


FILL = """
import os, sys
from transcode.flv import MediaTag, flv_header, flv_tag
output = int(sys.argv[1])
os.write(output, flv_header(audio=False, video=True))
for line in sys.stdin.buffer:
    tag = flv_tag(MediaTag("video", int(line), bytes(50_000)))
    while tag:
        tag = tag[os.write(output, tag):]
    os.write(2, line)
"""


async def filling(output: Output) -> Transcoder:
    """One that writes a picture for each time it is given, and then says the time aloud."""
    transcoder = Transcoder(output.take)
    await transcoder.start(["180p"], lambda pipes: [sys.executable, "-c", FILL, str(pipes["180p"])])
    return transcoder


async def until(holds: Callable[[], bool]) -> None:
    """Lets the loop run, on which everything happens that can make it hold."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  nothing tells of a word on stderr
            await asyncio.sleep(0.01)


async def test_what_is_not_expected_is_read_when_it_is_collected() -> None:
    output = Output()
    transcoder = await filling(output)
    transcoder.feed(b"100\n133\n")
    await until(lambda: "133" in transcoder.last_words)
    assert output.times == []  # though it is there
    transcoder.collect()
    assert output.times == [100, 133]

    transcoder.expect(200)
    transcoder.feed(b"166\n")
    await until(lambda: output.times == [100, 133, 166])
    transcoder.feed(b"200\n")
    await until(lambda: output.times == [100, 133, 166, 200])
    transcoder.feed(b"233\n")
    await until(lambda: "233" in transcoder.last_words)
    assert output.times[-1] == 200  # it had come to where it was expected
    transcoder.finish_input()
    assert await asyncio.wait_for(transcoder.wait(), 10) == 0
    assert output.times[-1] == 233


async def test_what_ends_a_part_is_looked_for_until_it_is_there() -> None:
    output = Output()
    transcoder = await filling(output)
    transcoder.await_part({"180p": 133})
    transcoder.feed(b"100\n")
    await until(lambda: output.times == [100])
    assert transcoder.awaits_part
    transcoder.feed(b"133\n")
    await until(lambda: not transcoder.awaits_part)
    assert output.times == [100, 133]

    transcoder.feed(b"166\n")
    await until(lambda: "166" in transcoder.last_words)
    assert output.times == [100, 133]  # nobody awaits it
    transcoder.await_part({"180p": 166})
    await until(lambda: output.times == [100, 133, 166])
    await transcoder.stop()
    assert not transcoder.awaits_part


def test_the_first_look_moves_to_where_it_finds_what_it_looks_for() -> None:
    looks, needed = Looks(), 0.037
    found = []
    for _ in range(300):
        found.append(looks.first_seconds >= needed)
        (looks.has_found if found[-1] else looks.was_in_vain)()
    assert 0.75 < sum(found[100:]) / 200 < 0.85
    assert abs(looks.first_seconds - needed) < 0.005


async def test_what_nobody_reads_stops_ffmpeg_and_is_not_lost() -> None:
    output = Output()
    transcoder = await filling(output)
    transcoder.feed(b"".join(b"%d\n" % number for number in range(100)))  # 5 MB
    await until(lambda: "0" in transcoder.last_words)
    transcoder.collect()
    assert 0 < len(output.times) < 10
    transcoder.finish_input()

    assert await asyncio.wait_for(transcoder.wait(), 10) == 0
    assert output.times == list(range(100))


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
from transcode.process import FIXED_ENVIRONMENT, PASSED_ON, Looks, Transcoder

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
