"""Runs FFmpeg over an uploaded file: looks at it, then hands over what is made of it, rendition by rendition.

It is confined as for live (`process_limits`), gives way to everything that is live, and dies with its worker.
"""

import json
import logging
import os
import selectors
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from transcode.errors import FileRefused, FlvError, TranscodeError
from transcode.file_facts import SNIFFED_BYTES, FileFacts, demuxer_of, judge_probe, too_many_streams
from transcode.file_ffmpeg import probe_argv
from transcode.flv import FlvReader, MediaTag
from transcode.process import PIPE_BYTES, STDERR_LINES, ffmpeg_child

log = logging.getLogger(__name__)

PROBE_SECONDS = 60  # of a whole index of twelve hours on a busy disk
PROBE_ANSWER_BYTES = 1 << 20
STALLED_SECONDS = 300  # in which a file that can be read gives something, however busy the machine is
LOOK_SECONDS = 1.0
GIVES_WAY_BY = 10  # more than an FFmpeg of a broadcast does
UNREADABLE = "This file cannot be read as a video. Export it again, as MP4 with H.264 for example."
CUT_OFF = (
    "This file ends too early: its index is missing, as when a recording was cut off. "
    "Upload it as MKV, or have your recorder repair it."
)


def look_at_file(path: Path, *, max_seconds: float) -> FileFacts:
    """What the file is. Raises FileRefused with what its owner should do."""
    with path.open("rb") as file:
        head = file.read(SNIFFED_BYTES)
        if not head:
            raise FileRefused("empty", "This file is empty.")
        demuxer = demuxer_of(head)
        file.seek(0)
        try:
            ran = subprocess.run(
                probe_argv(demuxer), stdin=file, capture_output=True, check=False, timeout=PROBE_SECONDS, **_child()
            )
        except subprocess.TimeoutExpired:
            raise FileRefused("unreadable", UNREADABLE) from None
    if ran.returncode < 0:
        log.warning("ffprobe was killed by signal %d", -ran.returncode)
    if ran.returncode or len(ran.stdout) > PROBE_ANSWER_BYTES:
        raise _reason(ran.stderr.decode(errors="replace"))
    return judge_probe(demuxer, json.loads(ran.stdout), max_seconds=max_seconds)


def _reason(words: str) -> FileRefused:
    if "exceeds max_streams" in words:
        return too_many_streams()
    if "moov atom not found" in words:
        return FileRefused("cut_off", CUT_OFF)
    return FileRefused("unreadable", UNREADABLE)


def _child() -> dict[str, Any]:
    child = ffmpeg_child()
    return child | {"preexec_fn": partial(_give_way, child["preexec_fn"])}


def _give_way(prepare: Callable[[], None]) -> None:
    os.nice(GIVES_WAY_BY)
    prepare()


class FileReader:
    """One FFmpeg over one file; a context manager. What it wrote waits in its pipes until it is asked for."""

    def __init__(
        self, path: Path, renditions: Sequence[str], argv_for: Callable[[Mapping[str, int]], list[str]]
    ) -> None:
        self._path, self._renditions, self._argv_for = path, renditions, argv_for
        self._words: deque[bytes] = deque(maxlen=STDERR_LINES)
        self._stack = ExitStack()

    def __enter__(self) -> "FileReader":
        with ExitStack() as stack:
            file = stack.enter_context(self._path.open("rb"))
            self._selector = stack.enter_context(selectors.DefaultSelector())
            pipes = {name: os.pipe() for name in self._renditions}
            for name, (outlet, _) in pipes.items():
                stack.callback(os.close, outlet)
                self._selector.register(outlet, selectors.EVENT_READ, (name, FlvReader()))
            writers = {name: inlet for name, (_, inlet) in pipes.items()}
            try:
                self._process = subprocess.Popen(
                    self._argv_for(writers),
                    stdin=file,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    pass_fds=list(writers.values()),
                    **_child(),
                )
            finally:
                for inlet in writers.values():
                    os.close(inlet)
            stack.callback(self._end)
            assert self._process.stderr is not None  # noqa: S101  asked for
            self._selector.register(self._process.stderr, selectors.EVENT_READ, ("", None))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def tags(self) -> Iterator[tuple[str, list[MediaTag]]]:
        """What FFmpeg writes, by rendition, to its end; at least once a LOOK_SECONDS something, if only ("", []).

        Raises FileRefused when it gave up, TranscodeError when it was killed.
        """
        heard = time.monotonic()
        while len(self._selector.get_map()):
            ready = self._selector.select(LOOK_SECONDS)
            now = time.monotonic()
            heard = now if ready else heard
            if now - heard > STALLED_SECONDS:
                log.warning("FFmpeg wrote nothing for %d s", STALLED_SECONDS)
                raise FileRefused("unreadable", UNREADABLE)
            for key, _ in ready:
                yield self._read(key.fd, *key.data)
            if not ready:
                yield "", []
        self._judge(self._process.wait())

    def _read(self, descriptor: int, name: str, reader: FlvReader | None) -> tuple[str, list[MediaTag]]:
        data = os.read(descriptor, PIPE_BYTES)
        if not data:
            self._selector.unregister(descriptor)
        if reader is None:
            self._words.extend(data.splitlines())
            return "", []
        try:
            return name, reader.feed(data)
        except FlvError as error:
            raise FileRefused("unreadable", UNREADABLE) from error

    def _judge(self, status: int) -> None:
        words = b"\n".join(self._words).decode(errors="replace")[:2000]
        if status < 0:
            raise TranscodeError(f"FFmpeg was killed by signal {-status}: {words}")
        if status:
            log.warning("FFmpeg gave up: %s", words)
            raise _reason(words)

    def _end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()
