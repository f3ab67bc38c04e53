"""Times and seconds of a recording, across an absence of the encoder."""

from itertools import pairwise

import pytest

from transcode.recording_clock import RecordingClock, Span, spans_of

BEGIN = 1_795_159_800.0
# Three segments, an absence of a minute, two more.
SEGMENTS = [(0.0, 2.0), (2.0, 2.0), (4.0, 1.5), (65.5, 2.0), (67.5, 2.0)]


@pytest.fixture
def clock() -> RecordingClock:
    return RecordingClock(spans_of((BEGIN + start, duration) for start, duration in SEGMENTS))


@pytest.mark.parametrize(
    ("after_begin", "seconds"),
    [
        (-30, 0),
        (0, 0),
        (3.25, 3.25),
        (5.5, 5.5),
        (30, 5.5),  # nobody sent anything
        (65.5, 5.5),
        (66.5, 6.5),
        (69.5, 9.5),
        (3600, 9.5),
    ],
)
def test_an_absence_takes_no_time(clock: RecordingClock, after_begin: float, seconds: float) -> None:
    assert clock.seconds_at(BEGIN + after_begin) == pytest.approx(seconds)


def test_it_is_as_long_as_its_spans(clock: RecordingClock) -> None:
    assert clock.spans == [Span(BEGIN, 5.5), Span(BEGIN + 65.5, 4.0)]
    assert clock.duration == 9.5


def test_lengths_that_differ_by_a_frame_do_not_add_up() -> None:
    """The longer of picture and sound, for two hours: 20 ms too much each time would be more than a minute."""
    segments = [(BEGIN + number * 2.0, 2.02) for number in range(3600)]
    assert RecordingClock(spans_of(segments)).seconds_at(BEGIN + 7190) == pytest.approx(7190)


def test_it_never_goes_back(clock: RecordingClock) -> None:
    seconds = [clock.seconds_at(BEGIN + tenth / 10) for tenth in range(-50, 800)]
    assert all(before <= after for before, after in pairwise(seconds))


def test_nothing_recorded() -> None:
    empty = RecordingClock([])
    assert (empty.seconds_at(BEGIN), empty.duration) == (0.0, 0.0)
