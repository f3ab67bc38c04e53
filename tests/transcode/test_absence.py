"""The playlists' clock while no encoder sends."""

from itertools import pairwise

import pytest

from transcode.absence import SILENT_CHECKS, Absence, SilenceWatch
from transcode.hls.window import Part, Window
from transcode.packager import Track

NOW = 1000.0
CHECK_SECONDS = 0.25


def tracks() -> list[Track]:
    """Picture and sound, the sound a third of a frame shorter."""
    made = []
    for name, seconds in (("source", 2.0), ("audio", 1.989)):
        one = Track(name, Window(2, 0.35))
        for number in range(4):
            one.window.open_segment(epoch=3, starts_at=5000.0 + seconds * number, discontinuity=False)
            one.window.add_part(Part(seconds, 10, independent=True))
            one.window.close_segment()
        one.publication()
        made.append(one)
    return made


def assert_contiguous(track: Track) -> None:
    for one, other in pairwise(track.window.segments):
        assert other.starts_at == pytest.approx(one.starts_at + one.duration)
        assert other.msn == one.msn + 1


def test_a_gap_of_a_target_duration_is_listed_whenever_one_is_over() -> None:
    made = tracks()
    absence = Absence(made, target_duration=2, since=NOW)

    assert absence.fill(NOW + 1.9) == []
    first = absence.fill(NOW + 2.0)
    assert [(entry.rendition, entry.finished.segment.gap) for entry in first if entry.finished] == [
        ("source", True),
        ("audio", True),
    ]
    assert absence.fill(NOW + 3.9) == []
    assert len(absence.fill(NOW + 8.1)) == 6
    for track in made:
        assert_contiguous(track)
        assert [segment.epoch for segment in track.window.segments[-4:]] == [3] * 4
        assert all(round(segment.duration) <= 2 for segment in track.window.segments)
    assert made[0].window.next_msn == made[1].window.next_msn == 8


def test_gaps_add_up_to_the_absence_and_all_renditions_end_together() -> None:
    made = tracks()
    absence = Absence(made, target_duration=2, since=NOW)
    absence.fill(NOW + 4.2)
    absence.finish(NOW + 5.5)

    ends = [track.window.segments[-1].starts_at + track.window.segments[-1].duration for track in made]
    assert ends == [pytest.approx(5000 + 8 + 5.5)] * 2
    assert sum(segment.duration for segment in made[0].window.segments if segment.gap) == pytest.approx(5.5)


@pytest.mark.parametrize("behind", [0.3, 0.7, 1.9])
@pytest.mark.parametrize("away", [2.5, 6.3])
def test_rendition_that_was_behind_when_its_worker_died_gets_no_gap_that_is_too_long(
    behind: float, away: float
) -> None:
    """A-021"""
    made = tracks()
    late = Track("160p", Window(2, 0.35))
    for number in range(4):
        late.window.open_segment(epoch=3, starts_at=5000.0 + 2.0 * number, discontinuity=False)
        late.window.add_part(Part(2.0 - (behind if number == 3 else 0.0), 10, independent=True))
        late.window.close_segment()
    made.append(late)
    Absence(made, target_duration=2, since=NOW).finish(NOW + away)

    for track in made:
        assert_contiguous(track)
        assert all(round(segment.duration) <= 2 for segment in track.window.segments)
    assert {round(track.window.segments[-1].ends_at, 3) for track in made} == {5000 + 8 + away}
    assert len({track.window.next_msn for track in made}) == 1


def test_an_encoder_that_is_back_at_once_leaves_no_gap() -> None:
    assert Absence(tracks(), target_duration=2, since=NOW).finish(NOW + 0.05) == []


def test_what_nobody_counted_is_made_up_for_but_not_more_than_a_window() -> None:
    absence = Absence(tracks(), target_duration=2, since=NOW, missed=3.0)
    assert len(absence.fill(NOW)) == 2
    absence = Absence(tracks(), target_duration=2, since=NOW, missed=86_400.0)
    assert len(absence.fill(NOW)) == 2 * 20


def test_frozen_encoder_is_seen_before_the_next_segment_is_overdue() -> None:
    watch = SilenceWatch(2)
    asked = [watch.is_frozen(now=NOW + CHECK_SECONDS * n, frames=100, segment=7) for n in range(13)]
    assert asked.index(True) * CHECK_SECONDS < 1.5 * 2
    assert not any(asked[: asked.index(True)])


def test_slow_encoder_is_not_frozen() -> None:
    watch = SilenceWatch(2)
    assert not any(watch.is_frozen(now=NOW + CHECK_SECONDS * n, frames=n // 3, segment=7) for n in range(40))


def test_worker_that_was_stopped_does_not_take_its_own_sleep_for_silence() -> None:
    watch = SilenceWatch(2)
    assert not watch.is_frozen(now=NOW, frames=5, segment=7)
    asked = [watch.is_frozen(now=NOW + 60 + CHECK_SECONDS * n, frames=5, segment=7) for n in range(SILENT_CHECKS - 1)]
    assert not any(asked)
