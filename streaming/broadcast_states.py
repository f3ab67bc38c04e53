"""The life of a broadcast, as one table: which states there are and which moves are allowed."""

from enum import StrEnum


class BroadcastState(StrEnum):
    STARTING = "starting"  # the encoder is connected, no complete segment yet
    LIVE = "live"
    RECONNECTING = "reconnecting"  # the encoder is gone, or back without a complete segment yet
    ENDED = "ended"


ALLOWED_MOVES: dict[BroadcastState, frozenset[BroadcastState]] = {
    BroadcastState.STARTING: frozenset({BroadcastState.LIVE, BroadcastState.RECONNECTING, BroadcastState.ENDED}),
    BroadcastState.LIVE: frozenset({BroadcastState.RECONNECTING, BroadcastState.ENDED}),
    BroadcastState.RECONNECTING: frozenset({BroadcastState.LIVE, BroadcastState.ENDED}),
    BroadcastState.ENDED: frozenset(),
}
OPEN_STATES = (BroadcastState.STARTING, BroadcastState.LIVE, BroadcastState.RECONNECTING)


def states_before(target: BroadcastState) -> list[BroadcastState]:
    """The states from which `target` may be entered: the WHERE of the conditional UPDATE."""
    return [state for state, targets in ALLOWED_MOVES.items() if target in targets]
