"""Which segments make a clip: the best quality that has all of it, over the holes in a broadcast."""

from dataclasses import replace

import pytest

from transcode.clip_plan import ClipPlan, latest, plan_clip
from transcode.hls.window import WindowSegment

T = 1_795_159_800.0
VIDEOS = ["source", "720p", "160p"]
SIZES = {"source": 1000, "720p": 400, "160p": 50, "audio": 20}
Tracks = dict[str, list[WindowSegment]]


def broadcast(*runs: tuple[float, int]) -> Tracks:
    """All renditions of runs, each from a second of the broadcast on and with so many segments of 2 s."""
    rows = [
        WindowSegment(0, epoch, T + begin + 2.0 * place, 2.0, 0, discontinuity=epoch > 1 and place == 0)
        for epoch, (begin, count) in enumerate(runs, 1)
        for place in range(count)
    ]
    return {name: [replace(row, msn=msn, size=size) for msn, row in enumerate(rows)] for name, size in SIZES.items()}


def without(tracks: Tracks, name: str, *numbers: int) -> Tracks:
    gaps = [replace(one, gap=True, size=0) if one.msn in numbers else one for one in tracks[name]]
    return {**tracks, name: gaps}


def plan(tracks: Tracks, starts_at: float, duration: float, *, most_bytes: int = 10**6) -> ClipPlan:
    made = plan_clip(tracks, VIDEOS, "audio", starts_at=T + starts_at, duration=duration, most_bytes=most_bytes)
    assert made is not None
    return made


def numbers(made: ClipPlan) -> list[list[int]]:
    return [[segment.msn for segment in part.video] for part in made.stretches]


def test_it_takes_what_it_needs_of_the_best_quality() -> None:
    made = plan(broadcast((0, 10)), 3.0, 6.0)
    assert (made.rendition, made.starts_at, made.duration, made.missing) == ("source", T + 3.0, 6.0, 0.0)
    assert numbers(made) == [[1, 2, 3, 4]]
    assert [segment.msn for segment in made.stretches[0].sound] == [1, 2, 3, 4]
    assert made.size == 4 * 1020
    assert numbers(plan(broadcast((0, 10)), 4.0, 6.0)) == [[2, 3, 4]]  # both on a boundary


def test_a_quality_with_a_gap_in_the_clip_makes_way_for_the_next() -> None:
    tracks = without(broadcast((0, 10)), "source", 3)
    assert plan(tracks, 3.0, 6.0).rendition == "720p"
    assert plan(tracks, 8.0, 6.0).rendition == "source"  # the gap is before it
    assert plan(tracks, 0.0, 6.0).rendition == "source"  # or behind it
    assert plan(without(tracks, "720p", 1), 3.0, 6.0).rendition == "160p"


def test_where_every_quality_has_a_gap_it_is_the_one_that_has_most() -> None:
    tracks = broadcast((0, 4))
    for name, gaps in (("source", (1, 2)), ("720p", (2,)), ("160p", (1, 3))):
        tracks = without(tracks, name, *gaps)
    made = plan(tracks, 0.0, 8.0)
    assert (made.rendition, numbers(made)) == ("720p", [[0, 1], [3]])
    assert [part.shift for part in made.stretches] == [0.0, -2.0]
    assert (made.duration, made.missing) == (6.0, 2.0)


def test_a_quality_that_lags_is_not_taken_for_a_whole_one() -> None:
    tracks = without(broadcast((0, 5)), "source", 4)
    made = plan(tracks, 2.0, 8.0)
    assert (made.rendition, made.duration) == ("720p", 8.0)


def test_one_that_is_too_large_makes_way() -> None:
    tracks = broadcast((0, 10))
    assert plan(tracks, 0.0, 6.0, most_bytes=3_000).rendition == "720p"
    assert plan(tracks, 0.0, 6.0, most_bytes=10).rendition == "160p"  # the smallest, whatever it is


def test_it_runs_over_the_time_when_nothing_was_sent() -> None:
    made = plan(broadcast((0, 3), (20, 5), (40, 5)), 3.0, 15.0)
    assert numbers(made) == [[1, 2], [3, 4, 5, 6, 7], [8]]
    assert [part.epoch for part in made.stretches] == [1, 2, 3]
    assert [part.shift for part in made.stretches] == [0.0, -14.0, -24.0]
    assert made.missing == 0.0
    assert made.joins == ((3.0, T + 20.0), (13.0, T + 40.0))
    assert plan(broadcast((0, 9)), 3.0, 9.0).joins == ()


def test_what_begins_in_a_hole_begins_behind_it() -> None:
    made = plan(broadcast((0, 3), (20, 5)), 10.0, 4.0)
    assert (made.starts_at, numbers(made)) == (T + 20.0, [[3, 4]])


def test_what_is_not_recorded_is_missing() -> None:
    tracks = broadcast((0, 5))
    made = plan(tracks, 6.0, 9.0)
    assert (made.duration, made.missing) == (4.0, 5.0)
    assert plan(tracks, 6.0, 4.04).missing == 0.0  # rounding
    assert plan_clip(tracks, VIDEOS, "audio", starts_at=T + 10, duration=5, most_bytes=1) is None
    assert plan_clip({}, [], None, starts_at=T, duration=5, most_bytes=1) is None


def test_a_broadcast_without_sound_and_one_whose_sound_has_a_gap() -> None:
    tracks = without(broadcast((0, 5)), "audio", 2)
    assert [segment.msn for segment in plan(tracks, 0.0, 10.0).stretches[0].sound] == [0, 1, 3, 4]
    silent = plan_clip(tracks, VIDEOS, None, starts_at=T, duration=4, most_bytes=10**6)
    assert silent is not None
    assert silent.stretches[0].sound == ()


@pytest.mark.parametrize(
    ("duration", "expected"),
    [(5.0, (T + 25.0, 5.0)), (10.0, (T + 20.0, 10.0)), (13.0, (T + 3.0, 13.0)), (60.0, (T + 0.0, 16.0))],
)
def test_the_latest_of_it(duration: float, expected: tuple[float, float]) -> None:
    assert latest(broadcast((0, 3), (20, 5))["source"], duration) == expected


def test_of_nothing_there_is_no_latest() -> None:
    assert latest([], 5.0) is None
    assert latest(without(broadcast((0, 1)), "source", 0)["source"], 5.0) is None
