"""The client's side of playing one live broadcast: handshake, connect, createStream, play, then media."""

import struct
from enum import Enum, auto

from transcode.errors import RtmpError
from transcode.flv import MediaKind, MediaTag
from transcode.rtmp import amf0
from transcode.rtmp.chunks import DEFAULT_CHUNK_BYTES, SET_CHUNK_SIZE, ChunkReader, Message, encode_message
from transcode.rtmp.events import Event, Metadata, PlayStarted, PublisherBack, PublisherGone, Refused

OUR_CHUNK_BYTES = 4096  # one chunk for each of our few small messages
ACKNOWLEDGEMENT_WINDOW_BYTES = 2_500_000  # what most clients announce; the server's own window replaces it
BUFFER_MILLISECONDS = 1000
MAX_PENDING_BYTES = 1024 * 1024  # to send; only a peer that floods us with pings reaches it

_VERSION = 3  # 5.2.2
_HANDSHAKE_BYTES = 1536  # 5.2.3
_ACKNOWLEDGEMENT, _USER_CONTROL, _WINDOW_SIZE, _PEER_BANDWIDTH = 3, 4, 5, 6  # message types, 5.4 and 7.1
_AUDIO, _VIDEO, _DATA, _COMMAND = 8, 9, 18, 20
_STREAM_EOF, _SET_BUFFER_LENGTH, _PING_REQUEST, _PING_RESPONSE = 1, 3, 6, 7  # user control events, 7.1.7
_MEDIA_KINDS: dict[int, MediaKind] = {_AUDIO: "audio", _VIDEO: "video"}
_CONTROL_CHUNKS, _COMMAND_CHUNKS, _PLAY_CHUNKS = 2, 3, 8  # chunk streams; 2 is prescribed for control, 5.4
_CONNECT, _CREATE_STREAM, _PLAY = 1.0, 2.0, 3.0  # transaction ids, 7.2.1
_LIVE_ONLY = -2  # play's start: live if there is, else wait for it, 7.2.2.1


class _Phase(Enum):
    HANDSHAKE = auto()
    CONNECTING = auto()
    CREATING = auto()
    PLAYING = auto()
    REFUSED = auto()


