"""Stream health: figures and warnings measured from arriving frames."""

import pytest

from transcode.errors import SourceRefused
from transcode.health import SourceHealth
from transcode.source_limits import SourceLimits


def healthy(
    seconds: float = 6.0,
    *,
    speed: float = 1.0,
    fps: int = 30,
    key_every: float = 2.0,
    limits: SourceLimits | None = None,
) -> SourceHealth:
    health = SourceHealth(target_duration=2, part_target=0.35, limits=limits or SourceLimits())
    for number in range(int(seconds * fps)):
        at = number / fps
        health.see_video(
            now=100 + at / speed, size=12_500, time_ms=round(at * 1000), is_key=number % round(key_every * fps) == 0
        )
        health.see_sound(now=100 + at / speed, time_ms=at * 1000)
    return health


def codes(health: SourceHealth, now: float) -> list[str]:
    return [warning["code"] for warning in health.warnings(now)]


def test_figures_of_a_healthy_source() -> None:
    figures = healthy().measure(106.0)

    assert figures["bitrate_kbps"] == pytest.approx(3000, rel=0.03)
    assert figures["fps"] == pytest.approx(30, rel=0.03)
    assert figures["keyframe_seconds"] == 2.0
    assert figures["audio"] is True
    assert codes(healthy(), 106.0) == []


def test_nothing_measured_yet() -> None:
    assert SourceHealth(target_duration=2, part_target=0.35).measure(5.0) == {
        "bitrate_kbps": 0,
        "fps": 0.0,
        "keyframe_seconds": 0.0,
        "audio": True,
    }
    assert SourceHealth(target_duration=2, part_target=0.35).waiting_for_key_seconds(99_000) == 0.0


def test_slow_upload_is_told_and_a_short_hiccup_is_not() -> None:
    assert codes(healthy(speed=0.8), 107.5) == ["slow_upload"]
    assert codes(healthy(speed=0.95), 106.4) == []
    assert codes(healthy(seconds=1.0, speed=0.5), 102.0) == []


def test_silence_and_why_the_picture_is_encoded_again_are_told() -> None:
    distant = healthy(seconds=3.0).unfit(4_500)
    assert distant is not None
    health = SourceHealth(target_duration=2, part_target=0.35, has_audio=False, problems=[distant])
    interval, silence = health.warnings(0.0)

    assert (interval["code"], silence["code"]) == ("keyframe_interval", "no_audio")
    assert "key frame interval to 2 s" in interval["text"]


def test_sound_that_stops_or_is_out_of_step_is_told() -> None:
    health = SourceHealth(target_duration=2, part_target=0.35)
    told = []
    for number in range(20 * 30):
        at = number / 30
        health.see_video(now=at, size=10_000, time_ms=round(at * 1000), is_key=number % 60 == 0)
        if at < 5:
            health.see_sound(now=at, time_ms=at * 1000 + 30)
        elif 10 < at < 15:
            health.see_sound(now=at, time_ms=at * 1000 - 2_000)
        elif at > 15:
            health.see_sound(now=at, time_ms=at * 1000 + 2_000)
        if number % 30 == 29:
            told.append(codes(health, at))

    assert told[:5] == [[]] * 5
    assert told[8:10] == [["sound_stopped"]] * 2
    assert told[11:] == [["sound_offset"]] * 9


def test_announced_sound_that_never_comes_is_told() -> None:
    health = SourceHealth(target_duration=2, part_target=0.35)
    for number in range(4 * 30):
        health.see_video(now=number / 30, size=10_000, time_ms=number * 33, is_key=number == 0)

    assert codes(health, 4.0) == ["sound_stopped"]


def test_source_is_fit_while_its_key_frames_come_in_time() -> None:
    assert healthy(seconds=3.0).unfit(4_450) is None


def test_rate_above_the_limit_is_warned_of_and_then_refused() -> None:
    limits = SourceLimits(max_kbps=2_000)  # the source has 3000
    assert codes(healthy(seconds=2.0, limits=limits), 102.0) == []
    warned = healthy(seconds=8.0, limits=limits)
    assert codes(warned, 108.0) == ["over_limit"]
    assert warned.unfit(8_000) is None

    with pytest.raises(SourceRefused, match="at most 2000"):
        healthy(seconds=14.0, limits=limits).unfit(14_000)


def test_rate_above_the_limit_is_encoded_again_where_that_is_wanted() -> None:
    problem = healthy(seconds=14.0, limits=SourceLimits(max_kbps=2_000, cap=True)).unfit(14_000)

    assert problem is not None
    assert problem.code == "bitrate"
    assert "encoded again here" in problem.text


def test_more_pictures_than_declared_are_noticed() -> None:
    with pytest.raises(SourceRefused, match="120 pictures a second"):
        healthy(seconds=14.0, fps=120, limits=SourceLimits()).unfit(14_000)


def test_short_peak_above_the_limit_is_fine() -> None:
    health = SourceHealth(target_duration=2, part_target=0.35, limits=SourceLimits(max_kbps=4_000))
    for number in range(20 * 30):
        size = 100_000 if 150 <= number < 180 else 8_000  # 24 Mbit/s for a second
        health.see_video(now=number / 30, size=size, time_ms=number * 33, is_key=number % 60 == 0)
        health.see_sound(now=number / 30, time_ms=number * 33)
        assert health.unfit(number * 33) is None
    assert codes(health, 20.0) == []


def test_time_since_the_last_key_frame() -> None:
    health = healthy(seconds=3.0)

    assert health.waiting_for_key_seconds(4_500) == 2.5


def test_memory_is_bounded_by_the_window() -> None:
    assert len(healthy(seconds=60)._video) <= 5 * 30 + 2
