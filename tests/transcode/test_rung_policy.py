"""Which rungs are made: shed when too slow, taken back with headroom, left alone when FFmpeg is broken."""

import pytest

from transcode.ladder import SOURCE, VideoPlan
from transcode.rung_policy import (
    FAILURES_ALLOWED,
    REST_SECONDS,
    RESTORE_SECONDS,
    RESTORED_SECONDS,
    SETTLE_SECONDS,
    RungPolicy,
    least_valuable,
    patience_of,
)

HIGH = VideoPlan("720p", 1280, 720, 3_000_000)
MIDDLE = VideoPlan("480p", 854, 480, 1_500_000)
LOWER = VideoPlan("360p", 640, 360, 800_000)
LOW = VideoPlan("160p", 284, 160, 300_000)
ENCODED_SOURCE = VideoPlan(SOURCE, 1920, 1080, 6_000_000)
TICK = 0.5
SETTLING = int(SETTLE_SECONDS / TICK) - 1  # looks after a change that count for nothing
QUIET = int((SETTLE_SECONDS + RESTORE_SECONDS) / TICK)


def run(policy: RungPolicy, lags: list[float], *, start: float = 0.0) -> float:
    """Tell the policy one lag every half second; returns the time after the last."""
    now = start
    for lag in lags:
        policy.see_lag(now, lag)
        now += TICK
    return now


def names(policy: RungPolicy, now: float = 0.0) -> list[str]:
    return [rung.name for rung in policy.wanted(now)]


@pytest.mark.parametrize(
    ("rungs", "goes"),
    [
        ([HIGH, MIDDLE, LOWER, LOW], "480p"),
        ([HIGH, LOWER, LOW], "360p"),
        ([HIGH, LOW], "720p"),
        ([LOW], "160p"),
    ],
)
def test_the_rung_that_is_missed_least_goes_first_and_the_smallest_last(rungs: list[VideoPlan], goes: str) -> None:
    assert least_valuable(rungs).name == goes


def test_a_growing_lag_sheds_one_rung_after_another() -> None:
    policy = RungPolicy([HIGH, LOWER, LOW])
    now = run(policy, [200, 900, 1600, 1900, 2200, 2500])
    assert names(policy, now) == ["720p", "360p", "160p"]  # not for long enough
    now = run(policy, [2800], start=now)
    assert names(policy, now) == ["720p", "160p"]
    now = run(policy, [3000.0] * SETTLING + [3000, 3100, 3200, 3300], start=now)
    assert names(policy, now) == ["720p", "160p"]
    now = run(policy, [3400], start=now)
    assert names(policy, now) == ["160p"]
    assert [warning["code"] for warning in policy.warnings(now)] == ["overloaded"]
    assert "360p, 720p" in policy.warnings(now)[0]["text"]


def test_a_lag_that_shrinks_sheds_nothing() -> None:
    """An encoder's connection hiccupped: ten seconds of picture came at once, and FFmpeg is catching up."""
    policy = RungPolicy([HIGH, LOW])
    now = run(policy, [float(lag) for lag in range(10_000, 0, -400)])
    assert names(policy, now) == ["720p", "160p"]


def test_a_small_steady_lag_is_no_overload() -> None:
    policy = RungPolicy([HIGH, LOW])
    run(policy, [1_400.0] * 100)
    assert names(policy) == ["720p", "160p"]


def test_rungs_come_back_after_quiet_and_later_each_time_that_was_too_early() -> None:
    policy = RungPolicy([HIGH, LOWER, LOW])
    now = run(policy, [2000.0] * 5)
    assert names(policy, now) == ["720p", "160p"]
    now = run(policy, [100.0] * (QUIET - 1), start=now)
    assert names(policy, now) == ["720p", "160p"]
    now = run(policy, [100.0] * 2, start=now)
    assert names(policy, now) == ["720p", "360p", "160p"]
    now = run(policy, [2000.0] * (SETTLING + 5), start=now)  # too early
    assert names(policy, now) == ["720p", "160p"]
    now = run(policy, [100.0] * (QUIET + 5), start=now)
    assert names(policy, now) == ["720p", "160p"]
    now = run(policy, [100.0] * QUIET, start=now)
    assert names(policy, now) == ["720p", "360p", "160p"]


def test_a_rung_that_stayed_makes_the_waits_short_again() -> None:
    policy = RungPolicy([HIGH, LOWER, LOW])
    now = run(policy, [2000.0] * 5)
    now = run(policy, [100.0] * (QUIET + 1), start=now)
    now = run(policy, [100.0] * int(RESTORED_SECONDS / TICK + 8), start=now)
    now = run(policy, [2000.0] * 6, start=now)
    assert names(policy, now) == ["720p", "160p"]
    now = run(policy, [100.0] * (QUIET + 1), start=now)
    assert names(policy, now) == ["720p", "360p", "160p"]


def test_a_partner_sheds_later_than_others() -> None:
    everyone, partner = (RungPolicy([HIGH, LOW], patience=patience_of(priority)) for priority in (5, 0))
    lags = [2000.0 + 100 * tick for tick in range(7)]
    for policy in (everyone, partner):
        run(policy, lags)
    assert names(everyone) == ["160p"]
    assert names(partner) == ["720p", "160p"]


def test_a_source_that_must_be_encoded_is_made_whatever_happens() -> None:
    policy = RungPolicy([ENCODED_SOURCE, LOW], has_slot=False)
    assert names(policy) == [SOURCE]
    policy.has_slot = True
    now = run(policy, [2000.0] * 30)
    assert names(policy, now) == [SOURCE]


def test_without_a_slot_nothing_is_encoded_and_the_streamer_is_told() -> None:
    policy = RungPolicy([HIGH, LOW], has_slot=False)
    assert names(policy) == []
    assert [warning["code"] for warning in policy.warnings(0)] == ["no_slot"]
    policy.has_slot = True
    assert names(policy) == ["720p", "160p"]
    assert policy.warnings(0) == []


def test_an_ffmpeg_that_fails_again_and_again_is_left_alone_for_longer_and_longer() -> None:
    policy = RungPolicy([HIGH, LOW])
    waits = [policy.see_failure(0, lived=0.1) for _ in range(FAILURES_ALLOWED)]
    assert waits == sorted(waits) and waits[0] > 0
    assert names(policy) == ["720p", "160p"]
    policy.see_failure(0, lived=0.1)
    assert names(policy, REST_SECONDS - 1) == []
    assert [warning["code"] for warning in policy.warnings(1)] == ["transcoder_failed"]
    assert names(policy, REST_SECONDS) == ["720p", "160p"]
    policy.see_failure(REST_SECONDS, lived=0.1)
    assert names(policy, 3 * REST_SECONDS - 1) == []
    assert names(policy, 3 * REST_SECONDS) == ["720p", "160p"]


def test_one_crash_after_a_long_life_is_mended_at_once() -> None:
    policy = RungPolicy([HIGH, LOW])
    for _ in range(10):
        assert policy.see_failure(0, lived=60) == 0
        assert names(policy) == ["720p", "160p"]
