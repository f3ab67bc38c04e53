"""What a broadcast costs beyond its encoder: our processor time, and a bare FFmpeg with the same ladder beside it.

    python -m bench.encoding_cost [--seconds 30] [--rounds 3]

1080p30 at 6 Mbit/s in, passed through and encoded to 720p, 480p, 360p and 160p, one viewer who follows the live edge.
Ours: the live workers with the packager, the origin and both Redis, less what the same processes use while nobody is
on air. Bare: one FFmpeg that reads the same clip in real time and writes the same five pictures as HLS. They take
turns, and the figures are medians of the rounds: a processor is not equally fast at all times.

Ours is told in both ways in which it can be: beside our FFmpeg, which is spared the source's copy and the files, and as
what the whole broadcast costs over the bare FFmpeg.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median

import httpx

from bench.processes import Process
from bench.report import Line, report
from bench.show import Show
from bench.stack import Person, Stack
from tests.media.counter_clip import Clip, clip_path
from transcode.ffmpeg import transcode_argv
from transcode.ladder import plan_renditions
from transcode.process import ffmpeg_timing_option

SHARE_BAR_PERCENT = 5.0
CLIP = Clip(width=1920, height=1080, kbps=6000, seconds=60)
RUNGS = 4
SETTLE_SECONDS = 8
TICKS_PER_SECOND = 100
_HINT = re.compile(r'PRELOAD-HINT:TYPE=PART,URI="[0-9]+-(?P<msn>[0-9]+)\.(?P<part>[0-9]+)\.m4s"')
_PART = re.compile(r'EXT-X-PART:.*URI="([^"]+)"')
# What stands for each part in a process's command line.
PARTS = {"live": "worker -Q live", "origin": "origin_server", "redis": "redis-server", "ffmpeg": "ffmpeg "}


def cpu_seconds(processes: list[Process]) -> dict[int, float]:
    """Processor time so far of each process, of all its threads."""
    used = {}
    for process in processes:
        try:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        used[process.pid] = (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND
    return used


def part_of(process: Process) -> str | None:
    return next((part for part, words in PARTS.items() if words in process.command), None)


def spent(stack: Stack, seconds: float) -> dict[str, float]:
    """Processor seconds per second of each part over `seconds`."""
    processes = {one.pid: part for one in stack.processes() if (part := part_of(one))}
    before = cpu_seconds(stack.processes())
    began = time.monotonic()
    time.sleep(seconds)
    after = cpu_seconds(stack.processes())
    elapsed = time.monotonic() - began
    total = dict.fromkeys(PARTS, 0.0)
    for pid, part in processes.items():
        total[part] += (after.get(pid, 0.0) - before.get(pid, 0.0)) / elapsed
    return total


class Follower(threading.Thread):
    """One viewer of one rendition, as hls.js asks: a blocking reload, then the part it was told of."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url, self._done = url, threading.Event()
        self.parts = 0

    def run(self) -> None:
        with httpx.Client(timeout=20) as http:
            query = ""
            while not self._done.is_set():
                text = http.get(self._url + query).text
                hint = _HINT.search(text)
                assert hint, text
                query = f"?_HLS_msn={hint['msn']}&_HLS_part={hint['part']}&_HLS_skip=YES"
                if listed := _PART.findall(text):
                    http.get(self._url.replace("index.m3u8", listed[-1]))
                    self.parts += 1

    def stop(self) -> None:
        self._done.set()


def measure_ours(stack: Stack, alice: Person, seconds: int) -> Mapping[str, float]:
    """Processor seconds per second of each part on air."""
    with Show(stack, alice, clip=CLIP, loop=True) as show:
        base = f"{stack.url}{show.playlist()}"
        follower = Follower(base.replace("index.m3u8", "720p/index.m3u8"))
        follower.start()
        time.sleep(SETTLE_SECONDS)
        on_air = spent(stack, seconds)
        follower.stop()
        if not follower.parts:
            raise SystemExit("Void: the viewer got no part.")
    return on_air


