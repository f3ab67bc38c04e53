"""A transport-free RTMP play session (Adobe RTMP 1.0): bytes in, events out, bytes to send."""

from transcode.rtmp.events import Event, Metadata, PlayStarted, PublisherBack, PublisherGone, Refused
from transcode.rtmp.session import PlaySession

__all__ = ["Event", "Metadata", "PlaySession", "PlayStarted", "PublisherBack", "PublisherGone", "Refused"]
