"""The RTMP play session: against a scripted server, against garbage, and against nginx-rtmp."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transcode.ingest_server import Player, ingest_server, publisher
from transcode.errors import RtmpError
from transcode.flv import MediaTag, parse_audio, parse_video
from transcode.rtmp import (
    Event,
    Metadata,
    PlaySession,
    PlayStarted,
    PublisherBack,
    PublisherGone,
    Refused,
    amf0,
)
from transcode.rtmp.chunks import (
    MAX_CHUNK_STREAMS,
    MAX_MESSAGE_BYTES,
    MAX_UNFINISHED_BYTES,
    ChunkReader,
    Message,
    encode_message,
)

CHUNK = 128
HANDSHAKE = b"\x03" + bytes(range(256)) * 6 + bytes(1536)


def wire(type_id: int, payload: bytes, *, timestamp: int = 0, chunk_stream: int = 4, chunk_size: int = CHUNK) -> bytes:
    return encode_message(Message(type_id, 1, timestamp, payload), chunk_stream=chunk_stream, chunk_size=chunk_size)


def command(*values: amf0.AmfValue) -> bytes:
    return wire(20, amf0.encode(*values), chunk_stream=3)


def status(code: str, level: str = "status") -> bytes:
    return command("onStatus", 0, None, {"level": level, "code": code, "description": "Because."})


CONNECTED = HANDSHAKE + command("_result", 1, {}, {"code": "NetConnection.Connect.Success"})
PLAYING = CONNECTED + command("_result", 2, None, 1) + status("NetStream.Play.Start")
BROADCAST = b"".join(
    (
        PLAYING,
        wire(1, struct.pack(">I", 500), chunk_stream=2),
        status("NetStream.Play.PublishNotify"),
        wire(18, amf0.encode("onMetaData", {"width": 320.0, "encoder": "x"}), chunk_size=500),
        wire(9, b"\x17\x00" + bytes(1200), timestamp=0, chunk_size=500),
        wire(8, b"", timestamp=5, chunk_stream=5),
        wire(8, b"\xaf\x01abc", timestamp=0x1000000, chunk_stream=5),
        wire(9, b"\x27\x01" + bytes(range(256)) * 4, timestamp=0xFFFFFFF0, chunk_size=500),
        wire(4, struct.pack(">HI", 1, 1), chunk_stream=2),
        status("NetStream.Play.UnpublishNotify"),
    )
)
BROADCAST_EVENTS: list[Event] = [
    PlayStarted(),
    PublisherBack(),
    Metadata({"width": 320.0, "encoder": "x"}),
    MediaTag("video", 0, b"\x17\x00" + bytes(1200)),
    MediaTag("audio", 0x1000000, b"\xaf\x01abc"),
    MediaTag("video", 0xFFFFFFF0, b"\x27\x01" + bytes(range(256)) * 4),
    PublisherGone(),
]


def session() -> PlaySession:
    return PlaySession("live", "rtmp://127.0.0.1/live", "abc")


def sent_messages(play: PlaySession) -> list[Message]:
    """What the session wants to send, read by the reader a server would use. Protocol control is obeyed, not listed."""
    data = play.data_to_send()
    return ChunkReader().receive(data[1 + 2 * 1536 :])


def test_broadcast_becomes_events() -> None:
    assert session().receive_data(BROADCAST) == BROADCAST_EVENTS


@given(st.lists(st.integers(0, len(BROADCAST)), max_size=10))
def test_events_are_the_same_however_the_bytes_are_cut(cuts: list[int]) -> None:
    play = session()
    edges = [0, *sorted(cuts), len(BROADCAST)]

    events = [
        event for start, end in zip(edges, edges[1:], strict=False) for event in play.receive_data(BROADCAST[start:end])
    ]

    assert events == BROADCAST_EVENTS


def test_events_are_the_same_byte_by_byte() -> None:
    play, whole = session(), session()
    whole.receive_data(BROADCAST)

    events = [event for index in range(len(BROADCAST)) for event in play.receive_data(BROADCAST[index : index + 1])]

    assert events == BROADCAST_EVENTS
    assert play.data_to_send() == whole.data_to_send()


def test_client_shakes_hands_connects_and_plays_live_only() -> None:
    play = session()
    assert play.data_to_send() == b"\x03" + bytes(1536)

    play.receive_data(HANDSHAKE)
    answer = play.data_to_send()
    assert answer[:1536] == HANDSHAKE[1 : 1 + 1536]  # C2 is S1
    (connect,) = ChunkReader().receive(answer[1536:])
    name, transaction, options = amf0.decode(connect.payload)
    assert (name, transaction) == ("connect", 1.0)
    assert isinstance(options, dict)
    assert (options["app"], options["tcUrl"]) == ("live", "rtmp://127.0.0.1/live")

    reader = ChunkReader()
    reader.chunk_size = 4096  # as the client has just announced
    play.receive_data(PLAYING[len(HANDSHAKE) :])
    create, start, buffer_length = reader.receive(play.data_to_send())
    assert amf0.decode(create.payload) == ["createStream", 2.0, None]
    assert (start.stream_id, amf0.decode(start.payload)) == (1, ["play", 3.0, None, "abc", -2.0])
    assert (buffer_length.type_id, buffer_length.payload) == (4, struct.pack(">HII", 3, 1, 1000))


def test_ping_is_answered_with_its_own_time() -> None:
    play = session()
    play.receive_data(PLAYING)
    before = len(sent_messages(play))

    play.receive_data(wire(4, struct.pack(">HI", 6, 12345), chunk_stream=2))

    assert before
    assert ChunkReader().receive(play.data_to_send()) == [Message(4, 0, 0, struct.pack(">HI", 7, 12345))]


def test_received_bytes_are_acknowledged_at_each_full_window() -> None:
    play = session()
    play.receive_data(PLAYING + wire(5, struct.pack(">I", 10_000), chunk_stream=2))
    play.data_to_send()
    media = wire(9, bytes(3000))
    sent = []
    for _ in range(8):
        play.receive_data(media)
        sent += ChunkReader().receive(play.data_to_send())

    assert [message.type_id for message in sent] == [3, 3]
    first, second = (int.from_bytes(message.payload, "big") for message in sent)
    assert first >= 10_000
    assert second - first >= 10_000


@pytest.mark.parametrize(
    "answer",
    [
        status("NetStream.Play.StreamNotFound", level="error"),
        command("_error", 2, None, {"code": "NetStream.Play.StreamNotFound", "description": "Because."}),
    ],
)
def test_refusal_is_told_and_nothing_follows(answer: bytes) -> None:
    play = session()

    events = play.receive_data(CONNECTED + answer + status("NetStream.Play.Start") + wire(9, b"\x17"))

    assert events == [Refused("NetStream.Play.StreamNotFound", "Because.")]


def test_next_publisher_on_the_same_connection_is_told() -> None:
    play = session()
    gone = wire(4, struct.pack(">HI", 1, 1), chunk_stream=2) + status("NetStream.Play.UnpublishNotify")
    back = status("NetStream.Play.PublishNotify")

    events = play.receive_data(PLAYING + back + gone + back + wire(9, b"\x17") + gone)

    assert events[1:] == [
        PublisherBack(),
        PublisherGone(),
        PublisherBack(),
        MediaTag("video", 0, b"\x17"),
        PublisherGone(),
    ]


def test_interleaved_chunk_streams_are_put_together() -> None:
    video, audio = bytes(range(200)), bytes(range(100, 250))
    v, a = wire(9, video, timestamp=7), wire(8, audio, timestamp=9, chunk_stream=5)
    cut_v, cut_a = 12 + CHUNK, 12 + CHUNK

    messages = ChunkReader().receive(v[:cut_v] + a[:cut_a] + v[cut_v:] + a[cut_a:])

    assert messages == [Message(9, 1, 7, video), Message(8, 1, 9, audio)]


def test_short_headers_inherit_and_add_their_delta() -> None:
    full = bytes.fromhex("04 000064 000002 09 01000000 aaaa")
    same_stream = bytes.fromhex("44 00000a 000001 08 bb")
    same_length = bytes.fromhex("84 000005 cc")
    nothing = bytes.fromhex("c4 dd")

    messages = ChunkReader().receive(full + same_stream + same_length + nothing)

    assert [(m.type_id, m.stream_id, m.timestamp, m.payload.hex()) for m in messages] == [
        (9, 1, 100, "aaaa"),
        (8, 1, 110, "bb"),
        (8, 1, 115, "cc"),
        (8, 1, 120, "dd"),
    ]


def test_extended_time_is_repeated_in_the_chunks_that_go_on() -> None:
    payload = bytes(range(200))
    full = bytes.fromhex("04 ffffff 0000c8 09 01000000 01000000") + payload[:128]
    goes_on = bytes.fromhex("c4 01000000") + payload[128:]

    assert ChunkReader().receive(full + goes_on) == [Message(9, 1, 0x1000000, payload)]


def test_timestamp_that_goes_back_wraps_around() -> None:
    """nginx-rtmp sends the difference as an unsigned number when an encoder's clock jumps back."""
    full = bytes.fromhex("04 000064 000001 09 01000000 aa")
    minus_fifty = bytes.fromhex("44 ffffff 000001 09 ffffffce bb")

    assert [message.timestamp for message in ChunkReader().receive(full + minus_fifty)] == [100, 50]


