"""The sliding window: what it lists, drops and never changes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transcode.hls.windows import fill_segment, grown_window
from transcode.hls.window import MIN_WINDOW_SEGMENTS, WINDOW_SECONDS, Part, Window


def test_window_slides_and_counts_the_discontinuities_that_left() -> None:
    window = grown_window(30, discontinuity_at={4, 20})

    assert [segment.msn for segment in window.segments] == list(range(10, 30))
    assert window.discontinuity_sequence == 1  # of segment 4; that of segment 20 is still listed
    assert sum(segment.duration for segment in window.segments) >= WINDOW_SECONDS


def test_discontinuity_stays_with_its_segment_until_that_leaves() -> None:
    window = grown_window(24, discontinuity_at={4})
    assert window.segments[0].msn == 4
    assert window.discontinuity_sequence == 0

    fill_segment(window, 24, 6)
    window.close_segment()

    assert window.segments[0].msn == 5
    assert window.discontinuity_sequence == 1


def test_long_segments_keep_at_least_six() -> None:
    window = Window(target_duration=10, part_target=1.0)
    for number in range(9):
        window.open_segment(epoch=1, starts_at=10.0 * number, discontinuity=False)
        window.add_part(Part(10.0, 1, independent=True))
        window.close_segment()

    assert len(window.segments) == MIN_WINDOW_SEGMENTS


def test_parts_are_dropped_three_target_durations_from_the_end() -> None:
    window = grown_window(10, open_parts=3)

    assert [len(segment.parts) for segment in window.segments] == [0] * 7 + [6] * 3


def test_edge_is_the_newest_part() -> None:
    assert grown_window(0).edge == (-1, -1)
    assert grown_window(0, open_parts=2).edge == (0, 1)
    assert grown_window(3).edge == (2, 5)
    assert grown_window(3, open_parts=1).edge == (3, 0)


def test_segment_without_parts_is_dropped_and_its_number_used_again() -> None:
    window = grown_window(3)
    window.open_segment(epoch=1, starts_at=6.0, discontinuity=False)

    assert window.close_segment() is None
    assert window.next_msn == 3
    assert window.last_msn == 2


def test_gap_takes_a_number_and_a_place_in_time() -> None:
    window = grown_window(3)
    window.add_gap(epoch=2, starts_at=6.0, duration=2.0, discontinuity=True)

    gap = window.segments[-1]
    assert (gap.msn, gap.gap, gap.discontinuity, gap.size) == (3, True, True, 0)
    assert window.next_msn == 4


def test_end_closes_what_is_open() -> None:
    window = grown_window(3, open_parts=2)
    window.end()

    assert window.ended
    assert window.open is None
    assert len(window.segments[-1].parts) == 2


def test_two_open_segments_are_a_mistake() -> None:
    window = grown_window(3, open_parts=1)

    with pytest.raises(ValueError, match="segment 3 is still open"):
        window.open_segment(epoch=1, starts_at=0.0, discontinuity=False)


def test_part_without_a_segment_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no segment"):
        grown_window(3).add_part(Part(0.3, 1))


steps = st.lists(
    st.one_of(
        st.tuples(st.just("part"), st.floats(0.05, 0.35), st.booleans()),
        st.tuples(st.just("close"), st.just(0.0), st.just(False)),
        st.tuples(st.just("gap"), st.floats(0.5, 2.4), st.booleans()),
        st.tuples(st.just("run"), st.just(0.0), st.just(False)),
    ),
    max_size=200,
)


class Story:
    """Applies steps to a window as a packager would."""

    def __init__(self) -> None:
        self.window = Window(target_duration=2, part_target=0.35)
        self.epoch, self.time, self.new_run = 1, 0.0, False

    def take(self, kind: str, seconds: float, flag: bool) -> None:
        window = self.window
        if kind == "part":
            if window.open is None:
                window.open_segment(epoch=self.epoch, starts_at=self.time, discontinuity=self.new_run)
                self.new_run = False
            window.add_part(Part(seconds, 1, flag))
        elif kind == "run":
            window.close_segment()
            self.epoch, self.new_run = self.epoch + 1, True
        else:
            window.close_segment()
        if kind == "gap":
            window.add_gap(epoch=self.epoch, starts_at=self.time, duration=seconds, discontinuity=self.new_run)
            self.new_run = False
        self.time += seconds


@given(steps)
def test_numbers_of_a_listed_segment_never_change(taken: list[tuple[str, float, bool]]) -> None:
    story = Story()
    sequence_of: dict[int, int] = {}
    newest = -1
    for step in taken:
        story.take(*step)
        window = story.window
        assert [s.msn for s in window.segments] == list(
            range(window.last_msn - len(window.segments) + 1, window.last_msn + 1)
        )
        assert window.last_msn >= newest
        newest = window.last_msn
        sequence = window.discontinuity_sequence
        for segment in window.segments:
            sequence += segment.discontinuity
            assert sequence_of.setdefault(segment.msn, sequence) == sequence


@given(steps)
def test_window_survives_being_stored(taken: list[tuple[str, float, bool]]) -> None:
    story = Story()
    for step in taken:
        story.take(*step)

    assert Window.from_json(story.window.to_json()) == story.window


@given(steps, st.integers(min_value=0, max_value=10))
def test_a_copy_that_hears_of_every_change_stays_the_same(taken: list[tuple[str, float, bool]], known: int) -> None:
    """An origin reads the window once and is then told what changed, as JSON."""
    story = Story()
    for step in taken[:known]:
        story.take(*step)
    copy = Window.from_json(story.window.to_json())
    story.window.take_changes()
    for step in taken[known:]:
        story.take(*step)
        copy.apply(json.loads(json.dumps(story.window.take_changes())))
        assert copy == story.window


def test_what_is_no_change_is_refused() -> None:
    with pytest.raises(ValueError, match="no change"):
        Window(2, 0.35).apply([["from_json", {"text": "{}"}]])
