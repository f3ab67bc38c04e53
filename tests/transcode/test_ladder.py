"""Which renditions a source deserves."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcode.errors import LadderError
from transcode.ladder import (
    BITRATES,
    DEFAULT_LADDER,
    SIZES,
    SOURCE,
    Rung,
    VideoPlan,
    check_ladder,
    parse_ladder,
    plan_renditions,
)

sizes = st.integers(64, 4400)
ladders = st.dictionaries(
    st.integers(SIZES[0] // 2, SIZES[1] // 2),
    st.tuples(st.integers(*BITRATES), st.sampled_from([24.0, 30.0, 60.0])),
    min_size=1,
    max_size=8,
).map(
    lambda rungs: [
        Rung(half * 2, bitrate, most)
        for half, bitrate, most in zip(
            sorted(rungs), sorted(rate for rate, _ in rungs.values()), [most for _, most in rungs.values()], strict=True
        )
    ]
)


def plans(width: int, height: int, rungs: int = 3, frame_rate: float = 30.0) -> list[VideoPlan]:
    return plan_renditions(width, height, frame_rate=frame_rate, passthrough=True, max_rungs=rungs)


def names(width: int, height: int, rungs: int = 3) -> list[str]:
    return [plan.name for plan in plans(width, height, rungs)]


def test_usual_sources() -> None:
    assert plans(1280, 720) == [
        VideoPlan(SOURCE, 1280, 720, 0, 30.0),
        VideoPlan("480p", 854, 480, 1_500_000, 30.0),
        VideoPlan("360p", 640, 360, 800_000, 30.0),
        VideoPlan("160p", 284, 160, 300_000, 30.0),
    ]
    assert names(1920, 1080) == [SOURCE, "720p", "360p", "160p"]
    assert names(640, 360) == [SOURCE, "160p"]
    assert names(200, 150) == [SOURCE]


def test_large_rungs_keep_sixty_pictures_a_second_and_small_ones_every_second_of_them() -> None:
    assert plans(1920, 1080, 4, 60.0) == [
        VideoPlan(SOURCE, 1920, 1080, 0, 60.0),
        VideoPlan("720p", 1280, 720, 4_500_000, 60.0),
        VideoPlan("480p", 854, 480, 1_500_000, 30.0, 2),
        VideoPlan("360p", 640, 360, 800_000, 30.0, 2),
        VideoPlan("160p", 284, 160, 300_000, 30.0, 2),
    ]


@pytest.mark.parametrize(
    ("source", "made", "step"),
    [
        (60.0, 30.0, 2),
        (60000 / 1001, 30000 / 1001, 2),
        (50.0, 25.0, 2),
        (48.0, 24.0, 2),
        (120.0, 30.0, 4),
        (30.0, 30.0, 1),
        (25.0, 25.0, 1),
        (40.0, 40.0, 1),  # 20 would be worse than ten too many
        (10.0, 10.0, 1),
    ],
)
def test_small_rung_has_a_regular_fraction_of_the_sources_rate(source: float, made: float, step: int) -> None:
    rung = plans(1920, 1080, 4, source)[-1]
    assert (rung.frame_rate, rung.frame_step) == (made, step)


def test_half_as_many_pictures_get_two_thirds_of_the_bits() -> None:
    rung = Rung(720, 4_500_000, 60.0)
    rates = [rung.bitrate_at(rate) for rate in (60.0, 50.0, 48.0, 30.0, 25.0)]
    assert rates == [4_500_000, 4_500_000, 4_500_000, 3_000_000, 3_000_000]
    assert Rung(480, 1_500_000, 30.0).bitrate_at(60.0) == 2_250_000


def test_pictures_of_all_shapes_are_measured_by_their_shorter_side() -> None:
    assert plans(1080, 1920, 1)[1] == VideoPlan("720p", 720, 1280, 3_000_000, 30.0)
    assert plans(1440, 1080, 1)[1] == VideoPlan("720p", 960, 720, 3_000_000, 30.0)
    assert plans(2560, 1080, 1)[1] == VideoPlan("720p", 1706, 720, 3_000_000, 30.0)


def test_few_rungs_are_spread_over_the_bit_rates() -> None:
    assert names(3840, 2160, 5) == [SOURCE, "1080p", "720p", "480p", "360p", "160p"]
    assert names(3840, 2160, 2) == [SOURCE, "1080p", "160p"]
    assert names(3840, 2160, 1) == [SOURCE, "1080p"]
    assert names(3840, 2160, 0) == [SOURCE]


def test_source_that_cannot_be_cut_is_encoded_at_its_own_size_and_at_most_at_the_ladders() -> None:
    def encoded(width: int, height: int, frame_rate: float) -> VideoPlan:
        return plan_renditions(width, height, frame_rate=frame_rate, passthrough=False, max_rungs=3)[0]

    assert encoded(1280, 720, 30.0) == VideoPlan(SOURCE, 1280, 720, 3_000_000, 30.0)
    assert encoded(3840, 2160, 60.0) == VideoPlan(SOURCE, 1920, 1080, 6_000_000, 60.0)
    assert encoded(641, 361, 30.0) == VideoPlan(SOURCE, 640, 360, 1_500_000, 30.0)
    assert encoded(854, 480, 60.0) == VideoPlan(SOURCE, 854, 480, 2_250_000, 60.0)  # the best there is stays smooth


@given(sizes, sizes, st.integers(0, 6), st.booleans(), st.floats(1, 240))
def test_never_upscaled_never_odd_never_twice(
    width: int, height: int, rungs: int, passthrough: bool, frame_rate: float
) -> None:
    source, *smaller = plan_renditions(width, height, frame_rate=frame_rate, passthrough=passthrough, max_rungs=rungs)

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
        assert plan.frame_rate * plan.frame_step == pytest.approx(frame_rate)
        assert plan.frame_rate <= 90  # 60 allowed, and half as many again where half would be too few


def test_ladder_is_written_in_one_line() -> None:
    assert parse_ladder("360:0.8M@30, 720p:3000k@60 ,1080:6000000") == (
        Rung(1080, 6_000_000, 60.0),
        Rung(720, 3_000_000, 60.0),
        Rung(360, 800_000, 30.0),
    )


@given(ladders)
def test_every_ladder_that_grows_with_its_pictures_is_one(rungs: list[Rung]) -> None:
    if any(smaller.bitrate == larger.bitrate for smaller, larger in pairwise(rungs)):
        with pytest.raises(LadderError):
            check_ladder(rungs)
        return
    assert list(check_ladder(rungs)) == rungs[::-1]
    text = ",".join(f"{rung.size}:{rung.bitrate}@{rung.max_frame_rate:g}" for rung in rungs)
    assert parse_ladder(text) == check_ladder(rungs)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "'' is not a rung: write size:bitrate@frames, for example 720:3000k@30."),
        ("720", "'720' is not a rung: write size:bitrate@frames, for example 720:3000k@30."),
        ("720:3000k@", "'720:3000k@' is not a rung: write size:bitrate@frames, for example 720:3000k@30."),
        ("720:-3M", "'720:-3M' is not a rung: write size:bitrate@frames, for example 720:3000k@30."),
        ("1280x720:3M", "'1280x720:3M' is not a rung: write size:bitrate@frames, for example 720:3000k@30."),
        ("721:3M", "721 is no size for a rung: an even number of pixels from 144 to 4320."),
        ("100:3M", "100 is no size for a rung: an even number of pixels from 144 to 4320."),
        ("720:3000", "720p cannot have 3000 bit/s: between 50k and 50000k."),
        ("720:3M@5", "720p cannot have 5 pictures a second: between 10 and 120."),
        ("720:3M,720:2M", "720p is there twice."),
        ("720:1M,480:1M", "720p must have a higher bit rate than 480p."),
        (",".join(f"{160 + 2 * n}:{100 + n}k" for n in range(9)), "A ladder has between 1 and 8 rungs, not 9."),
    ],
)
def test_nonsense_is_refused_with_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(LadderError) as refusal:
        parse_ladder(text)
    assert str(refusal.value) == sentence
