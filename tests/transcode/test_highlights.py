"""Cuts of recordings: the segments of the range and no others, as a broadcast that needs the first one no more."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage
from pytest_django import Settings

from tests.transcode.stored_broadcast import BEGIN, STREAM, files, played, run, store_broadcast
from transcode import stored_media
from transcode.consolidation import consolidate_recording
from transcode.highlights import Cut, NothingToCut, cut_range
from transcode.models import LiveJob, Segment
from transcode.recordings import write_recording
from transcode.segment_index import timeline_anchor
from transcode.services import delete_recording

pytestmark = pytest.mark.django_db
INTO = "f" * 24
# Seconds 5 to 13 of the recording: from the third segment of the first run to the second one of the other.
CUT = {"begin": 5.0, "end": 13.0}


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    options = {"BACKEND": settings.STORAGES["default"]["BACKEND"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": options}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    stored_media._archived.cache_clear()
    store_broadcast()
    write_recording(stream_id=STREAM)


def cut_out() -> dict[int, bytes]:
    first, second = run("source", 1), run("source", 2)
    return {1: first.init + b"".join(first.bodies[2:]), 2: second.init + b"".join(second.bodies[:2])}


@pytest.mark.parametrize("consolidated", [False, True])
def test_the_range_plays_and_goes_on_when_the_recording_is_gone(consolidated: bool) -> None:
    if consolidated:
        consolidate_recording(stream_id=STREAM)
    cut = cut_range(stream_id=STREAM, into=INTO, **CUT)
    assert cut == Cut(datetime.fromtimestamp(BEGIN + 4, UTC), datetime.fromtimestamp(BEGIN + 20, UTC))
    made = write_recording(stream_id=INTO)
    assert made.duration_seconds == 10
    assert played("source", stream_id=INTO) == cut_out()
    assert set(played("18p", stream_id=INTO)) == {1, 2}
    delete_recording(stream_id=STREAM)
    stored_media._archived.cache_clear()
    assert played("source", stream_id=INTO) == cut_out()
    consolidate_recording(stream_id=INTO)
    assert files("source", stream_id=INTO) == ["archive.mp4"]
    assert len(played("source", stream_id=INTO)[1]) > 0


def test_media_time_stays_that_of_the_recording() -> None:
    """The segments carry it in them, and DASH counts from it."""
    cut_range(stream_id=STREAM, into=INTO, **CUT)
    anchors = {timeline_anchor(job) for job in LiveJob.objects.all()}
    assert len(anchors) == 1
    rows = Segment.objects.of(INTO)
    assert [row.sequence for row in rows] == [2, 3, 4, 8, 9]
    assert [row.discontinuity for row in rows] == [False, False, False, True, False]


def test_making_it_again_after_a_kill_changes_nothing() -> None:
    LiveJob.objects.create(stream_id=INTO, wanted=False, renditions=[])
    cut_range(stream_id=STREAM, into=INTO, **CUT)
    LiveJob.objects.filter(stream_id=INTO).delete()
    Segment.objects.filter(stream_id=INTO, sequence__gt=3).delete()
    cut_range(stream_id=STREAM, into=INTO, **CUT)
    write_recording(stream_id=INTO)
    assert played("source", stream_id=INTO) == cut_out()


def test_what_cannot_be_copied_whole_is_not_finished() -> None:
    default_storage.delete(f"broadcasts/{STREAM}/source/2-9.m4s")
    with pytest.raises(FileNotFoundError):
        cut_range(stream_id=STREAM, into=INTO, **CUT)
    assert LiveJob.objects.get(stream_id=INTO).finished_at is None


@pytest.mark.parametrize(("begin", "end"), [(18.0, 30.0), (5.0, 5.0)])
def test_nothing_was_recorded_there(begin: float, end: float) -> None:
    with pytest.raises(NothingToCut):
        cut_range(stream_id=STREAM, into=INTO, begin=begin, end=0.0 if begin == end else end)
    with pytest.raises(NothingToCut):
        cut_range(stream_id="a" * 24, into=INTO, **CUT)
