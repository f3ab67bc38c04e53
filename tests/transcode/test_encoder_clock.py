"""Clocks of encoders: what is followed, what begins a new run, and what cannot go on air."""

from collections.abc import Iterable

import pytest

from transcode.encoder_clock import DRIFT_SECONDS, EncoderClock
from transcode.errors import SourceInterrupted, SourceRefused
from transcode.flv import MediaTag
from transcode.limits import TIMELINE_START_MS

FIRST_MS = 5_000_000


def pictures(steps: Iterable[tuple[float, float]]) -> list[int]:
    """Places pictures; each step is (source milliseconds, real milliseconds) since the one before."""
    clock = EncoderClock(FIRST_MS, 100.0)
    told, now, placed = float(FIRST_MS), 100.0, []
    for number, (source_ms, real_ms) in enumerate([(0, 0), *steps]):
        told, now = told + source_ms, now + real_ms / 1000
        placed.append(clock.place_video(_tag(told), now, is_key=number % 60 == 0) - TIMELINE_START_MS)
    return placed


def _tag(told: float, kind: str = "video") -> MediaTag:
    return MediaTag("video" if kind == "video" else "audio", round(told) % 2**32, b"x")


STEADY = [(33, 33)] * 90


@pytest.mark.parametrize(
    "steps",
    [
        STEADY,
        [*STEADY, (33, 4_000), *[(33, 1)] * 120, *STEADY],
        [*STEADY, (1_000, 1_000), *STEADY, (2_500, 2_500), *STEADY],
        [*[(33, 0.1)] * 150, *STEADY, *STEADY],
        [(2_000, 2_000)] * 20,
        [(33, 41)] * 900,
        [(33, 33), (-20, 13), (33, 33)] * 60,
        [(33.1, 33)] * 3_000,
    ],
    ids=[
        "steady", "late and in a burst", "pictures left out", "five seconds buffered at the start", "a slide show",
        "slow upload", "small steps back", "a clock a little too fast",
    ],
)  # fmt: skip
def test_clock_is_followed(steps: list[tuple[float, float]]) -> None:
    placed = pictures(steps)

    assert placed == sorted(set(placed))
    assert placed[-1] == pytest.approx(sum(step[0] for step in steps), abs=45)


@pytest.mark.parametrize("jump", [(700, 33), (2_500, 33), (3_001, 3_001), (-101, 33), (-50_000, 33), (3_600_000, 33)])
def test_jump_begins_a_new_run(jump: tuple[float, float]) -> None:
    with pytest.raises(SourceInterrupted, match="jumped"):
        pictures([*STEADY, jump])


@pytest.mark.parametrize("step", [0, -1, -33, 1])
def test_clock_that_stands_still_or_runs_backwards_is_refused(step: int) -> None:
    with pytest.raises(SourceRefused) as refused:
        pictures([*STEADY, *[(step, 33)] * 60])

    assert refused.value.code == "clock_stopped"


@pytest.mark.parametrize("speed", [1.2, 2.0, 10.0])
def test_clock_that_runs_too_fast_is_refused(speed: float) -> None:
    with pytest.raises(SourceRefused) as refused:
        pictures([(33 * speed, 33)] * 900)

    assert refused.value.code == "clock_fast"


def test_double_speed_is_noticed_within_five_seconds() -> None:
    with pytest.raises(SourceRefused):
        pictures((66, 33) for _ in range(0, 5_000, 33))


def test_drift_is_mended_by_a_new_run_at_a_key_frame() -> None:
    steps = [(34, 33)] * round(DRIFT_SECONDS * 1000 / 33 * 3)
    with pytest.raises(SourceInterrupted, match="ahead"):
        pictures(steps)


def test_sound_near_the_picture_is_placed_and_other_sound_is_not() -> None:
    clock = EncoderClock(FIRST_MS, 0.0)
    clock.place_video(_tag(FIRST_MS), 0.0, is_key=True)

    assert clock.place_audio(_tag(FIRST_MS + 5_000, "audio")) == TIMELINE_START_MS + 5_000
    assert clock.place_audio(_tag(FIRST_MS - 5_000, "audio")) == TIMELINE_START_MS - 5_000
    assert clock.place_audio(_tag(FIRST_MS + 10_001, "audio")) is None
    assert clock.place_audio(_tag(FIRST_MS + 2**31, "audio")) is None
