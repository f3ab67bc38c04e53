"""Clips: a few seconds of a broadcast as one MP4 that plays and downloads anywhere, and a poster.

Nothing is encoded while the parameter sets stay the same. The file then has the pictures from the last key frame before
the wanted one on, and an edit list (ISO/IEC 14496-12 §8.6.6) by which players decode those and show none of them: the
cut is exact and costs what copying costs. Where an encoder came back with other settings, all is encoded to one size.
"""

import logging
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from django.core.files.base import File
from django.core.files.storage import default_storage

from transcode import fragments
from transcode.clip_plan import START_SLACK_SECONDS, ClipPlan, Stretch, latest, plan_clip
from transcode.errors import ClipFailed, NotRecorded
from transcode.hls import names
from transcode.hls.multivariant import Rendition
from transcode.hls.window import WindowSegment
from transcode.limits import (
    CLIP_BEFORE_SECONDS,
    CLIP_BYTES_MAX,
    CLIP_COPY_SECONDS,
    CLIP_ENCODE_LINES,
    CLIP_ENCODE_SECONDS,
    CLIP_ENCODE_THREADS,
    CLIP_POSTER_SECONDS,
    CLIP_POSTER_WIDTH,
    CLIP_ROWS_MAX,
    CLIP_RUNS_MAX,
)
from transcode.models import LiveJob, Segment
from transcode.process import ffmpeg_timing_option
from transcode.segment_index import timeline_anchor
from transcode.stored_media import read_init, read_segment

log = logging.getLogger(__name__)

Tracks = dict[str, list[WindowSegment]]


@dataclass(frozen=True)
class Clipped:
    """A clip as it was made: Unix time of its first picture, seconds, pixels, bytes. `joins`: each second of it at
    which something is left out, and the Unix time at which it goes on."""

    starts_at: float
    duration: float
    width: int
    height: int
    size: int
    joins: tuple[tuple[float, float], ...] = ()


@dataclass
class _Piece:
    """Media with one set of parameters, in two files that are being written."""

    inits: tuple[bytes, bytes]
    video: BinaryIO
    sound: BinaryIO
    paths: tuple[Path, Path]
    first: bytes = field(default=b"", repr=False)  # its first segment

    @property
    def has_sound(self) -> bool:
        return bool(self.inits[1])


def latest_span(*, stream_id: str, duration: float) -> tuple[float, float]:
    """Where a clip of the newest `duration` seconds in storage begins, and its length if the broadcast is younger."""
    rows = list(Segment.objects.of(stream_id).reverse()[:CLIP_ROWS_MAX])[::-1]
    tracks, videos, _ = _tracks(stream_id, rows)
    spans = [span for name in videos if (span := latest(tracks[name], duration))]
    if not spans:
        raise NotRecorded("Nothing of this broadcast is stored yet.")
    return max(spans, key=sum)


def recorded_span(*, stream_id: str, starts_at: float, duration: float) -> tuple[float, float]:
    """What of this span is in storage: where it really begins, and how long it is."""
    plan = _plan(stream_id, starts_at, duration)
    if plan is None:
        raise NotRecorded("Nothing of this time is stored.")
    if plan.starts_at - starts_at > CLIP_BEFORE_SECONDS and not _begun(stream_id, starts_at):
        raise NotRecorded("The broadcast had not begun.")
    return plan.starts_at, plan.duration


def time_at(*, stream_id: str, offset: float) -> float:
    """Unix time of a place in the recording, which leaves out what was not recorded."""
    rows = Segment.objects.of(stream_id)
    first = rows.first()
    if first is None:
        raise NotRecorded("Nothing of this broadcast is stored.")
    at = first.starts_at.timestamp() + offset
    for row in rows.filter(discontinuity=True, sequence__gt=first.sequence)[:CLIP_RUNS_MAX]:
        before = rows.filter(sequence__lt=row.sequence).reverse()[0]
        ended_at = before.starts_at.timestamp() + before.duration
        if at < ended_at:
            break
        at += row.starts_at.timestamp() - ended_at
    return at


