"""The shape of a rung's pixels, read from real encodes."""

import pytest

from tests.transcode.encodes import pixel_shape, source, transcoded
from transcode import ffmpeg
from transcode.ladder import VideoPlan

ROUNDED = VideoPlan("160p", 288, 160, 200_000, 30.0)  # of 16:9, whose side would be 284.4


def shape_of_rung(filters: str) -> tuple[int, int]:
    clip = source(seconds=0.5, size="640x360", filters=filters)
    return pixel_shape(transcoded(clip, [ROUNDED])["160p"])


def test_pixels_are_square_where_a_side_was_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A-069"""
    assert shape_of_rung("null") == (1, 1)
    # Negative control: without the last filter they are not.
    monkeypatch.setattr(ffmpeg, "_SQUARE", "sar")
    assert shape_of_rung("null") == (80, 81)


def test_pixels_of_an_anamorphic_source_keep_their_shape() -> None:
    width, height = shape_of_rung("setsar=4/3")
    assert width / height == pytest.approx(4 / 3, rel=0.02)
