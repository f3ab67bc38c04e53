"""What a play session tells its owner."""

from dataclasses import dataclass

from transcode.flv import MediaTag
from transcode.rtmp.amf0 import AmfValue


@dataclass(frozen=True, slots=True)
class PlayStarted:
    """The server accepted the play command. Media follows now or when somebody publishes."""


@dataclass(frozen=True, slots=True)
class PublisherGone:
    """The publisher left. The connection stays; the next publisher's media may follow on it."""


@dataclass(frozen=True, slots=True)
class PublisherBack:
    """Somebody publishes: what follows is a new run with new headers and timestamps."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The publisher's onMetaData: claims of the encoder, never to be trusted."""

    values: dict[str, AmfValue]


@dataclass(frozen=True, slots=True)
class Refused:
    """The server will not play this. Nothing follows."""

    code: str
    description: str


Event = PlayStarted | PublisherGone | PublisherBack | Metadata | Refused | MediaTag
