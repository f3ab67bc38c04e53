"""A recording as one MP4 file that any player opens: what is stored, copied and not encoded again.

Each run of the pipeline becomes an MP4 of its own, and those one after the other the file: their timestamps leave the
encoder's absences in, which the recording leaves out. Only where runs have different pictures (the streamer changed
the size on the way) must the file be encoded anew, as one MP4 has one description of its picture.
"""

import logging
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from transcode.errors import TranscodeError
from transcode.hls import names
from transcode.hls.multivariant import Rendition
from transcode.ladder import AUDIO
from transcode.models import LiveJob, Segment
from transcode.object_store import WrittenOnce
from transcode.stored_media import read_init, read_segment

log = logging.getLogger(__name__)

FFMPEG = ("nice", "-n", "19", "ffmpeg", "-v", "error", "-nostdin", "-y")
ENCODED = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "160k")
WAIT_SECONDS = 30  # for FFmpeg to finish a run whose last byte it was given
JOIN_SECONDS = 6 * 3600  # for all runs to become one file, also where they must be encoded

PIECE_BYTES = 1 << 20

Progress = Callable[[float], None]  # is told how many seconds of the recording are done


class DownloadFailed(TranscodeError):
    """The file could not be made; the log says why."""


@dataclass
class Run:
    """Segments of one pipeline without a break, and what describes them."""

    init: bytes
    sound_init: bytes  # empty without sound
    rows: list[Segment] = field(default_factory=list)


def download_path(rendition: str) -> str:
    """Below the stream id."""
    return f"{names.DOWNLOAD_DIR}/{rendition}.mp4"


def best_rendition(stream_id: str) -> str:
    """The name of the best picture that was made; empty when there is none."""
    job = LiveJob.objects.filter(stream_id=stream_id).first()
    known = [Rendition.from_json(entry) for entry in job.renditions] if job else []
    best = max((one for one in known if not one.is_audio), key=lambda one: one.height, default=None)
    return best.name if best else ""


def download_size(*, stream_id: str, rendition: str) -> int | None:
    """Bytes of the file, or None while there is none."""
    key = names.object_key(stream_id, download_path(rendition))
    try:
        return default_storage.size(key)
    except FileNotFoundError:
        return None


def remove_download(*, stream_id: str, rendition: str) -> None:
    """Safe to repeat."""
    default_storage.delete(names.object_key(stream_id, download_path(rendition)))


def write_download(*, stream_id: str, rendition: str, on_progress: Progress = lambda seconds: None) -> None:
    """Put the whole file beside the recording. Safe to repeat; raises DownloadFailed."""
    folder = settings.DATA_DIR / "downloads" / stream_id
    shutil.rmtree(folder, ignore_errors=True)  # of one that was killed
    folder.mkdir(parents=True)
    try:
        runs = read_runs(stream_id, rendition)
        if not runs:
            raise DownloadFailed("There is nothing stored in this quality.")
        done = 0.0
        for number, run in enumerate(runs):
            _copy_run(run, rendition, folder / f"{number}.mp4", partial(_tell, on_progress, done))
            done += sum(row.duration for row in run.rows)
        made = _join(runs, folder, partial(on_progress, done))
        whole = WrittenOnce(_pieces(made, partial(on_progress, done)), made.stat().st_size)
        default_storage.save(names.object_key(stream_id, download_path(rendition)), whole)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_runs(stream_id: str, rendition: str) -> list[Run]:
    """The runs that have this rendition, with sound where all of them have some."""
    rows = [row for row in Segment.objects.of(stream_id) if rendition in row.renditions]
    with_sound = all(AUDIO in row.renditions for row in rows)
    runs: list[Run] = []
    for row in rows:
        if not runs or row.discontinuity or row.epoch != runs[-1].rows[-1].epoch:
            sound = read_init(stream_id, AUDIO, row.epoch) if with_sound else b""
            runs.append(Run(read_init(stream_id, rendition, row.epoch), sound))
        runs[-1].rows.append(row)
    return runs


def _copy_run(run: Run, rendition: str, target: Path, on_progress: Progress) -> None:
    """FFmpeg reads picture and sound from a pipe each; `copyts` keeps them in step with one another."""
    feeds = [(run.init, rendition, on_progress)]
    if run.sound_init:
        feeds.append((run.sound_init, AUDIO, lambda seconds: None))
    pipes = [os.pipe() for _ in feeds]
    argv = [*FFMPEG, "-copyts", "-protocol_whitelist", "pipe,file"]
    for reading, _ in pipes:
        argv += ["-f", "mp4", "-i", f"pipe:{reading}"]
    argv += [option for number in range(len(pipes)) for option in ("-map", str(number))]
    argv += ["-c", "copy", "-avoid_negative_ts", "make_zero", "-f", "mp4", str(target)]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, pass_fds=[reading for reading, _ in pipes])
    for reading, _ in pipes:
        os.close(reading)
    with ThreadPoolExecutor(len(pipes)) as feeders:
        fed = [
            feeders.submit(_feed, writing, init, name, run.rows, told)
            for (_, writing), (init, name, told) in zip(pipes, feeds, strict=True)
        ]
    _finish(process, WAIT_SECONDS)
    for one in fed:
        one.result()  # a segment that was not there: what FFmpeg made is too short


def _tell(on_progress: Progress, before: float, seconds: float) -> None:
    on_progress(before + seconds)


def _feed(pipe: int, init: bytes, rendition: str, rows: Sequence[Segment], on_progress: Progress) -> None:
    seconds = 0.0
    with suppress(BrokenPipeError), open(pipe, "wb") as target:  # FFmpeg has ended: its exit code says why
        target.write(init)
        for row in rows:
            target.write(read_segment(rendition, row))
            seconds += row.duration
            on_progress(seconds)


def _join(runs: Sequence[Run], folder: Path, on_progress: Callable[[], None]) -> Path:
    """All runs as one file, its index in front, so that it plays while it is loaded."""
    listing, made = folder / "runs.txt", folder / "whole.mp4"
    listing.write_text("".join(f"file '{number}.mp4'\n" for number in range(len(runs))))
    alike = len({(run.init, run.sound_init) for run in runs}) == 1
    how = ("-c", "copy") if alike else (*ENCODED, "-vf", _fitted(folder / "0.mp4"), "-fps_mode", "passthrough")
    argv = [*FFMPEG, "-f", "concat", "-i", str(listing), "-map", "0", *how, "-movflags", "+faststart", str(made)]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE)
    for _ in range(JOIN_SECONDS):
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)
            break
        on_progress()
    _finish(process, 1)
    return made


def _pieces(path: Path, on_progress: Callable[[], None]) -> Iterator[bytes]:
    """A file for storage; gigabytes take a while, and whoever waits hears that it goes on."""
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            on_progress()
            yield piece


def _fitted(first: Path) -> str:
    """The filter that brings every picture to the size of the first run's."""
    argv = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height", "-of", "csv=p=0"]
    size = subprocess.run([*argv, str(first)], capture_output=True, check=True, text=True).stdout.strip()
    width, height = size.split(",")[:2]
    return f"scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:-1:-1,setsar=1"


def _finish(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        _, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        _, said = process.communicate()
    if process.returncode:
        log.error("FFmpeg made no file: %s", said.decode(errors="replace")[-500:])
        raise DownloadFailed("FFmpeg could not copy what is stored.")
