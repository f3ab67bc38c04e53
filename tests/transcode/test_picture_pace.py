"""Sources whose pictures are too few for parts."""

from collections.abc import Iterable

import pytest

from transcode.picture_pace import PaceGuard, constant_rate, judge
from transcode.source_limits import Problem

LONGEST_MS = 350.0


def first_problem(times_ms: Iterable[float]) -> tuple[Problem, int] | None:
    """What is said first of pictures at these times, and when."""
    guard = PaceGuard(LONGEST_MS)
    for time_ms in times_ms:
        guard.see(round(time_ms))
        if (problem := guard.problem()) is not None:
            return problem, round(time_ms)
    return None


def steady(fps: float, seconds: float = 30.0) -> list[float]:
    return [number * 1000 / fps for number in range(int(seconds * fps))]


def with_holes(every_seconds: float, *, hole_ms: float = 400.0) -> list[float]:
    """30 pictures a second, some left out again and again."""
    return [at for at in steady(30) if at < 1000 or at % (every_seconds * 1000) >= hole_ms]


@pytest.mark.parametrize("fps", [10, 12, 15, 23.976, 30, 60])
def test_usual_rates_are_left_alone(fps: float) -> None:
    assert first_problem(steady(fps)) is None
    assert judge(fps) == []


@pytest.mark.parametrize("fps", [1, 2, 3, 5, 8])
def test_few_pictures_are_told_within_seconds_whatever_the_encoder_promised(fps: float) -> None:
    found = first_problem(steady(fps))
    assert found is not None
    problem, at_ms = found
    assert problem.code == "slow_pictures"
    assert "10 pictures a second" in problem.text
    assert at_ms <= 3_500
    assert judge(fps) == [problem]


def test_pictures_left_out_again_and_again_are_told() -> None:
    found = first_problem(with_holes(2))
    assert found is not None
    assert found[0].code == "slow_pictures"


@pytest.mark.parametrize("times", [with_holes(12), with_holes(2, hole_ms=250), with_holes(15, hole_ms=2_000)])
def test_a_picture_left_out_now_and_then_is_nothing(times: list[float]) -> None:
    assert first_problem(times) is None


def test_such_a_source_is_encoded_at_what_it_promises_or_at_ten() -> None:
    few = judge(2)
    assert constant_rate(2, few) == 10
    assert constant_rate(29.97, few) == 29.97
    assert constant_rate(29.97, [Problem("keyframe_interval", "")]) == 0
