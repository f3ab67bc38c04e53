"""What storage has of broadcasts, compared with what the database says: what is missing, and what nothing names."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from django.utils import timezone

from common.storage import PART_SUFFIX
from transcode.hls import names
from transcode.limits import AUDIT_YOUNG_SECONDS
from transcode.models import FileImport, LiveJob, Segment
from transcode.object_store import HOT, list_folders, list_names, storage_of, tiers
from transcode.recordings import archives_of, playlists_of, tracks_of

# Made by tasks of their own, whenever they come to it: may be there or not.
OPTIONAL = ("storyboard/", "download/", f"{names.RECORDING_DIR}/{names.STORYBOARD}", names.STORYBOARD)


class StoredFile(NamedTuple):
    """A place in one tier of storage."""

    tier: str
    key: str

    def __str__(self) -> str:
        return self.key if self.tier == HOT else f"{self.key} ({self.tier})"


@dataclass
class Findings:
    """`missing` is what a playlist would name; `orphans` is what nothing does."""

    missing: list[StoredFile] = field(default_factory=list)
    orphans: list[StoredFile] = field(default_factory=list)
    damaged: list[StoredFile] = field(default_factory=list)  # of another size than was written
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
    stored = {stream_id for tier in tiers() for stream_id in list_folders(names.BROADCASTS_DIR, tier=tier)}
    for stream_id in sorted({*stored, *jobs} - being_made):
        job = jobs.get(stream_id)
        if job is None or job.finished_at is not None:
            findings.broadcasts += 1
            _audit_broadcast(findings, stream_id, job)
    return findings


def delete_orphans(findings: Findings) -> None:
    """Remove what nothing names."""
    for tier, key in findings.orphans:
        storage_of(tier).delete(key)


def _audit_broadcast(findings: Findings, stream_id: str, job: LiveJob | None) -> None:
    """A file that is being written, or was just now, is nobody's orphan."""
    base = names.object_key(stream_id, "")
    there = {file: size for tier in tiers() for file, size in _files_below(base.rstrip("/"), tier)}
    findings.files += len(there)
    findings.size += sum(there.values())
    wanted = {StoredFile(tier, base + path): size for tier, path, size in _expected(job)} if job is not None else {}
    findings.missing += [file for file in wanted if file not in there]
    findings.damaged += [file for file, size in wanted.items() if size is not None and there.get(file, size) != size]
    settled = timezone.now() - timedelta(seconds=AUDIT_YOUNG_SECONDS)
    for file in sorted(there.keys() - wanted.keys()):
        if job is not None and file.key.startswith(OPTIONAL, len(base)) and not file.key.endswith(PART_SUFFIX):
            continue
        if storage_of(file.tier).get_modified_time(file.key) < settled:
            findings.orphans.append(file)


def _expected(job: LiveJob) -> Iterator[tuple[str, str, int | None]]:
    """Tiers and paths within the broadcast that must be there, with their sizes in bytes where those are known."""
    rows = list(Segment.objects.of(job.stream_id))
    if not rows or not job.renditions:
        return
    yield from ((HOT, path, None) for path in playlists_of(job, rows))
    tracks = tracks_of(job, rows)
    archives = archives_of(job, tracks)
    if job.consolidated_at:
        yield HOT, names.ARCHIVE_INDEX, None
    for name, track in tracks.items():
        made = [segment for segment in track if not segment.gap]
        if name in archives and made:
            yield job.storage_tier, f"{name}/{names.ARCHIVE}", archives[name].size
        if not job.consolidated_at:
            yield from ((HOT, f"{name}/{names.init_name(epoch)}", None) for epoch in {one.epoch for one in made})
            yield from ((HOT, f"{name}/{names.segment_name(one.epoch, one.msn)}", one.size) for one in made)


def _files_below(base: str, tier: str) -> Iterator[tuple[StoredFile, int]]:
    """Every file of a folder and those in it, with its size in bytes."""
    folders = [base]
    while folders:
        folder = folders.pop()
        folders += [f"{folder}/{name}" for name in list_folders(folder, tier=tier)]
        for name in list_names(folder, tier=tier):
            key = f"{folder}/{name}"
            yield StoredFile(tier, key), storage_of(tier).size(key)