@pytest.mark.parametrize(("basic", "number"), [("02", 2), ("00 01", 65), ("01 01 02", 64 + 1 + 512)])
def test_all_forms_of_chunk_stream_numbers_are_read(basic: str, number: int) -> None:
    unfinished = bytes.fromhex(basic + "000000 0000ff 09 01000000") + bytes(CHUNK)
    abort = wire(2, struct.pack(">I", number), chunk_stream=7)
    again = bytes.fromhex(basic + "000000 000001 09 01000000 ee")

    assert ChunkReader().receive(unfinished + abort + again) == [Message(9, 1, 0, b"\xee")]
    with pytest.raises(RtmpError):  # without the abort the message is not finished
        ChunkReader().receive(unfinished + again)


messages = st.builds(
    Message,
    st.sampled_from([8, 9, 18, 20]),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=400),
)


@given(st.lists(st.tuples(messages, st.integers(2, 63)), max_size=6), st.integers(1, 300), st.integers(1, 50))
def test_reader_gives_back_what_the_writer_wrote(
    written: list[tuple[Message, int]], chunk_size: int, piece_size: int
) -> None:
    reader = ChunkReader()
    reader.chunk_size = chunk_size
    stream = b"".join(
        encode_message(message, chunk_stream=number, chunk_size=chunk_size) for message, number in written
    )

    read = [
        m for start in range(0, len(stream), piece_size) for m in reader.receive(stream[start : start + piece_size])
    ]

    assert read == [message for message, _ in written]


