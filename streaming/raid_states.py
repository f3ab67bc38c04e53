"""The life of a raid, as one table: which states there are and which moves are allowed."""

from enum import StrEnum


class RaidState(StrEnum):
    COUNTING = "counting"  # viewers are told where they go, and may stay
    MOVING = "moving"  # they are on their way
    ARRIVED = "arrived"  # counted where they went, and announced there
    CANCELLED = "cancelled"


ALLOWED_MOVES: dict[RaidState, frozenset[RaidState]] = {
    RaidState.COUNTING: frozenset({RaidState.MOVING, RaidState.CANCELLED}),
    RaidState.MOVING: frozenset({RaidState.ARRIVED}),
    RaidState.ARRIVED: frozenset(),
    RaidState.CANCELLED: frozenset(),
}
RUNNING_STATES = (RaidState.COUNTING, RaidState.MOVING)


def states_before(target: RaidState) -> list[RaidState]:
    """The states from which `target` may be entered: the WHERE of the conditional UPDATE."""
    return [state for state, targets in ALLOWED_MOVES.items() if target in targets]
