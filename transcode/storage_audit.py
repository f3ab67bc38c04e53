"""What storage has of broadcasts, compared with what the database says: what is missing, and what nothing names."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from common.storage import PART_SUFFIX
from transcode.hls import names
from transcode.limits import AUDIT_YOUNG_SECONDS
from transcode.models import FileImport, LiveJob, Segment
from transcode.object_store import list_folders, list_names
from transcode.recordings import archives_of, playlists_of, tracks_of

# Made by tasks of their own, whenever they come to it: may be there or not.
OPTIONAL = ("storyboard/", "download/", f"{names.RECORDING_DIR}/{names.STORYBOARD}", names.STORYBOARD)


@dataclass
class Findings:
    """Paths in storage. `missing` names what a playlist would name; `orphans` is what nothing does."""

    missing: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)  # of another size than was written
    broadcasts: int = 0
    files: int = 0
    size: int = 0  # bytes

    @property
    def is_clean(self) -> bool:
        return not (self.missing or self.orphans or self.damaged)


def audit_storage() -> Findings:
    """Look at every broadcast that is finished, in storage and in the database. Changes nothing."""
    findings = Findings()
    being_made = set(FileImport.objects.values_list("stream_id", flat=True))  # before the jobs they become
    jobs = {job.stream_id: job for job in LiveJob.objects.all()}
    for stream_id in sorted({*list_folders(names.BROADCASTS_DIR), *jobs} - being_made):
        job = jobs.get(stream_id)
        if job is None or job.finished_at is not None:
            findings.broadcasts += 1
            _audit_broadcast(findings, stream_id, job)
    return findings


def delete_orphans(findings: Findings) -> None:
    """Remove what nothing names."""
    for path in findings.orphans:
        default_storage.delete(path)


def _audit_broadcast(findings: Findings, stream_id: str, job: LiveJob | None) -> None:
    """A file that is being written, or was just now, is nobody's orphan."""
    there = dict(_files_of(stream_id))
    findings.files += len(there)
    findings.size += sum(there.values())
    wanted = dict(_expected(job)) if job is not None else {}
    settled = timezone.now() - timedelta(seconds=AUDIT_YOUNG_SECONDS)
    for path, size in wanted.items():
        if path not in there:
            findings.missing.append(names.object_key(stream_id, path))
        elif size is not None and there[path] != size:
            findings.damaged.append(names.object_key(stream_id, path))
    for path in there.keys() - wanted.keys():
        key = names.object_key(stream_id, path)
        if job is not None and path.startswith(OPTIONAL) and not path.endswith(PART_SUFFIX):
            continue
        if default_storage.get_modified_time(key) < settled:
            findings.orphans.append(key)
    findings.orphans.sort()


def _expected(job: LiveJob) -> Iterator[tuple[str, int | None]]:
    """Paths within the broadcast that must be there, with their sizes in bytes where those are known."""
    rows = list(Segment.objects.of(job.stream_id))
    if not rows or not job.renditions:
        return
    yield from ((path, None) for path in playlists_of(job, rows))
    tracks = tracks_of(job, rows)
    archives = archives_of(job, tracks)
    if job.consolidated_at:
        yield names.ARCHIVE_INDEX, None
    for name, track in tracks.items():
        made = [segment for segment in track if not segment.gap]
        if name in archives and made:
            yield f"{name}/{names.ARCHIVE}", archives[name].size
        if not job.consolidated_at:
            yield from ((f"{name}/{names.init_name(epoch)}", None) for epoch in {segment.epoch for segment in made})
            yield from ((f"{name}/{names.segment_name(one.epoch, one.msn)}", one.size) for one in made)


def _files_of(stream_id: str) -> Iterator[tuple[str, int]]:
    """Every file below a broadcast's folder with its size."""
    base = names.object_key(stream_id, "").rstrip("/")
    folders = [base]
    while folders:
        folder = folders.pop()
        folders += [f"{folder}/{name}" for name in list_folders(folder)]
        for name in list_names(folder):
            path = f"{folder}/{name}"
            yield path.removeprefix(f"{base}/"), default_storage.size(path)
