"""Times in our own fragments: read and moved."""

import pytest

from transcode import fragments
from transcode.errors import BoxError
from transcode.fmp4 import Sample, fragment

B_FRAMES = [Sample(3000, 1, True, 6000), Sample(3000, 1, False, 9000), Sample(3000, 1, False, 0)]


def segment(base: int, samples: list[Sample]) -> bytes:
    data = bytes(sum(sample.size for sample in samples))
    return fragment(sequence_number=1, base_decode_time=base, samples=samples, data=data, with_styp=True)


def test_presentation_times_in_the_order_of_decoding() -> None:
    two = segment(90_000, B_FRAMES) + segment(99_000, [Sample(1500, 2, False, 0), Sample(3000, 2, False, -1500)])
    assert fragments.presentation_times(two) == [96_000, 102_000, 96_000, 99_000, 99_000]


def test_moving_changes_nothing_but_the_times() -> None:
    before = segment(90_000, B_FRAMES) + segment(2**40, B_FRAMES)
    for ticks in (0, 4500, -90_000):
        moved = fragments.moved(before, ticks)
        times = [time + ticks for time in fragments.presentation_times(before)]
        assert fragments.presentation_times(moved) == times
        assert fragments.moved(moved, -ticks) == before
    with pytest.raises(BoxError):
        fragments.moved(before, -90_001)


@pytest.mark.parametrize("spoiled", [b"\x00\x00\x00\x10moof", segment(0, B_FRAMES)[:40]])
def test_what_is_no_fragment_is_refused(spoiled: bytes) -> None:
    with pytest.raises(BoxError):
        fragments.presentation_times(spoiled)


def test_what_is_no_initialization_section_is_refused() -> None:
    for ask in (fragments.timescale, fragments.picture_size):
        with pytest.raises(BoxError):
            ask(segment(0, B_FRAMES))
