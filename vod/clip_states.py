"""The states of a clip: making → ready | failed. It may be deleted in each of them: that is a date beside the state."""

from enum import StrEnum


class ClipState(StrEnum):
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(state.value, state.value.capitalize()) for state in cls]