class PlaySession:
    """Plays `stream_name` of `app` over bytes that somebody else carries.

    Call `data_to_send` after the constructor and after each `receive_data`, and send what it returns. After an
    RtmpError or a Refused event close the connection. `page_url` is what servers repeat in their own messages about
    this player (7.2.1.1).
    """

    def __init__(self, app: str, tc_url: str, stream_name: str, *, page_url: str = "") -> None:
        self._app = app
        self._tc_url = tc_url
        self._stream_name = stream_name
        self._page_url = page_url
        self._phase = _Phase.HANDSHAKE
        self._reader = ChunkReader()
        self._handshake = bytearray()
        self._chunk_size = DEFAULT_CHUNK_BYTES
        self._received = 0
        self._acknowledged = 0
        self._window = ACKNOWLEDGEMENT_WINDOW_BYTES
        self._publisher_gone = False
        self._failed = False
        # C1's "random" bytes only have to come back (5.2.3); constant ones keep this class a function of its input.
        self._pending = bytearray(bytes((_VERSION,)) + bytes(_HANDSHAKE_BYTES))

    def data_to_send(self) -> bytes:
        """Everything to be sent since the last call."""
        pending = bytes(self._pending)
        self._pending.clear()
        return pending

    def receive_data(self, data: bytes) -> list[Event]:
        """What the server said in `data`, cut anywhere. Raises RtmpError; the session is unusable then."""
        if self._failed:
            raise RtmpError("This session has failed before.")
        try:
            return self._receive(data)
        except RtmpError:
            self._failed = True
            raise

    def _receive(self, data: bytes) -> list[Event]:
        self._received += len(data)
        if self._phase is _Phase.HANDSHAKE:
            data = self._shake_hands(data)
        events: list[Event] = []
        for message in self._reader.receive(data):
            if self._phase is not _Phase.REFUSED:
                events += self._on_message(message)
        self._acknowledge()
        return events

    def _shake_hands(self, data: bytes) -> bytes:
        """Collect S0, S1 and S2, answer with C2 and connect. Returns what came behind S2. 5.2."""
        self._handshake += data
        if self._handshake and self._handshake[0] != _VERSION:
            raise RtmpError("The server does not speak RTMP version 3.")
        size = 1 + 2 * _HANDSHAKE_BYTES
        if len(self._handshake) < size:
            return b""
        self._pending += self._handshake[1 : 1 + _HANDSHAKE_BYTES]  # C2 echoes S1
        rest = bytes(self._handshake[size:])
        self._handshake.clear()
        self._phase = _Phase.CONNECTING
        self._send(SET_CHUNK_SIZE, struct.pack(">I", OUR_CHUNK_BYTES))
        self._chunk_size = OUR_CHUNK_BYTES
        connect: dict[str, amf0.AmfValue] = {
            "app": self._app,
            "tcUrl": self._tc_url,
            "flashVer": "Millrace",
            "pageUrl": self._page_url,
            "fpad": False,
            "capabilities": 15.0,
            "audioCodecs": 4071.0,  # every codec there is; servers ignore it
            "videoCodecs": 252.0,
            "videoFunction": 1.0,
        }
        self._command(_COMMAND_CHUNKS, 0, "connect", _CONNECT, connect)
        return rest

    def _on_message(self, message: Message) -> list[Event]:
        kind = _MEDIA_KINDS.get(message.type_id)
        if kind is not None:
            if not message.payload:  # nginx-rtmp sends such, only to carry a time
                return []
            self._publisher_gone = False
            return [MediaTag(kind, message.timestamp, message.payload)]
        if message.type_id == _COMMAND:
            return self._on_command(amf0.decode(message.payload))
        if message.type_id == _DATA:
            return _metadata(message.payload)
        return self._on_control(message)

    def _on_control(self, message: Message) -> list[Event]:
        """Protocol control (5.4) and user control (7.1.7); unknown types are passed over."""
        if message.type_id == _USER_CONTROL and len(message.payload) >= 6:
            event, value = struct.unpack(">HI", message.payload[:6])
            if event == _STREAM_EOF:
                return self._gone()
            if event == _PING_REQUEST:
                self._send(_USER_CONTROL, struct.pack(">HI", _PING_RESPONSE, value))
        elif message.type_id == _WINDOW_SIZE and len(message.payload) >= 4:
            self._window = max(1, int.from_bytes(message.payload[:4], "big"))
        elif message.type_id == _PEER_BANDWIDTH:  # 5.4.5: answer with our window
            self._send(_WINDOW_SIZE, struct.pack(">I", ACKNOWLEDGEMENT_WINDOW_BYTES))
        return []

    def _on_command(self, values: list[amf0.AmfValue]) -> list[Event]:
        """7.2: name, transaction, command object, arguments."""
        name, transaction, *arguments = [*values, None, None][: max(2, len(values))]
        status = _first_object(arguments[1:])
        if name == "_result":
            self._on_result(transaction, arguments)
        elif name == "_error":
            return [self._refuse(status)]
        elif name == "onStatus":
            return self._on_status(status)
        return []

    def _on_result(self, transaction: amf0.AmfValue, arguments: list[amf0.AmfValue]) -> None:
        if self._phase is _Phase.CONNECTING and transaction == _CONNECT:
            self._phase = _Phase.CREATING
            self._command(_COMMAND_CHUNKS, 0, "createStream", _CREATE_STREAM, None)
        elif self._phase is _Phase.CREATING and transaction == _CREATE_STREAM:
            number = arguments[1] if len(arguments) > 1 else None
            if not isinstance(number, float) or not 0 <= number <= 0xFFFF_FFFF:
                raise RtmpError("The server gave no stream number.")
            self._phase = _Phase.PLAYING
            stream_id = int(number)
            self._command(_PLAY_CHUNKS, stream_id, "play", _PLAY, None, self._stream_name, float(_LIVE_ONLY))
            self._send(_USER_CONTROL, struct.pack(">HII", _SET_BUFFER_LENGTH, stream_id, BUFFER_MILLISECONDS))

    def _on_status(self, status: dict[str, amf0.AmfValue]) -> list[Event]:
        """7.2.2.1 and the publish notifications of live servers."""
        code = status.get("code")
        if status.get("level") == "error":
            return [self._refuse(status)]
        if code == "NetStream.Play.Start":
            return [PlayStarted()]
        if code == "NetStream.Play.UnpublishNotify":
            return self._gone()
        if code == "NetStream.Play.PublishNotify":
            self._publisher_gone = False
            return [PublisherBack()]
        return []

    def _gone(self) -> list[Event]:
        """Servers say it twice, as a status and as StreamEOF; the owner hears it once."""
        if self._publisher_gone:
            return []
        self._publisher_gone = True
        return [PublisherGone()]

    def _refuse(self, status: dict[str, amf0.AmfValue]) -> Refused:
        self._phase = _Phase.REFUSED
        return Refused(code=str(status.get("code") or ""), description=str(status.get("description") or ""))

    def _acknowledge(self) -> None:
        """5.4.3: the number of bytes received so far, each time the server's window is full."""
        if self._phase is not _Phase.HANDSHAKE and self._received - self._acknowledged >= self._window:
            self._acknowledged = self._received
            self._send(_ACKNOWLEDGEMENT, struct.pack(">I", self._received & 0xFFFF_FFFF))

    def _command(self, chunk_stream: int, stream_id: int, *values: amf0.AmfValue) -> None:
        self._write(Message(_COMMAND, stream_id, 0, amf0.encode(*values)), chunk_stream)

    def _send(self, type_id: int, payload: bytes) -> None:
        self._write(Message(type_id, 0, 0, payload), _CONTROL_CHUNKS)

    def _write(self, message: Message, chunk_stream: int) -> None:
        self._pending += encode_message(message, chunk_stream=chunk_stream, chunk_size=self._chunk_size)
        if len(self._pending) > MAX_PENDING_BYTES:
            raise RtmpError("The server asks for more answers than are taken away.")


def _metadata(payload: bytes) -> list[Event]:
    """onMetaData as an event. It comes from the encoder and decides nothing, so what cannot be read is passed over."""
    try:
        values = amf0.decode(payload)
    except RtmpError:
        return []
    if values and values[0] == "@setDataFrame":
        values = values[1:]
    if not values or values[0] != "onMetaData":
        return []
    return [Metadata(_first_object(values[1:]))]


def _first_object(values: list[amf0.AmfValue]) -> dict[str, amf0.AmfValue]:
    return next((value for value in values if isinstance(value, dict)), {})
