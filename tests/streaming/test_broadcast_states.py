"""The table of a broadcast's life."""

import pytest

from streaming.broadcast_states import ALLOWED_MOVES, OPEN_STATES, BroadcastState, states_before

S = BroadcastState


def test_every_state_has_its_row() -> None:
    assert set(ALLOWED_MOVES) == set(BroadcastState)


def test_ended_is_the_end() -> None:
    assert ALLOWED_MOVES[S.ENDED] == frozenset()


@pytest.mark.parametrize("state", OPEN_STATES)
def test_every_open_broadcast_can_end(state: BroadcastState) -> None:
    assert S.ENDED in ALLOWED_MOVES[state]


def test_nothing_returns_to_starting() -> None:
    assert states_before(S.STARTING) == []


@pytest.mark.parametrize(
    ("target", "before"),
    [
        (S.LIVE, {S.STARTING, S.RECONNECTING}),
        (S.RECONNECTING, {S.STARTING, S.LIVE}),
        (S.ENDED, {S.STARTING, S.LIVE, S.RECONNECTING}),
    ],
)
def test_states_before_a_move(target: BroadcastState, before: set[BroadcastState]) -> None:
    assert set(states_before(target)) == before
