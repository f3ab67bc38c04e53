"""Makes a recording of an uploaded file, in the shape a broadcast leaves one.

Killed at any point it is begun again: what the dead attempt stored is deleted first, and its names are not used again.
Until the recording is whole a FileImport stands for it, which the audit of storage leaves alone.
"""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import SubprocessError

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from transcode.errors import BitstreamError, FileRefused, FlvError
from transcode.file_facts import FileFacts, too_long
from transcode.file_ffmpeg import import_argv
from transcode.file_packaging import FilePackager
from transcode.file_reader import UNREADABLE, FileReader, look_at_file
from transcode.hls import names
from transcode.ladder import AUDIO, SOURCE, VideoPlan, plan_renditions
from transcode.ladder_store import read_ladder
from transcode.limits import TIMELINE_MARGIN_SECONDS, TIMELINE_START_MS
from transcode.live_store import backoff_seconds, store_object
from transcode.models import FileImport, LiveJob, Segment
from transcode.object_store import delete_folder
from transcode.packager import Publication, RunStart
from transcode.previews import make_preview
from transcode.process import ffmpeg_timing_option
from transcode.segment_index import RowCollector, SegmentRow, save_segments

__all__ = ["discard_import", "has_imported", "import_file", "look_at_file", "open_imports"]

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 30  # segments: a minute
STORING_ATTEMPTS = 20  # two minutes of a storage that is away
TELL_SECONDS = 1.0
PREVIEW_AT = 0.2  # of the video: intros are black

Progress = Callable[[float], None]


def import_file(*, path: Path, facts: FileFacts, stream_id: str, max_seconds: float, progress: Progress) -> None:
    """Encode the file into the ladder's renditions and keep them as a finished broadcast's.

    `progress` is told the seconds done about once a second; what it raises ends the import. Raises FileRefused.
    """
    if has_imported(stream_id=stream_id):
        return
    started = _begin(stream_id)
    plans = _plans(facts)
    anchor = int(started.created_at.timestamp()) - TIMELINE_MARGIN_SECONDS
    begin = anchor + TIMELINE_START_MS / 1000
    start = RunStart.on_timeline(
        anchor, epoch=started.attempts, base_msn=0, not_before=begin, first_pts_ms=TIMELINE_START_MS
    )
    target = settings.TARGET_DURATION_SECONDS
    packager = FilePackager(plans, start, has_sound=facts.audio_index is not None, target_duration=target)
    keeper = _Keeper(stream_id, packager.track_count)
    _read(path, facts, plans, packager, keeper, max_seconds, progress)
    keeper.keep(packager.finish())
    keeper.finish()
    if not keeper.segments:
        raise FileRefused("no_picture", "No picture of this video can be decoded. Export it again.")
    _preview(stream_id, started.attempts, keeper.segments)
    _finish(started, packager)


def has_imported(*, stream_id: str) -> bool:
    """Whether its recording is whole."""
    return LiveJob.objects.filter(stream_id=stream_id, finished_at__isnull=False).exists()


def open_imports() -> set[str]:
    """By stream id, those that are not finished, whether anyone works on them or not."""
    return set(FileImport.objects.values_list("stream_id", flat=True))


def discard_import(*, stream_id: str) -> None:
    """Remove everything of an import that nobody works on, finished or not. Safe to repeat, and to kill: rows last."""
    _delete_media(stream_id)
    LiveJob.objects.filter(stream_id=stream_id, finished_at__isnull=False).delete()
    FileImport.objects.filter(stream_id=stream_id).delete()


def _delete_media(stream_id: str) -> None:
    for folder in (f"{names.BROADCASTS_DIR}/{stream_id}", f"{names.PREVIEWS_DIR}/{stream_id}"):
        delete_folder(folder)
    Segment.objects.filter(stream_id=stream_id).delete()


