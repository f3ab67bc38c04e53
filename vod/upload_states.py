"""The life of an upload, as one table: which states there are and which moves are allowed (pure)."""

from enum import StrEnum


class UploadState(StrEnum):
    RECEIVING = "receiving"
    CHECKING = "checking"  # all of it is here; a worker looks at it, or will
    TRANSCODING = "transcoding"
    READY = "ready"
    REFUSED = "refused"  # with a reason
    CANCELLED = "cancelled"


ALLOWED_MOVES: dict[UploadState, frozenset[UploadState]] = {
    UploadState.RECEIVING: frozenset({UploadState.CHECKING, UploadState.REFUSED, UploadState.CANCELLED}),
    UploadState.CHECKING: frozenset({UploadState.TRANSCODING, UploadState.REFUSED, UploadState.CANCELLED}),
    UploadState.TRANSCODING: frozenset({UploadState.READY, UploadState.REFUSED, UploadState.CANCELLED}),
    UploadState.READY: frozenset(),
    UploadState.REFUSED: frozenset(),
    UploadState.CANCELLED: frozenset(),
}
OPEN_STATES = tuple(state for state, moves in ALLOWED_MOVES.items() if moves)
AT_WORK = (UploadState.CHECKING, UploadState.TRANSCODING)


def states_before(target: UploadState) -> list[UploadState]:
    """The states from which `target` may be entered: the WHERE of the conditional UPDATE."""
    return [state for state, targets in ALLOWED_MOVES.items() if target in targets]
