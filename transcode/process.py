"""Starts, feeds and stops one FFmpeg: stdin for the source, one pipe per rung for what it makes.

Nobody can see what is in the pipes before a part is whole. So it waits there until `collect`, when the worker is awake
anyway. What ends a part is looked for after as long as FFmpeg has needed of late, in all pipes at once (`await_part`);
only what `expect` speaks of is read as soon as it is there.

The process dies with its worker whatever happens to it (PR_SET_PDEATHSIG), so that no kill leaves an orphan. That
signal is bound to the thread that forked, which is why `start` must be called on the worker's main thread.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import grp
import logging
import os
import pwd
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from math import inf
from typing import Any

from transcode.errors import FlvError
from transcode.ffmpeg import timing_option
from transcode.flv import FlvReader, MediaTag
from transcode.process_limits import confine
from transcode.task_ending import end_tasks

log = logging.getLogger(__name__)

UNPRIVILEGED_USER, UNPRIVILEGED_GROUP = "nobody", "nogroup"  # FFmpeg decodes what strangers send
# Where FFmpeg and the drivers of its hardware are, and which of several GPUs to use.
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH")
# Drivers that keep compiled programs in files would be killed for it (process_limits).
FIXED_ENVIRONMENT = {"LANG": "C.UTF-8", "CUDA_CACHE_DISABLE": "1", "MESA_SHADER_CACHE_DISABLE": "true"}
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
# Beyond what a pipe holds FFmpeg waits for us. The kernel grants every user 64 MB of such in all, by default.
PIPE_BYTES = 1 << 18
STOP_SECONDS = 1.5
LOOK_AGAIN_SECONDS = 0.01
MOST_SECONDS = 0.1  # before the first look; who needs longer is looked for again and again
STDERR_LINES = 20


def _prepare(owner: tuple[int, int] | None) -> None:
    """Runs in the child between fork and exec. Giving up root clears the signal below, so that comes after it."""
    os.setsid()
    confine()
    if owner is not None:
        user, group = owner
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:
        os._exit(1)  # the parent died before prctl


@cache
def _unprivileged() -> tuple[int, int]:
    return pwd.getpwnam(UNPRIVILEGED_USER).pw_uid, grp.getgrnam(UNPRIVILEGED_GROUP).gr_gid


def ffmpeg_child() -> dict[str, Any]:
    """How every FFmpeg is started: bound to our life, with nothing secret to leak, and a worker of root's gives it to
    a user who owns nothing, since all it needs is its pipes. (uvloop knows no `user` and `group` of its own.)"""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    owner = _unprivileged() if os.getuid() == 0 else None
    return {"preexec_fn": partial(_prepare, owner), "env": environment | FIXED_ENVIRONMENT}


@cache
def ffmpeg_timing_option() -> str:
    """Asked once per worker, before it forks: at a broadcast's start there is no time for it."""
    version = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=False)
    return timing_option(version.stdout)