def _begin(stream_id: str) -> FileImport:
    """The row is there before the first file, and counts, before the files of the attempt before are deleted."""
    started, _ = FileImport.objects.get_or_create(stream_id=stream_id)
    FileImport.objects.filter(pk=started.pk).update(attempts=F("attempts") + 1)
    _delete_media(stream_id)
    started.refresh_from_db()
    return started


def _plans(facts: FileFacts) -> list[VideoPlan]:
    return plan_renditions(
        facts.width,
        facts.height,
        frame_rate=float(facts.frame_rate),
        passthrough=False,
        max_rungs=settings.MAX_TRANSCODED_RUNGS,
        ladder=read_ladder(),
        max_frame_rate=settings.SOURCE_MAX_FPS,
    )


def _read(
    path: Path,
    facts: FileFacts,
    plans: Sequence[VideoPlan],
    packager: FilePackager,
    keeper: "_Keeper",
    max_seconds: float,
    progress: Progress,
) -> None:
    renditions = [plan.name for plan in plans] + ([AUDIO] if facts.audio_index is not None else [])
    segment_seconds, timing = settings.TARGET_DURATION_SECONDS, ffmpeg_timing_option()
    told = 0.0
    with FileReader(
        path,
        renditions,
        lambda pipes: import_argv(facts, plans, pipes, segment_seconds=segment_seconds, timing=timing),
    ) as reader:
        for name, tags in reader.tags():
            try:
                keeper.keep(packager.take(name, tags))
            except (FlvError, BitstreamError) as error:
                raise FileRefused("unreadable", UNREADABLE) from error
            if packager.seconds > max_seconds:
                raise too_long(max_seconds)
            if time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                progress(packager.seconds)


def _preview(stream_id: str, epoch: int, segments: int) -> None:
    """A recording without its picture is better than none."""
    segment = f"{SOURCE}/{names.segment_name(epoch, int(segments * PREVIEW_AT))}"
    try:
        make_preview(stream_id=stream_id, init_path=f"{SOURCE}/{names.init_name(epoch)}", segment_path=segment)
    except (OSError, SubprocessError):
        log.exception("no preview of %s", stream_id)


def _finish(started: FileImport, packager: FilePackager) -> None:
    """From here on it is a finished broadcast; its dates count from when the import began."""
    with transaction.atomic():
        job = LiveJob.objects.create(
            stream_id=started.stream_id,
            wanted=False,
            renditions=[entry.to_json() for entry in packager.renditions],
            finished_at=timezone.now(),
        )
        LiveJob.objects.filter(pk=job.pk).update(created_at=started.created_at)
        started.delete()


class _Keeper:
    """Writes what was packaged to storage and to the index of segments."""

    def __init__(self, stream_id: str, tracks: int) -> None:
        self.segments = 0
        self._stream_id, self._tracks = stream_id, tracks
        self._collector = RowCollector()
        self._rows: list[SegmentRow] = []

    def keep(self, made: Sequence[Publication]) -> None:
        for entry in made:
            if entry.init_name is not None:
                self._store(f"{entry.rendition}/{entry.init_name}", entry.init)
            if entry.finished is not None:
                if entry.finished.body:
                    self._store(f"{entry.rendition}/{entry.finished.name}", entry.finished.body)
                row = self._collector.add(entry.rendition, entry.finished.segment, expected=self._tracks)
                self._rows += [row] if row else []
        if len(self._rows) >= ROWS_AT_ONCE:
            self._save()

    def finish(self) -> None:
        """Nothing more comes."""
        self._rows += self._collector.take_rest()
        self._save()

    def _save(self) -> None:
        save_segments(stream_id=self._stream_id, rows=self._rows)
        self.segments += len(self._rows)
        self._rows = []

    def _store(self, path: str, body: bytes) -> None:
        for attempt in range(STORING_ATTEMPTS):
            try:
                store_object(self._stream_id, path, body)
                return
            except Exception:
                if attempt + 1 == STORING_ATTEMPTS:
                    raise
                log.exception("storing %s of %s failed, attempt %d", path, self._stream_id, attempt + 1)
                time.sleep(backoff_seconds(attempt))
