"""The database's side of a broadcast's media, and the recording made from it."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from tests.transcode.hls.windows import grown_window
from transcode import segment_index
from transcode.hls.dvr import decode_entries
from transcode.hls.multivariant import Rendition
from transcode.hls.window import WindowSegment
from transcode.models import LiveJob, Segment
from transcode.recordings import write_recording
from transcode.segment_index import RowCollector, SegmentRow

STREAM = "0123456789abcdef01234567"
SOURCE = Rendition("source", "avc1.64001f", 9, 9, 1280, 720, 30.0)
SOUND = Rendition("audio", "mp4a.40.2", 9, 9, channels=2)


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    options = {"BACKEND": settings.STORAGES["default"]["BACKEND"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": options}
    return tmp_path


def segment(msn: int, *, duration: float = 2.0, size: int = 100, gap: bool = False) -> WindowSegment:
    return WindowSegment(
        msn, 1, 1_795_159_800.0 + 2 * msn, duration, size, gap=gap, discontinuity=msn == 2, key_bytes=size // 4
    )


def store(count: int, *, without_sound: int = -1) -> None:
    LiveJob.objects.get_or_create(stream_id=STREAM)
    segment_index.save_renditions(stream_id=STREAM, renditions=[SOURCE, SOUND])
    rows = []
    for msn in range(count):
        row = SegmentRow(msn, 1, 1_795_159_800.0 + 2 * msn, msn == 2)
        row.add("source", segment(msn, size=500_000 if msn == 1 else 250_000))
        row.add("audio", segment(msn, duration=1.99, size=32_000, gap=msn == without_sound))
        rows.append(row)
    segment_index.save_segments(stream_id=STREAM, rows=rows)


def test_row_is_complete_when_every_rendition_has_its_segment_or_its_gap() -> None:
    collector = RowCollector()
    assert collector.add("source", segment(0), expected=2) is None
    assert collector.add("source", segment(0), expected=2) is None  # told twice
    row = collector.add("audio", segment(0, gap=True), expected=2)

    assert row is not None
    assert row.renditions == {"source": (2.0, 100, 25, 0.0)}
    assert collector.take_rest() == []


def test_rest_is_given_once() -> None:
    collector = RowCollector()
    collector.add("source", segment(0), expected=2)

    assert [row.sequence for row in collector.take_rest()] == [0]
    assert collector.take_rest() == []


@pytest.mark.django_db
def test_saving_again_changes_nothing_and_gaps_alone_are_no_row() -> None:
    store(3)
    store(3)
    segment_index.save_segments(stream_id=STREAM, rows=[SegmentRow(9, 1, 0.0, False)])

    assert [row.sequence for row in Segment.objects.of(STREAM)] == [0, 1, 2]


@pytest.mark.django_db
def test_job_is_finished_once() -> None:
    store(1)
    assert segment_index.is_wanted(stream_id=STREAM)
    assert segment_index.mark_finished(stream_id=STREAM)
    assert not segment_index.mark_finished(stream_id=STREAM)
    assert not segment_index.is_wanted(stream_id=STREAM)


@pytest.mark.django_db
def test_windows_are_rebuilt_from_the_index() -> None:
    store(30, without_sound=25)
    state, windows = segment_index.rebuild_windows(stream_id=STREAM)

    assert state is not None
    assert state.ready
    assert sorted(windows) == ["audio", "source"]
    for window in windows.values():
        assert [s.msn for s in window.segments] == list(range(10, 30))
        assert (window.next_msn, window.discontinuity_sequence) == (30, 1)
    assert [s.msn for s in windows["audio"].segments if s.gap] == [25]
    assert segment_index.rebuild_windows(stream_id="f" * 24) == (None, {})


@pytest.mark.django_db
def test_where_the_encoder_was_away_gaps_are_listed_again() -> None:
    store(6)
    Segment.objects.filter(sequence__in=[3, 4]).delete()
    segments = segment_index.rebuild_windows(stream_id=STREAM)[1]["source"].segments

    assert [(s.msn, s.gap) for s in segments] == [(n, n in {3, 4}) for n in range(6)]
    assert [s.starts_at for s in segments] == [segments[0].starts_at + 2.0 * n for n in range(6)]
    assert [s.duration for s in segments] == [pytest.approx(2.0)] * 6


@pytest.mark.django_db
def test_rebuilt_window_goes_on_like_the_one_that_was_lost() -> None:
    lost = grown_window(30, discontinuity_at={2})
    store(30)
    rebuilt = segment_index.rebuild_windows(stream_id=STREAM)[1]["source"]

    for name in ("next_msn", "discontinuity_sequence", "last_msn"):
        assert getattr(rebuilt, name) == getattr(lost, name)
    assert [s.msn for s in rebuilt.segments] == [s.msn for s in lost.segments]


@pytest.mark.django_db
def test_recording_lists_every_segment_and_says_how_fast_it_really_is(media: Path) -> None:
    """A-135, A-160, A-161"""
    store(4, without_sound=3)
    recording = write_recording(stream_id=STREAM)
    write_recording(stream_id=STREAM)

    assert recording.renditions == ["source", "audio"]
    assert recording.duration_seconds == 8.0
    folder = f"broadcasts/{STREAM}/vod"
    index = default_storage.open(f"{folder}/index.m3u8").read().decode()
    assert "BANDWIDTH=2128644,AVERAGE-BANDWIDTH=1378644," in index
    assert '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=500000,CODECS="avc1.64001f",RESOLUTION=1280x720' in index
    key_frames = default_storage.open(f"{folder}/source/iframes.m3u8").read().decode()
    assert key_frames.count("#EXT-X-I-FRAMES-ONLY\n#EXT-X-PLAYLIST-TYPE:VOD\n") == 1
    assert key_frames.count("#EXT-X-BYTERANGE:62500@0\n../../source/1-") == 3
    sound = default_storage.open(f"{folder}/audio/index.m3u8").read().decode()
    assert sound.count("#EXTINF") == 4
    assert "#EXT-X-GAP\n#EXTINF:2.00000,\n../../audio/1-3.m4s\n#EXT-X-ENDLIST\n" in sound
    assert sorted(default_storage.listdir(folder)[1]) == ["index.m3u8", "manifest.mpd"]
    assert default_storage.listdir(f"{folder}/audio")[1] == ["index.m3u8"]
    manifest = default_storage.open(f"{folder}/manifest.mpd").read().decode()
    assert 'mediaPresentationDuration="PT8.000000S"' in manifest
    assert 'media="../audio/1-$Number$.m4s"' in manifest


@pytest.mark.django_db
def test_past_that_was_lost_is_read_from_the_index_with_the_encoders_absences() -> None:
    store(6)
    Segment.objects.filter(stream_id=STREAM, sequence__in=(3, 4)).delete()
    past = decode_entries(segment_index.load_past(stream_id=STREAM)["source"])

    assert [(one.msn, one.gap) for one in past] == [
        (0, False),
        (1, False),
        (2, False),
        (3, True),
        (4, True),
        (5, False),
    ]
    assert [one.starts_at for one in past] == [1_795_159_800.0 + 2 * msn for msn in range(6)]
    assert [one.key_bytes for one in past[:2]] == [62_500, 125_000]
    rebuilt = segment_index.rebuild_windows(stream_id=STREAM)[1]["audio"]
    assert [one.msn for one in rebuilt.segments] == list(range(6))


@pytest.mark.django_db
def test_recording_of_nothing_is_empty(media: Path) -> None:
    LiveJob.objects.create(stream_id=STREAM)

    assert write_recording(stream_id=STREAM).duration_seconds == 0.0


@pytest.mark.django_db
def test_each_rendition_keeps_its_own_date() -> None:
    """Sound is cut at its own frames, and begins when its first packet does."""
    row = SegmentRow(0, 1, 1_795_159_800.0, False)
    row.add("source", segment(0))
    row.add("audio", WindowSegment(0, 1, 1_795_159_800.042, 1.958, 100))
    LiveJob.objects.create(stream_id=STREAM)
    segment_index.save_segments(stream_id=STREAM, rows=[row])
    Segment.objects.create(
        stream_id=STREAM, sequence=1, epoch=1, starts_at=Segment.objects.get().starts_at, renditions={"old": [2.0, 9]}
    )

    first, second = Segment.objects.of(STREAM)
    assert first.as_window_segment("audio").starts_at == pytest.approx(1_795_159_800.042, abs=1e-6)
    assert first.as_window_segment("source").starts_at == 1_795_159_800.0
    assert second.as_window_segment("old").starts_at == 1_795_159_800.0