values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(values, max_size=3))
def test_amf_values_read_as_they_were_written(written: list[amf0.AmfValue]) -> None:
    assert amf0.decode(amf0.encode(*written)) == written


@pytest.mark.parametrize(
    ("wire_bytes", "value"),
    [
        ("08 00000063 0001 61 01 01 000009", {"a": True}),  # an ECMA array whose count is wrong
        ("0b 4000000000000000 0000", 2.0),
        ("0c 00000001 61", "a"),
        ("06", None),
        ("0a 00000002 05 05", [None, None]),
    ],
)
def test_amf_values_that_only_servers_write_are_read(wire_bytes: str, value: amf0.AmfValue) -> None:
    assert amf0.decode(bytes.fromhex(wire_bytes)) == [value]


@pytest.mark.parametrize(
    "broken",
    [
        bytes.fromhex("00 4000"),
        bytes.fromhex("02 0005 61"),
        bytes.fromhex("0a ffffffff 05"),
        bytes.fromhex("03 0000 05"),
        bytes.fromhex("11 00"),
        b"\x0a\x00\x00\x00\x01" * 17 + b"\x05",
        b"\x05" * (amf0.MAX_BYTES + 1),
    ],
    ids=["cut number", "cut text", "lying count", "empty name", "AMF3", "too deep", "too long"],
)
def test_broken_amf_is_refused(broken: bytes) -> None:
    with pytest.raises(RtmpError):
        amf0.decode(broken)


@given(st.binary(max_size=400), st.sampled_from([b"", HANDSHAKE, PLAYING]))
def test_garbage_raises_only_rtmp_error(garbage: bytes, before: bytes) -> None:
    play = session()
    play.receive_data(before)
    try:
        play.receive_data(garbage)
    except RtmpError:
        with pytest.raises(RtmpError):
            play.receive_data(b"")


@given(st.integers(0, len(BROADCAST) - 1), st.integers(1, 255))
def test_any_changed_byte_gives_events_or_rtmp_error(index: int, change: int) -> None:
    mutated = bytearray(BROADCAST)
    mutated[index] ^= change
    try:
        session().receive_data(bytes(mutated))
    except RtmpError:
        return


