"""Limits on sources, what browsers cannot play, and whose word on the frame rate counts."""

import pytest

from tests.transcode.test_h264 import encoded_packets
from transcode import frame_rate
from transcode.errors import SourceRefused
from transcode.source_limits import SourceLimits, unplayable

LIMITS = SourceLimits(max_height=1080, max_fps=60)
CAPPING = SourceLimits(max_height=1080, max_fps=60, cap=True)


@pytest.mark.parametrize(
    ("size", "rate", "code"),
    [
        ((3840, 2160), 30.0, "resolution"),
        ((1082, 1920), 30.0, "resolution"),
        ((1920, 1080), 120.0, "frame_rate"),
    ],
)
def test_source_above_a_limit_is_refused_or_capped(size: tuple[int, int], rate: float, code: str) -> None:
    with pytest.raises(SourceRefused, match="In OBS: ") as refused:
        LIMITS.problems(*size, rate)

    assert refused.value.code == code
    assert [problem.code for problem in CAPPING.problems(*size, rate)] == [code]


@pytest.mark.parametrize(
    ("size", "rate"), [((1920, 1080), 60.0), ((1080, 1920), 59.94), ((2560, 1080), 60.0), ((160, 90), 1.0)]
)
def test_source_within_the_limits_is_taken(size: tuple[int, int], rate: float) -> None:
    assert LIMITS.problems(*size, rate) == []


@pytest.mark.parametrize(
    ("size", "capped"),
    [
        ((3840, 2160), (1920, 1080)),
        ((2160, 3840), (1080, 1920)),
        ((1920, 1080), (1920, 1080)),
        ((5120, 1440), (3840, 1080)),
    ],
)
def test_capped_picture_keeps_its_shape(size: tuple[int, int], capped: tuple[int, int]) -> None:
    assert CAPPING.capped_size(*size) == capped


@pytest.mark.parametrize(
    ("pixels", "word"),
    [("yuv420p10le", "10-bit"), ("yuv422p", "4:2:2"), ("yuv444p", "4:4:4"), ("yuv422p10le", "10-bit")],
)
def test_colours_that_browsers_cannot_play_are_encoded_again(pixels: str, word: str) -> None:
    config, _ = encoded_packets("-pix_fmt", pixels)
    (problem,) = unplayable(config)

    assert problem.code == "colour_format"
    assert word in problem.text


@pytest.mark.parametrize("pixels", ["yuv420p", "gray"])
def test_usual_colours_are_passed_through(pixels: str) -> None:
    config, _ = encoded_packets("-pix_fmt", pixels)

    assert unplayable(config) == []


THIRTY = [0, 33, 67, 100, 133, 167, 200, 233]
FILM = [0, 42, 83, 125, 167, 209, 250, 292]


@pytest.mark.parametrize(
    ("claims", "times", "rate"),
    [
        ([60.0, 60.0], [0], 60.0),
        ([29.97, 30000 / 1001], [0], 29.97),
        ([60.0, 30.0], THIRTY, 30.0),
        ([0.0, 0.0], THIRTY, 30.0),
        ([0.0, 0.0], FILM, 24000 / 1001),
        ([1e30, 1000.0], THIRTY, 30.0),
        ([25.0, 0.0], [0], 25.0),
        ([0.0, 0.0], [0], frame_rate.DEFAULT),
        ([1e308, 0.0], [0], frame_rate.DEFAULT),
        ([30.0, 0.0], [0] * 8, 30.0),
        ([0.0, 0.0], [0, 90, 180, 270, 360, 450, 540, 630], 1000 / 90),
    ],
)  # fmt: skip
def test_claims_on_the_frame_rate_must_be_confirmed(claims: list[float], times: list[int], rate: float) -> None:
    assert frame_rate.judge(claims, times) == pytest.approx(rate, rel=0.002)


def test_only_claims_that_agree_are_believed_at_once() -> None:
    assert frame_rate.is_known([30.0, 30.0], [0])
    assert not frame_rate.is_known([30.0, 0.0], [0])
    assert not frame_rate.is_known([30.0, 60.0], THIRTY[:7])
    assert frame_rate.is_known([30.0, 60.0], THIRTY)
