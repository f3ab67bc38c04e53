"""Facts about channels and broadcasts. They carry ids; whoever cares listens (chat, vod)."""

from django.dispatch import Signal

channel_created = Signal()  # channel_id; inside the transaction that creates the channel
channel_followed = Signal()  # channel_id, user_id; after the commit
broadcast_started = Signal()  # stream_id; live was announced for the first time
broadcast_ended = Signal()  # stream_id
recording_ready = Signal()  # stream_id; every segment is indexed, the recording can be written
raid_started = Signal()  # raid_id; its count-down begins
raid_cancelled = Signal()  # raid_id
raid_arrived = Signal()  # raid_id; who was sent has been counted; inside the transaction that notes it
