"""What the rest of the product may ask of streaming."""

from streaming.broadcast_notes import add_marker
from streaming.broadcast_services import create_uploaded_broadcast, end_broadcast, note_recording
from streaming.channel_services import (
    create_channel,
    follow_channel,
    rotate_stream_key,
    set_follow_notify,
    unfollow_channel,
    update_channel,
)
from streaming.ingest.services import authorise_publish
from streaming.watch_states import WatchState, watch_state

__all__ = [
    "WatchState",
    "add_marker",
    "authorise_publish",
    "create_channel",
    "create_uploaded_broadcast",
    "end_broadcast",
    "follow_channel",
    "note_recording",
    "rotate_stream_key",
    "set_follow_notify",
    "unfollow_channel",
    "update_channel",
    "watch_state",
]
