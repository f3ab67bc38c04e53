"""Starts, feeds and stops one FFmpeg: stdin for the source, one pipe per rung for what it makes.

The process dies with its worker whatever happens to it (PR_SET_PDEATHSIG), so that no kill leaves an orphan. That
signal is bound to the thread that forked, which is why `start` must be called on the worker's main thread.
"""

import asyncio
import contextlib
import ctypes
import grp
import logging
import os
import pwd
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from transcode.errors import FlvError
from transcode.ffmpeg import timing_option
from transcode.flv import FlvReader, MediaTag
from transcode.process_limits import confine

log = logging.getLogger(__name__)

UNPRIVILEGED_USER, UNPRIVILEGED_GROUP = "nobody", "nogroup"  # FFmpeg decodes what strangers send
# Where FFmpeg and the drivers of its hardware are, and which of several GPUs to use.
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH")
# Drivers that keep compiled programs in files would be killed for it (process_limits).
FIXED_ENVIRONMENT = {"LANG": "C.UTF-8", "CUDA_CACHE_DISABLE": "1", "MESA_SHADER_CACHE_DISABLE": "true"}
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_READ_AHEAD_BYTES = 1 << 20  # of one rung's output; beyond it FFmpeg waits for us
READ_BYTES = 1 << 18
STOP_SECONDS = 1.5
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


class Transcoder:
    """One running FFmpeg. `on_tags(rung, tags)` is called on the loop with what each rung's pipe carried."""

    def __init__(self, on_tags: Callable[[str, list[MediaTag]], None]) -> None:
        self._on_tags = on_tags
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self.last_words: deque[str] = deque(maxlen=STDERR_LINES)

    async def start(self, rungs: Sequence[str], argv_for: Callable[[dict[str, int]], list[str]]) -> None:
        """Spawn FFmpeg with one pipe per rung; `argv_for` gets the write end of each."""
        ends = {rung: os.pipe() for rung in rungs}
        writers = {rung: end[1] for rung, end in ends.items()}
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
            for read_end, _ in ends.values():
                os.close(read_end)
            raise
        finally:
            for write_end in writers.values():
                os.close(write_end)
        self._readers = [asyncio.create_task(self._read(rung, end[0])) for rung, end in ends.items()]
        self._readers.append(asyncio.create_task(self._read_stderr()))

    def feed(self, data: bytes) -> None:
        """Hand bytes to FFmpeg's stdin without waiting; what it does not read in time, LiveRun's lag check ends."""
        if self._process is not None and self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(data)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def finish_input(self) -> None:
        """No more source: FFmpeg writes what it holds and exits."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def wait(self) -> int:
        """Exit status, once every pipe has been read to its end."""
        assert self._process is not None  # noqa: S101  started
        await asyncio.gather(*self._readers, return_exceptions=True)
        return await self._process.wait()

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
        for task in self._readers:
            task.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        if self._process.stdin is not None:  # asyncio logs a broken pipe that nobody asked about
            self._process.stdin.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(self._process.stdin.wait_closed(), STOP_SECONDS)

    async def _read(self, rung: str, read_end: int) -> None:
        stream = asyncio.StreamReader(limit=_READ_AHEAD_BYTES)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(read_end, "rb", buffering=0)
        )
        flv = FlvReader()
        try:
            while data := await stream.read(READ_BYTES):
                self._on_tags(rung, flv.feed(data))
        except FlvError:
            log.exception("FFmpeg's output for %s is not FLV", rung)
        finally:
            transport.close()

    async def _read_stderr(self) -> None:
        assert self._process is not None and self._process.stderr is not None  # noqa: S101  started with a pipe
        while line := await self._process.stderr.readline():
            self.last_words.append(line.decode(errors="replace").strip()[:300])