def cut_clip(*, clip_id: str, stream_id: str, starts_at: float, duration: float, whole: bool) -> Clipped:
    """Make and store a clip. Safe to repeat. Raises NotRecorded or FileNotFoundError when there is nothing to cut, or
    when it is to be `whole` and is not stored so far; ClipFailed when FFmpeg fails."""
    plan = _plan(stream_id, starts_at, duration)
    if plan is None or (whole and plan.missing):
        raise NotRecorded("Not all of this clip is stored.")
    if plan.size > CLIP_BYTES_MAX:
        raise ClipFailed("The clip would be too large. Make a shorter one.")
    with TemporaryDirectory(prefix="millrace-clip-") as folder:
        pieces = _collect(stream_id, plan, Path(folder))
        anchor = timeline_anchor(LiveJob.objects.get(stream_id=stream_id))
        begin = _first_picture(pieces[0], plan.starts_at - anchor)
        made, poster = Path(folder, names.CLIP), Path(folder, names.CLIP_POSTER)
        if len(pieces) == 1:
            _run(_copy_argv(pieces[0], begin, plan.duration, made), CLIP_COPY_SECONDS)
        else:
            log.info("clip %s: encoded, its %d runs have other parameters", clip_id, len(pieces))
            _run(_encode_argv(pieces, begin, plan.duration, made), CLIP_ENCODE_SECONDS)
        _run(_poster_argv(made, poster), CLIP_POSTER_SECONDS)
        for path in (poster, made):
            with path.open("rb") as file:
                default_storage.save(names.clip_key(clip_id, path.name), File(file))
        width, height = _size(pieces)
        earlier = plan.starts_at - anchor - begin  # by which it begins before the time asked for, with its picture
        joins = tuple((round(seconds + earlier, 3), at) for seconds, at in plan.joins)
        return Clipped(anchor + begin, plan.duration, width, height, made.stat().st_size, joins)


def drop_clip(*, clip_id: str) -> None:
    """Delete a clip's files. Safe to repeat."""
    for name in (names.CLIP, names.CLIP_POSTER):
        default_storage.delete(names.clip_key(clip_id, name))


# --- What to cut


def _plan(stream_id: str, starts_at: float, duration: float) -> ClipPlan | None:
    rows = Segment.objects.of(stream_id)
    first = rows.filter(starts_at__lte=datetime.fromtimestamp(starts_at, UTC)).reverse().first()
    found = list(rows.filter(sequence__gte=first.sequence if first else 0)[:CLIP_ROWS_MAX])
    tracks, videos, sound = _tracks(stream_id, found)
    return plan_clip(tracks, videos, sound, starts_at=starts_at, duration=duration, most_bytes=CLIP_BYTES_MAX)


def _begun(stream_id: str, at: float) -> bool:
    return Segment.objects.of(stream_id).filter(starts_at__lte=datetime.fromtimestamp(at, UTC)).exists()


def _tracks(stream_id: str, rows: Sequence[Segment]) -> tuple[Tracks, list[str], str | None]:
    """Every rendition's segments, the names of those with pictures, best first, and that of the sound."""
    job = LiveJob.objects.filter(stream_id=stream_id).first()
    known = [Rendition.from_json(entry) for entry in job.renditions] if job else []
    best_first = sorted(known, key=lambda entry: (-entry.height, -entry.bandwidth))
    tracks = {entry.name: [row.as_window_segment(entry.name) for row in rows] for entry in known}
    sound = next((entry.name for entry in known if entry.is_audio), None)
    return tracks, [entry.name for entry in best_first if not entry.is_audio], sound


# --- The media, written down for FFmpeg


def _collect(stream_id: str, plan: ClipPlan, folder: Path) -> list[_Piece]:
    """All segments by their parameters: stretches that have the same become one file of each track."""
    sequences = {segment.msn: segment for part in plan.stretches for segment in part.video}
    stored = {row.sequence: row for row in Segment.objects.of(stream_id).filter(sequence__in=sequences)}
    sound = plan.sound or ""
    pieces: list[_Piece] = []
    with ExitStack() as files:
        for stretch in plan.stretches:
            inits = _inits(stream_id, plan.rendition, sound if stretch.sound else "", stretch.epoch)
            if not pieces or pieces[-1].inits != inits:
                pieces.append(_open(files, folder, len(pieces), inits))
            _append(pieces[-1], stretch, plan.rendition, sound, stored)
    return pieces


def _inits(stream_id: str, video: str, sound: str, epoch: int) -> tuple[bytes, bytes]:
    return read_init(stream_id, video, epoch), read_init(stream_id, sound, epoch) if sound else b""


def _open(files: ExitStack, folder: Path, number: int, inits: tuple[bytes, bytes]) -> _Piece:
    paths = folder / f"{number}-video.mp4", folder / f"{number}-sound.mp4"
    video, sound = (files.enter_context(path.open("wb")) for path in paths)
    video.write(inits[0])
    sound.write(inits[1])
    return _Piece(inits, video, sound, paths)


def _append(piece: _Piece, stretch: Stretch, video: str, sound: str, stored: Mapping[int, Segment]) -> None:
    for name, segments, init, file in (
        (video, stretch.video, piece.inits[0], piece.video),
        (sound, stretch.sound, piece.inits[1], piece.sound),
    ):
        ticks = round(stretch.shift * fragments.timescale(init)) if segments else 0
        for segment in segments:
            media = fragments.moved(read_segment(name, stored[segment.msn]), ticks)
            if name == video and not piece.first:
                piece.first = media
            file.write(media)


