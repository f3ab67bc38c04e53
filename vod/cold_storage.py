"""Recordings in cold storage: who wants to see one asks for it, and waits until it is back."""

from common.errors import Conflict
from transcode import services as media
from vod.models import Vod


class InColdStorage(Conflict):
    """It cannot be played now; `code` tells whether it is on its way back."""


def check_at_hand(*, vod: Vod) -> None:
    """Raises InColdStorage."""
    state = media.cold_state(stream_id=vod.broadcast.public_id)
    if state == "preparing":
        raise InColdStorage("This recording is being prepared. It plays in a few minutes.", code=state)
    if state:
        raise InColdStorage("This recording is in cold storage. Have it prepared, then it can be played.", code=state)


def prepare_vod(*, vod: Vod) -> None:
    """Have it brought back. Safe to repeat; does nothing for one that can be played."""
    media.request_restore(stream_id=vod.broadcast.public_id)