@given(st.binary(max_size=60))
def test_unreadable_metadata_does_not_end_the_session(garbage: bytes) -> None:
    play = session()

    events = play.receive_data(PLAYING + wire(18, garbage) + wire(9, b"\x17"))

    assert events[-1] == MediaTag("video", 0, b"\x17")


def test_message_over_the_limit_is_refused_by_its_header() -> None:
    header = b"\x04" + bytes(3) + (MAX_MESSAGE_BYTES + 1).to_bytes(3, "big") + b"\x09" + bytes(4)
    with pytest.raises(RtmpError):
        ChunkReader().receive(header)


def test_chunk_streams_are_limited() -> None:
    reader = ChunkReader()
    for number in range(MAX_CHUNK_STREAMS):
        reader.receive(b"\x00" + bytes((number,)) + bytes.fromhex("000000 000001 09 00000000 aa"))
    with pytest.raises(RtmpError):
        reader.receive(b"\x00" + bytes((MAX_CHUNK_STREAMS,)) + bytes.fromhex("000000 000001 09 00000000 aa"))


def test_unfinished_messages_are_limited_together() -> None:
    reader = ChunkReader()
    reader.chunk_size = 2**22
    length = MAX_MESSAGE_BYTES.to_bytes(3, "big")
    chunk = bytes(2**22)
    fits = MAX_UNFINISHED_BYTES // len(chunk)
    for number in range(fits):
        reader.receive(bytes((3 + number,)) + bytes(3) + length + b"\x09" + bytes(4) + chunk)
    with pytest.raises(RtmpError):
        reader.receive(bytes((3 + fits,)) + bytes(3) + length + b"\x09" + bytes(4) + chunk)


def test_ping_flood_is_refused_instead_of_queued() -> None:
    play = session()
    play.receive_data(PLAYING)
    with pytest.raises(RtmpError):
        play.receive_data(wire(4, struct.pack(">HI", 6, 1), chunk_stream=2) * 100_000)


def test_idle_player_gets_headers_and_media_of_each_publisher_that_comes(tmp_path: Path) -> None:
    """nginx-rtmp, connection opened before anybody publishes; two publishers one after the other."""
    with ingest_server(tmp_path) as port, Player(port, "room") as player:
        player.read_until(PlayStarted)
        for run in (1, 2):
            start = len(player.events)
            with publisher(port, "room", seconds=1.2):
                player.read_until(PublisherGone, run)
            events = player.events[start:]
            assert [type(event) for event in events if not isinstance(event, MediaTag)] == [
                PublisherBack,
                Metadata,
                PublisherGone,
            ]
            assert isinstance(events[-1], PublisherGone)
            video = [parse_video(e.payload) for e in events if isinstance(e, MediaTag) and e.kind == "video"]
            audio = [parse_audio(e.payload) for e in events if isinstance(e, MediaTag) and e.kind == "audio"]
            assert video[0].is_header
            assert video[1].is_keyframe
            assert sum(bool(packet.data) and not packet.is_header for packet in video) == 36
            assert audio[0].is_header
            assert [packet.is_header for packet in audio].count(True) == 1


def test_late_player_starts_at_a_keyframe_with_the_publishers_own_times(tmp_path: Path) -> None:
    with ingest_server(tmp_path) as port, Player(port, "early") as early, publisher(port, "early", seconds=8):
        early.read_until(MediaTag, 20)
        with Player(port, "early") as late:
            late.read_until(MediaTag, 60)
    tags = [event for event in late.events if isinstance(event, MediaTag)]
    header, keyframe = (tag for tag in tags[:2])

    assert parse_video(header.payload).is_header
    assert parse_video(keyframe.payload).is_keyframe
    assert keyframe.timestamp_ms >= 1000
    assert keyframe.timestamp_ms % 1000 == 0


def test_server_that_pings_keeps_a_quiet_player(tmp_path: Path) -> None:
    """The server pings each second, but never again before the last ping is answered."""
    with ingest_server(tmp_path) as port, Player(port, "nobody") as player:
        player.read_until(PlayStarted)
        before = player.received_bytes
        while player.received_bytes < before + 3 * 18:  # three pings of 18 bytes
            player.read()
    assert player.events == [PlayStarted()]
