"""Which renditions a source deserves."""

from hypothesis import given
from hypothesis import strategies as st

from transcode.ladder import DEFAULT_LADDER, SOURCE, VideoPlan, plan_renditions

sizes = st.integers(64, 4400)


def names(width: int, height: int, rungs: int = 3) -> list[str]:
    return [plan.name for plan in plan_renditions(width, height, passthrough=True, max_rungs=rungs)]


def test_usual_sources() -> None:
    assert plan_renditions(1280, 720, passthrough=True, max_rungs=3) == [
        VideoPlan(SOURCE, 1280, 720),
        VideoPlan("480p", 854, 480, 1_500_000),
        VideoPlan("360p", 640, 360, 800_000),
        VideoPlan("160p", 284, 160, 300_000),
    ]
    assert names(1920, 1080) == [SOURCE, "720p", "360p", "160p"]
    assert names(640, 360) == [SOURCE, "160p"]
    assert names(200, 150) == [SOURCE]


def test_portrait_is_measured_by_its_shorter_side() -> None:
    assert plan_renditions(1080, 1920, passthrough=True, max_rungs=1)[1] == VideoPlan("720p", 720, 1280, 3_000_000)


def test_few_rungs_are_spread_over_the_bit_rates() -> None:
    assert names(3840, 2160, 5) == [SOURCE, "1080p", "720p", "480p", "360p", "160p"]
    assert names(3840, 2160, 2) == [SOURCE, "1080p", "160p"]
    assert names(3840, 2160, 1) == [SOURCE, "1080p"]
    assert names(3840, 2160, 0) == [SOURCE]


def test_source_that_cannot_be_cut_is_encoded_at_its_own_size_and_at_most_at_the_ladders() -> None:
    source, *rungs = plan_renditions(1280, 720, passthrough=False, max_rungs=3)
    assert source == VideoPlan(SOURCE, 1280, 720, 3_000_000)
    assert [rung.name for rung in rungs] == ["480p", "360p", "160p"]
    assert plan_renditions(3840, 2160, passthrough=False, max_rungs=0) == [VideoPlan(SOURCE, 1920, 1080, 6_000_000)]
    assert plan_renditions(641, 361, passthrough=False, max_rungs=0) == [VideoPlan(SOURCE, 640, 360, 1_500_000)]


@given(sizes, sizes, st.integers(0, 6), st.booleans())
def test_never_upscaled_never_odd_never_twice(width: int, height: int, rungs: int, passthrough: bool) -> None:
    source, *smaller = plan_renditions(width, height, passthrough=passthrough, max_rungs=rungs)

    assert source.is_passthrough == passthrough
    assert len(smaller) <= rungs
    assert len({plan.name for plan in smaller}) == len(smaller)
    assert [plan.bitrate for plan in smaller] == sorted((plan.bitrate for plan in smaller), reverse=True)
    for plan in smaller:
        assert min(plan.width, plan.height) < min(width, height) or min(width, height) <= DEFAULT_LADDER[-1].size
        assert plan.width <= width + 1
        assert plan.height <= height + 1
    for plan in smaller if passthrough else [source, *smaller]:
        assert plan.width % 2 == plan.height % 2 == 0
        error = abs(plan.width / plan.height - width / height) / (width / height)
        assert error < 2.1 / min(plan.width, plan.height)
