"""What the rest of the product may ask of the media side."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recording:
    """A broadcast as it can be watched again."""

    duration_seconds: float
    renditions: list[str]


def request_live(*, stream_id: str, priority: int = 5) -> None:
    """Want this broadcast's media work done, and send a worker at once. Safe to repeat."""
    raise NotImplementedError


def note_player(*, stream_id: str) -> None:
    """The ingest server says that the worker's puller is connected."""
    raise NotImplementedError


def wait_for_player(*, stream_id: str, seconds: float) -> bool:
    """Block until the puller is connected, at most `seconds`."""
    raise NotImplementedError


def finish_live(*, stream_id: str) -> None:
    """The broadcast has ended: close the playlists, index what is left, then `live_finished`. Safe to repeat."""
    raise NotImplementedError


def live_status(*, stream_id: str) -> dict[str, Any] | None:
    """What the worker measured in the last two seconds, or None when nobody works on this broadcast."""
    raise NotImplementedError


def write_recording(*, stream_id: str) -> Recording:
    """Render the recording's playlists from the segment index into storage."""
    raise NotImplementedError