def _first_picture(piece: _Piece, wanted: float) -> float:
    """Media time of the picture that is on screen at a media time, both in seconds."""
    scale = fragments.timescale(piece.inits[0])
    times = fragments.presentation_times(piece.first)
    at = (wanted + START_SLACK_SECONDS) * scale
    return max((time for time in times if time <= at), default=min(times)) / scale


def _size(pieces: Sequence[_Piece]) -> tuple[int, int]:
    """Of the clip's pictures: the largest there are, and where all is encoded no more than that is worth."""
    width, height = max(fragments.picture_size(piece.inits[0]) for piece in pieces)
    if len(pieces) == 1:
        return width, height
    share = min(1.0, CLIP_ENCODE_LINES / min(width, height))
    return round(width * share / 2) * 2, round(height * share / 2) * 2


# --- FFmpeg


def _inputs(piece: _Piece, later: float, *, sound: bool) -> list[str]:
    """Times stay as they are in the files, moved by `later` seconds: what is before 0 is not shown."""
    paths = piece.paths if sound else piece.paths[:1]
    moved = [["-itsoffset", f"{later:.6f}", "-i", str(path)] for path in paths]
    return [word for words in moved for word in ("-protocol_whitelist", "file", "-f", "mp4", *words)]


def _copy_argv(piece: _Piece, begin: float, duration: float, made: Path) -> list[str]:
    argv = ["-copyts", *_inputs(piece, -begin, sound=piece.has_sound), "-map", "0:v:0"]
    argv += ["-map", "1:a:0"] if piece.has_sound else []
    return [*argv, "-c", "copy", *_output(duration, made)]


def _encode_argv(pieces: Sequence[_Piece], begin: float, duration: float, made: Path) -> list[str]:
    width, height = _size(pieces)
    sound = all(piece.has_sound for piece in pieces)
    threads = ["-threads", str(CLIP_ENCODE_THREADS)]
    inputs, chains, joined = [], [], ""
    for number, piece in enumerate(pieces):
        inputs += _inputs(piece, -begin, sound=sound)
        source = number * (2 if sound else 1)
        from_start = ("trim=start=0,", "atrim=start=0,") if number == 0 else ("", "")
        chains.append(
            f"[{source}:v]{from_start[0]}setpts=PTS-STARTPTS,scale=trunc(iw*sar/2)*2:ih,setsar=1,"
            f"scale={width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2,"
            f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,format=yuv420p[v{number}]"
        )
        joined += f"[v{number}]"
        if sound:
            chains.append(
                f"[{source + 1}:a]{from_start[1]}asetpts=PTS-STARTPTS,aresample=48000,"
                f"aformat=channel_layouts=stereo[a{number}]"
            )
            joined += f"[a{number}]"
    chains.append(f"{joined}concat=n={len(pieces)}:v=1:a={int(sound)}[v]{'[a]' if sound else ''}")
    argv = [*threads, "-filter_threads", str(CLIP_ENCODE_THREADS), "-copyts", *inputs]
    argv += ["-filter_complex", ";".join(chains), "-map", "[v]", *(["-map", "[a]"] if sound else [])]
    argv += [f"-{ffmpeg_timing_option()}", "vfr", "-c:v", "libx264", "-preset", "superfast", "-crf", "21", *threads]
    return [*argv, "-c:a", "aac", "-b:a", "160k", *_output(duration, made)]


def _output(duration: float, made: Path) -> list[str]:
    argv = ["-t", f"{duration:.6f}", "-map_metadata", "-1", "-video_track_timescale", "90000"]
    return [*argv, "-movflags", "+faststart", "-f", "mp4", str(made)]


def _poster_argv(made: Path, poster: Path) -> list[str]:
    argv = ["-protocol_whitelist", "file", "-threads", "1", "-i", str(made), "-frames:v", "1"]
    return [*argv, "-vf", f"scale='min({CLIP_POSTER_WIDTH},iw)':-2", "-q:v", "4", "-f", "mjpeg", str(poster)]


def _run(argv: Sequence[str], seconds: float) -> None:
    command = ["ffmpeg", "-v", "error", "-nostdin", *argv]
    try:
        subprocess.run(command, capture_output=True, check=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ClipFailed(f"FFmpeg did not make the clip within {seconds:g} s.") from None
    except subprocess.CalledProcessError as error:
        log.error("a clip failed: %s", error.stderr.decode(errors="replace")[-2000:])
        raise ClipFailed("FFmpeg could not make the clip.") from None
