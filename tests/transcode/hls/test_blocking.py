"""What a request with delivery directives gets: the table of rules A-100 to A-120."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transcode.hls.windows import PARTS, grown_window
from transcode.hls.blocking import BadDirectives, Decision, Directives, decide, parse_directives
from transcode.hls.window import Window

ANSWER, HOLD, REFUSE = Decision.ANSWER, Decision.HOLD, Decision.REFUSE
LAST, OPEN_PARTS = 29, 3  # segment 29 is complete, 30 is open with parts 0, 1 and 2; 10 is the first one listed
ADVANCE_LIMIT = 9  # ceil(3 s / 0.35 s)


def live_window() -> Window:
    return grown_window(LAST + 1, open_parts=OPEN_PARTS)


@pytest.mark.parametrize(
    ("msn", "part", "expected"),
    [
        pytest.param(None, None, ANSWER, id="plain"),
        pytest.param(LAST + 1, None, HOLD, id="A-100 the open segment, whole"),
        pytest.param(LAST + 2, None, HOLD, id="A-100 the one after it"),
        pytest.param(LAST, None, ANSWER, id="A-100 complete"),
        pytest.param(LAST + 1, 2, ANSWER, id="A-101 part that is there"),
        pytest.param(LAST + 1, 3, HOLD, id="A-101 next part"),
        pytest.param(LAST, PARTS - 1, ANSWER, id="A-102 final part of the finished segment"),
        pytest.param(LAST, PARTS, ANSWER, id="A-102 beyond it: part 0 of the next, which is there"),
        pytest.param(LAST, PARTS + 1, ANSWER, id="A-102 two beyond it"),
        pytest.param(11, None, ANSWER, id="A-103 past"),
        pytest.param(11, 99, ANSWER, id="A-103 past, any part"),
        pytest.param(3, None, ANSWER, id="A-103 no longer listed"),
        pytest.param(3, 0, ANSWER, id="A-103 part of one no longer listed"),
        pytest.param(0, None, ANSWER, id="A-103 the very first"),
        pytest.param(LAST + 3, None, REFUSE, id="A-105 beyond two"),
        pytest.param(LAST + 4, None, REFUSE, id="A-105"),
        pytest.param(LAST + 4, 0, REFUSE, id="A-105 with a part"),
        pytest.param(10**17, None, REFUSE, id="A-105 far"),
        pytest.param(LAST + 1, OPEN_PARTS - 1 + ADVANCE_LIMIT, HOLD, id="A-106 at the limit"),
        pytest.param(LAST + 1, OPEN_PARTS - 1 + ADVANCE_LIMIT + 1, REFUSE, id="A-106 beyond the limit"),
        pytest.param(LAST + 1, 10**17, REFUSE, id="A-106 far"),
    ],
)
def test_open_window(msn: int | None, part: int | None, expected: Decision) -> None:
    assert decide(live_window(), Directives(msn, part)) is expected


def test_part_beyond_a_finished_segment_waits_for_the_next_ones_first_part() -> None:
    """A-102: while the next segment has no part, `final + 1`, `final + 2` and (next, 0) wait for the same thing."""
    window = grown_window(LAST + 1)
    asked = [Directives(LAST, PARTS), Directives(LAST, PARTS + 1), Directives(LAST + 1, 0)]
    assert decide(window, Directives(LAST, PARTS - 1)) is ANSWER
    assert {decide(window, directives) for directives in asked} == {HOLD}

    window = grown_window(LAST + 1, open_parts=1)

    assert {decide(window, directives) for directives in asked} == {ANSWER}


def test_held_request_for_a_part_is_released_when_its_segment_ends_without_it_and_the_next_begins() -> None:
    short = grown_window(3, open_parts=3)
    assert decide(short, Directives(3, 4)) is HOLD

    short.close_segment()
    assert decide(short, Directives(3, 4)) is HOLD
    short.open_segment(epoch=1, starts_at=0.0, discontinuity=False)
    assert decide(short, Directives(3, 4)) is HOLD
    short.add_part(short.segments[0].parts[0] if short.segments[0].parts else short.segments[-1].parts[0])

    assert decide(short, Directives(3, 4)) is ANSWER


@pytest.mark.parametrize("directives", [Directives(99), Directives(LAST + 2, 50), Directives(0, 0, skip=True)])
def test_after_the_end_directives_are_ignored(directives: Directives) -> None:
    """A-108"""
    window = live_window()
    window.end()

    assert decide(window, directives) is ANSWER


def test_empty_window_holds_for_the_first_segment() -> None:
    empty = Window(target_duration=2, part_target=0.35)

    assert decide(empty, Directives(0)) is HOLD
    assert decide(empty, Directives(0, 0)) is HOLD
    assert decide(empty, Directives(2)) is REFUSE


def test_parts_of_a_second_and_more_may_be_asked_three_ahead() -> None:
    window = Window(target_duration=6, part_target=1.0)

    assert decide(window, Directives(0, 2)) is HOLD
    assert decide(window, Directives(0, 3)) is REFUSE


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "0x1",
        "1_0",
        "1e3",
        "",
        "２",
        "١",
        "abc",
        str(2**64),
        str(10**30),
        "1" * 500,
        "\x00",
    ],
)
@pytest.mark.parametrize("name", ["_HLS_msn", "_HLS_part"])
def test_nonsense_is_refused(name: str, text: str) -> None:
    """A-109"""
    query = [("_HLS_msn", "5"), ("_HLS_part", text)] if name == "_HLS_part" else [(name, text)]
    with pytest.raises(BadDirectives):
        parse_directives(query)


@pytest.mark.parametrize("name", ["_HLS_msn", "_HLS_part"])
def test_directive_given_twice_is_refused(name: str) -> None:
    with pytest.raises(BadDirectives, match="twice"):
        parse_directives([("_HLS_msn", "5"), (name, "5"), (name, "5")])


def test_part_without_msn_is_refused() -> None:
    """A-104"""
    with pytest.raises(BadDirectives, match="needs _HLS_msn"):
        parse_directives([("_HLS_part", "0")])


@given(st.permutations([("_HLS_msn", "07"), ("_HLS_part", "2"), ("_HLS_skip", "YES"), ("token", "x"), ("_HLS_x", "1")]))
def test_order_and_unknown_parameters_do_not_matter(query: list[tuple[str, str]]) -> None:
    """A-110; a leading zero is a number all the same."""
    assert parse_directives(query) == Directives(7, 2, skip=True)


@pytest.mark.parametrize(
    ("value", "expected"), [("YES", True), ("v2", False), ("NO", False), ("yes", False), ("", False)]
)
def test_unknown_skip_value_is_ignored(value: str, expected: bool) -> None:
    """A-118, A-119: v2 also skips date ranges, which our playlists do not offer."""
    assert parse_directives([("_HLS_skip", value)]).skip is expected


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=20)), max_size=6))
def test_any_query_is_understood_or_refused(query: list[tuple[str, str]]) -> None:
    try:
        decide(live_window(), parse_directives(query))
    except BadDirectives as refusal:
        assert str(refusal)
