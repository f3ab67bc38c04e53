"""Stream health: figures and warnings measured from arriving frames."""

import pytest

from transcode.health import SourceHealth


def healthy(seconds: float = 6.0, *, speed: float = 1.0, fps: int = 30, key_every: float = 2.0) -> SourceHealth:
    health = SourceHealth(target_duration=2)
    for number in range(int(seconds * fps)):
        at = number / fps
        health.see_video(
            now=100 + at / speed, size=12_500, time_ms=round(at * 1000), is_key=number % round(key_every * fps) == 0
        )
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
    assert SourceHealth(target_duration=2).measure(5.0) == {
        "bitrate_kbps": 0,
        "fps": 0.0,
        "keyframe_seconds": 0.0,
        "audio": True,
    }
    assert SourceHealth(target_duration=2).waiting_for_key_seconds(99_000) == 0.0


def test_slow_upload_is_told_and_a_short_hiccup_is_not() -> None:
    assert codes(healthy(speed=0.8), 107.5) == ["slow_upload"]
    assert codes(healthy(speed=0.95), 106.4) == []
    assert codes(healthy(seconds=1.0, speed=0.5), 102.0) == []


def test_silence_and_distant_key_frames_are_told() -> None:
    health = SourceHealth(target_duration=2, has_audio=False, passthrough=False)
    interval, silence = health.warnings(0.0)

    assert (interval["code"], silence["code"]) == ("keyframe_interval", "no_audio")
    assert "key frame interval to 2 s" in interval["text"]


def test_time_since_the_last_key_frame() -> None:
    health = healthy(seconds=3.0)

    assert health.waiting_for_key_seconds(4_500) == 2.5


def test_memory_is_bounded_by_the_window() -> None:
    assert len(healthy(seconds=60)._video) <= 5 * 30 + 2
