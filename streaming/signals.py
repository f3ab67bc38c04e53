"""Facts about channels and broadcasts. They carry ids; whoever cares listens (chat, vod)."""

from django.dispatch import Signal

channel_created = Signal()  # channel_id; inside the transaction that creates the channel
broadcast_started = Signal()  # stream_id; live was announced for the first time
broadcast_ended = Signal()  # stream_id
recording_ready = Signal()  # stream_id; every segment is indexed, the recording can be written