def bare_argv(folder: Path) -> list[str]:
    """Our own rungs with our own encoder options into FFmpeg's HLS muxer, the source copied beside them."""
    plans = plan_renditions(CLIP.width, CLIP.height, frame_rate=CLIP.fps, passthrough=True, max_rungs=RUNGS)
    rungs = [plan for plan in plans if not plan.is_passthrough]
    pipes = {rung.name: number for number, rung in enumerate(rungs, start=10)}
    argv = transcode_argv(rungs, pipes, follow_source_key_frames=True, timing=ffmpeg_timing_option())
    hls = ["-f", "hls", "-hls_time", "2", "-hls_list_size", "10", "-hls_flags", "delete_segments"]
    made: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "pipe:0":
            made.append(str(clip_path(CLIP)))
        elif word in {"-protocol_whitelist", "-flvflags"} or (word == "-f" and "-i" in made):
            next(words)
        elif word == "-f":
            made += ["-re", "-stream_loop", "-1", word]
        elif word.startswith("pipe:"):
            made += [*hls, str(folder / f"{word.removeprefix('pipe:')}.m3u8")]
        else:
            made.append(word)
    return [*made, "-map", "0:v", "-map", "0:a", "-c", "copy", *hls, str(folder / "source.m3u8")]


def measure_bare(seconds: int) -> float:
    """Processor seconds per second of FFmpeg alone."""
    with tempfile.TemporaryDirectory(prefix="millrace-bare-") as folder:
        argv = bare_argv(Path(folder))
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as ffmpeg:
            process = [Process(ffmpeg.pid, 0, 0, "ffmpeg", "ffmpeg ")]
            time.sleep(SETTLE_SECONDS)
            before, began = cpu_seconds(process), time.monotonic()
            time.sleep(seconds)
            after, elapsed = cpu_seconds(process), time.monotonic() - began
            if ffmpeg.poll() is not None:
                raise SystemExit("Void: the bare FFmpeg ended.")
            ffmpeg.terminate()
    return (after[ffmpeg.pid] - before[ffmpeg.pid]) / elapsed


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.encoding_cost")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    clip_path(CLIP)  # encoded before anything is timed
    on_air, bare = [], []
    with Stack(TRANSCODED_RUNGS=RUNGS) as stack:
        alice = stack.create_user("alice", streamer=True)
        time.sleep(SETTLE_SECONDS)
        idle = spent(stack, options.seconds)
        for _ in range(options.rounds):
            on_air.append(measure_ours(stack, alice, options.seconds))
            time.sleep(SETTLE_SECONDS)  # until the recording is done
            bare.append(measure_bare(options.seconds))
    ffmpeg = median(one["ffmpeg"] for one in on_air)
    beside = {part: max(median(one[part] for one in on_air) - idle[part], 0.0) for part in ("live", "origin", "redis")}
    ours = sum(beside.values())
    over = [sum(one.values()) - sum(idle.values()) - alone for one, alone in zip(on_air, bare, strict=True)]
    table = [
        Line("bare FFmpeg, same ladder", median(bare) * 100, unit="% of a core", note=_percents(bare)),
        Line("our FFmpeg", ffmpeg * 100, unit="% of a core", note=_percents(one["ffmpeg"] for one in on_air)),
        *(
            Line(f"our {part}", used * 100, unit="% of a core", note=f"idle {idle[part] * 100:.2f}")
            for part, used in beside.items()
        ),
        Line("ours beside our FFmpeg", 100 * ours / ffmpeg, unit="% of FFmpeg", bar=SHARE_BAR_PERCENT),
        Line(
            "whole broadcast over bare FFmpeg",
            100 * median(over) / median(bare),
            unit="% of FFmpeg",
            bar=SHARE_BAR_PERCENT,
            note=_percents(share / alone for share, alone in zip(over, bare, strict=True)),
        ),
    ]
    return report(f"Processor time of a 1080p30 broadcast with {RUNGS} rungs, {options.seconds} s", table)


def _percents(shares: Iterable[float]) -> str:
    return ", ".join(f"{share * 100:.1f}" for share in shares)


if __name__ == "__main__":
    sys.exit(main())
