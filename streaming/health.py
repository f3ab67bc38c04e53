"""What an owner is told about the running broadcast."""

from typing import Any

from streaming.models import Channel
from streaming.watch_states import WatchState, watch_state
from transcode import services as media

NOTICES_SHOWN = 10


def channel_health(*, channel: Channel, state: WatchState | None = None) -> dict[str, Any]:
    """State (read unless given), the worker's last measurements, what the encoder sends, and the latest notices."""
    broadcast = channel.broadcasts.open().first()
    return {
        "state": (state or watch_state(channel=channel)).state,
        "stream_id": broadcast.public_id if broadcast else None,
        "status": media.live_status(stream_id=broadcast.public_id) if broadcast else None,
        "encoder": broadcast.source if broadcast else {},
        "warnings": broadcast.warnings if broadcast else [],
        "notices": list(channel.ingest_notices.order_by("-created_at")[:NOTICES_SHOWN]),
    }
