"""The life of a broadcast, as one table: which states there are and which moves are allowed."""

from django.db import models


class BroadcastState(models.TextChoices):
    STARTING = "starting"  # the encoder is connected, no complete segment yet
    LIVE = "live"
    RECONNECTING = "reconnecting"  # the encoder is gone, its time to come back is running
    ENDED = "ended"


ALLOWED_MOVES: dict[BroadcastState, frozenset[BroadcastState]] = {
    BroadcastState.STARTING: frozenset({BroadcastState.LIVE, BroadcastState.RECONNECTING, BroadcastState.ENDED}),
    BroadcastState.LIVE: frozenset({BroadcastState.RECONNECTING, BroadcastState.ENDED}),
    BroadcastState.RECONNECTING: frozenset({BroadcastState.LIVE, BroadcastState.STARTING, BroadcastState.ENDED}),
    BroadcastState.ENDED: frozenset(),
}
OPEN_STATES = (BroadcastState.STARTING, BroadcastState.LIVE, BroadcastState.RECONNECTING)


def states_before(target: BroadcastState) -> list[BroadcastState]:
    """The states from which `target` may be entered: the WHERE of the conditional UPDATE."""
    return [state for state, targets in ALLOWED_MOVES.items() if target in targets]