class Outlet:
    """Our end of the pipe one rung is written to."""

    def __init__(self, rung: str, on_tags: Callable[[str, list[MediaTag]], None]) -> None:
        self.ended = asyncio.Event()
        self.rung, self._on_tags, self._flv = rung, on_tags, FlvReader()
        self._written_ms = -inf  # how far the rung has come
        self._awaited_ms = -inf
        self._loop = asyncio.get_running_loop()
        self._end, self.write_end = os.pipe()
        os.set_blocking(self._end, False)
        with contextlib.suppress(OSError):  # the user's share is used up: then it stays as it is
            fcntl.fcntl(self._end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def read(self) -> None:
        """Take what is there."""
        if self.ended.is_set():
            return
        try:
            data = os.read(self._end, PIPE_BYTES)
            tags = self._flv.feed(data)
        except BlockingIOError:
            return
        except FlvError:
            log.exception("FFmpeg's output for %s is not FLV", self.rung)
            data = b""
        if not data:
            self.close()
        elif tags:
            self._written_ms = tags[-1].timestamp_ms
            if self._written_ms >= self._awaited_ms:
                self._rest()
            self._on_tags(self.rung, tags)

    def expect(self, time_ms: float) -> None:
        """Read whatever comes at once, until the rung has come to this time."""
        if not self.ended.is_set():
            if self._awaited_ms == -inf:
                self._loop.add_reader(self._end, self.read)
            self._awaited_ms = max(self._awaited_ms, time_ms)

    def has_come_to(self, time_ms: float) -> bool:
        """Whether the rung was read up to this time, or nothing more comes."""
        return self.ended.is_set() or self._written_ms >= time_ms

    def close(self) -> None:
        if not self.ended.is_set():
            self._rest()
            os.close(self._end)
            self.ended.set()

    def _rest(self) -> None:
        if self._awaited_ms > -inf:
            self._loop.remove_reader(self._end)
            self._awaited_ms = -inf


class Looks:
    """When to look for what ends a part: as late as need be and as early as it pays, so that one look finds it in
    all pipes. A look in vain comes four times as dear as one that could have been a little earlier."""

    LATER_SECONDS = 0.004
    EARLIER_SECONDS = 0.001

    def __init__(self) -> None:
        self.first_seconds = 0.02

    def was_in_vain(self) -> None:
        self.first_seconds = min(self.first_seconds + self.LATER_SECONDS, MOST_SECONDS)

    def has_found(self) -> None:
        self.first_seconds = max(self.first_seconds - self.EARLIER_SECONDS, 0.0)


class Transcoder:
    """One running FFmpeg. `on_tags(rung, tags)` is called on the loop with what each rung's pipe carried."""

    def __init__(self, on_tags: Callable[[str, list[MediaTag]], None]) -> None:
        self._on_tags = on_tags
        self._process: asyncio.subprocess.Process | None = None
        self._outlets: list[Outlet] = []
        self._listener: asyncio.Task[None] | None = None
        self._looks = Looks()
        self._look_timer: asyncio.TimerHandle | None = None
        self.last_words: deque[str] = deque(maxlen=STDERR_LINES)

    async def start(self, rungs: Sequence[str], argv_for: Callable[[dict[str, int]], list[str]]) -> None:
        """Spawn FFmpeg with one pipe per rung; `argv_for` gets the write end of each."""
        self._outlets = [Outlet(rung, self._on_tags) for rung in rungs]
        writers = {rung: outlet.write_end for rung, outlet in zip(rungs, self._outlets, strict=True)}
        try:
            self._process = await asyncio.create_subprocess_exec(
                *argv_for(writers),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=list(writers.values()),
                **ffmpeg_child(),
            )
        except BaseException:
            self._close_outlets()
            raise
        finally:
            for write_end in writers.values():
                os.close(write_end)
        self._listener = asyncio.create_task(self._read_stderr())

    def feed(self, data: bytes) -> None:
        """Hand bytes to FFmpeg's stdin without waiting; what it does not read in time, LiveRun's lag check ends."""
        if self._process is not None and self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(data)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def collect(self) -> None:
        """Hand over what FFmpeg has written so far."""
        for outlet in self._outlets:
            outlet.read()

    def await_part(self, times_ms: Mapping[str, float]) -> None:
        """Hand over what FFmpeg writes for each rung up to this time, which ends a part, soon after it does."""
        self._stop_looking()
        self._look_in(self._looks.first_seconds, times_ms, is_first=True)

    @property
    def awaits_part(self) -> bool:
        return self._look_timer is not None

    def _look_in(self, seconds: float, times_ms: Mapping[str, float], *, is_first: bool) -> None:
        self._look_timer = asyncio.get_running_loop().call_later(seconds, self._look, times_ms, is_first)

    def _look(self, times_ms: Mapping[str, float], is_first: bool) -> None:
        self.collect()
        if not all(outlet.has_come_to(times_ms[outlet.rung]) for outlet in self._outlets):
            if is_first:
                self._looks.was_in_vain()
            self._look_in(LOOK_AGAIN_SECONDS, times_ms, is_first=False)
            return
        self._look_timer = None
        if is_first:
            self._looks.has_found()

    def _stop_looking(self) -> None:
        if self._look_timer is not None:
            self._look_timer.cancel()
            self._look_timer = None

    def expect(self, time_ms: float) -> None:
        """Hand over what FFmpeg writes as soon as it does, until each rung has come to this time."""
        for outlet in self._outlets:
            outlet.expect(time_ms)

    def finish_input(self) -> None:
        """No more source: FFmpeg writes what it holds and exits."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self.expect(inf)

    async def wait(self) -> int:
        """Exit status, once every pipe has been read to its end."""
        assert self._process is not None and self._listener is not None  # noqa: S101  started
        status = await self._process.wait()
        self.expect(inf)
        await asyncio.gather(*(outlet.ended.wait() for outlet in self._outlets), self._listener)
        return status

    async def stop(self) -> None:
        """End it now: SIGTERM, then SIGKILL."""
        if self._process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process.returncode is not None:
                break
            try:
                self._process.send_signal(number)
            except ProcessLookupError:
                break
            try:
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
            except TimeoutError:
                continue
        self._close_outlets()
        if self._listener is not None:
            await end_tasks([self._listener])
        if self._process.stdin is not None:  # asyncio logs a broken pipe that nobody asked about
            self._process.stdin.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(self._process.stdin.wait_closed(), STOP_SECONDS)

    def _close_outlets(self) -> None:
        self._stop_looking()
        for outlet in self._outlets:
            outlet.close()

    async def _read_stderr(self) -> None:
        assert self._process is not None and self._process.stderr is not None  # noqa: S101  started with a pipe
        while line := await self._process.stderr.readline():
            self.last_words.append(line.decode(errors="replace").strip()[:300])
