"""FLV tags: reads them from a stream of bytes, writes them, and takes apart what audio and video tags carry.

Sources: Adobe "Video File Format Specification 10.1" annex E (cited as FLV), Veovera "Enhanced RTMP v2" (ERTMP).
"""

import struct
from typing import Literal, NamedTuple

from transcode.errors import FlvError

MAX_TAG_BYTES = 8 * 1024 * 1024  # a keyframe of 8 MiB would be 64 Mbit in one picture; more is an attack or a bug
MAX_HEADER_BYTES = 1024  # FLV E.2 gives 9; the field exists for later versions

MediaKind = Literal["audio", "video"]
VideoCodec = Literal["h264", "hevc", "av1", "vp9", "other"]
AudioCodec = Literal["aac", "mp3", "opus", "other"]

_TAG_TYPES: dict[MediaKind, int] = {"audio": 8, "video": 9}
_MEDIA_KINDS: dict[int, MediaKind] = {8: "audio", 9: "video"}
_SCRIPT_TAG = 18
_TAG_HEADER_BYTES = 11
_PREVIOUS_TAG_SIZE_BYTES = 4
_FILE_HEADER_BYTES = 9


class MediaTag(NamedTuple):
    """One audio or video message as FLV and RTMP both carry it.

    `timestamp_ms` is the decode time, unsigned, modulo 2**32. `payload` is never empty and starts with the codec byte.
    """

    kind: MediaKind
    timestamp_ms: int
    payload: bytes


class VideoPacket(NamedTuple):
    """What a video tag carries.

    `is_header`: `data` is the decoder configuration (avcC for H.264). `is_keyframe` is the encoder's word, which may
    lie. `composition_ms` is signed: presentation time minus decode time. `data` is empty when there is no picture.
    """

    codec: VideoCodec
    is_header: bool
    is_keyframe: bool
    is_end: bool
    composition_ms: int
    data: memoryview


class AudioPacket(NamedTuple):
    """What an audio tag carries. `is_header`: `data` is the decoder configuration (AudioSpecificConfig for AAC)."""

    codec: AudioCodec
    is_header: bool
    data: memoryview


def signed_distance(timestamp_ms: int, since_ms: int) -> int:
    """Milliseconds from one unsigned 32-bit timestamp to another; the clock starts again after 49 days."""
    half = 1 << 31
    return (timestamp_ms - since_ms + half) % (1 << 32) - half


class FlvReader:
    """Turns a stream of bytes, cut anywhere, into media tags. Holds one unfinished tag. Unusable after FlvError."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._header_seen = False
        self._previous_tag_bytes = 0

    def feed(self, data: bytes) -> list[MediaTag]:
        """The audio and video tags completed by `data`; script tags and empty tags are passed over.

        Raises FlvError when the bytes are not FLV or a tag is larger than MAX_TAG_BYTES.
        """
        buffer: bytes | bytearray = data
        if self._buffer:
            self._buffer += data
            buffer = self._buffer
        tags: list[MediaTag] = []
        position = 0 if self._header_seen else self._read_file_header(buffer)
        while self._header_seen and (end := self._read_tag(buffer, position, tags)) > position:
            position = end
        if buffer is data:  # whole tags usually, which are cut from it without another copy
            self._buffer += data[position:]
        else:
            del self._buffer[:position]
        return tags

    def _read_file_header(self, buffer: bytes | bytearray) -> int:
        """Bytes consumed: the header's when it is complete, else 0. FLV E.2."""
        if not b"FLV\x01".startswith(bytes(buffer[:4])):
            raise FlvError("This is not an FLV stream of version 1.")
        if len(buffer) < _FILE_HEADER_BYTES:
            return 0
        size = int.from_bytes(buffer[5:9], "big")
        if not _FILE_HEADER_BYTES <= size <= MAX_HEADER_BYTES:
            raise FlvError(f"The FLV header says it has {size} bytes.")
        if len(buffer) < size:
            return 0
        self._header_seen = True
        return size

    def _read_tag(self, buffer: bytes | bytearray, start: int, tags: list[MediaTag]) -> int:
        """End of the PreviousTagSize and tag at `start`, or `start` when they are not complete. FLV E.3, E.4.1."""
        head = start + _PREVIOUS_TAG_SIZE_BYTES
        body = head + _TAG_HEADER_BYTES
        if len(buffer) < body:
            return start
        if int.from_bytes(buffer[start:head], "big") != self._previous_tag_bytes:
            raise FlvError("A tag does not have the size the next one says it had.")
        size = int.from_bytes(buffer[head + 1 : head + 4], "big")
        if size > MAX_TAG_BYTES:
            raise FlvError(f"A tag of {size} bytes is more than {MAX_TAG_BYTES}.")
        tag_type = buffer[head]  # its upper bits are reserved or mean encryption: both are refused with unknown types
        kind = _MEDIA_KINDS.get(tag_type)
        if kind is None and tag_type != _SCRIPT_TAG:
            raise FlvError(f"Tag type {tag_type} is unknown.")
        if len(buffer) < body + size:
            return start
        if kind is not None and size:
            timestamp = int.from_bytes(buffer[head + 4 : head + 7], "big") | buffer[head + 7] << 24
            tags.append(MediaTag(kind, timestamp, bytes(buffer[body : body + size])))
        self._previous_tag_bytes = _TAG_HEADER_BYTES + size
        return body + size


def flv_header(*, audio: bool, video: bool) -> bytes:
    """The file header and the first PreviousTagSize. FLV E.2, E.3."""
    return struct.pack(">3sBBII", b"FLV", 1, audio << 2 | video, _FILE_HEADER_BYTES, 0)


def flv_tag(tag: MediaTag) -> bytes:
    """The tag and its PreviousTagSize; a timestamp above 24 bits goes on in the extension byte. FLV E.4.1."""
    size = len(tag.payload)
    if size > MAX_TAG_BYTES:
        raise FlvError(f"A tag of {size} bytes is more than {MAX_TAG_BYTES}.")
    timestamp = tag.timestamp_ms & 0xFFFF_FFFF
    type_and_size = _TAG_TYPES[tag.kind] << 24 | size
    time_and_extension = (timestamp & 0xFF_FFFF) << 8 | timestamp >> 24
    header = struct.pack(">II3x", type_and_size, time_and_extension)
    return b"".join((header, tag.payload, struct.pack(">I", _TAG_HEADER_BYTES + size)))


_KEYFRAME, _COMMAND_FRAME = 1, 5  # FLV E.4.3.1, FrameType
_LEGACY_VIDEO: dict[int, VideoCodec] = {
    7: "h264",
    12: "hevc",
}  # 12: not Adobe's, but widely sent by encoders from China
_FOURCC_VIDEO: dict[bytes, VideoCodec] = {b"avc1": "h264", b"hvc1": "hevc", b"av01": "av1", b"vp09": "vp9"}
_SEQUENCE_START, _CODED_FRAMES, _SEQUENCE_END, _CODED_FRAMES_X, _MOD_EX = 0, 1, 2, 3, 7  # ERTMP VideoPacketType
_ENHANCED_AUDIO = 9  # ERTMP SoundFormat ExHeader
_LEGACY_AUDIO: dict[int, AudioCodec] = {2: "mp3", 10: "aac", 13: "opus", 14: "mp3"}
_FOURCC_AUDIO: dict[bytes, AudioCodec] = {b"mp4a": "aac", b".mp3": "mp3", b"Opus": "opus"}
_NOTHING = memoryview(b"")


def parse_video(payload: bytes) -> VideoPacket:
    """Take a video tag's payload apart: FLV E.4.3, or the ERTMP header when its top bit is set.

    Raises FlvError when the payload is shorter than its own header. An unknown codec is no error: it is "other".
    """
    view = memoryview(payload)
    first = _byte(view, 0)
    if first & 0x80:
        return _enhanced_video(view, frame_type=first >> 4 & 7, packet_type=first & 15)
    frame_type = first >> 4
    codec = _LEGACY_VIDEO.get(first & 15, "other")
    if codec == "other" or frame_type == _COMMAND_FRAME:
        return VideoPacket(codec, False, frame_type == _KEYFRAME, False, 0, _NOTHING)
    composition = _signed_24(view, 2)
    packet_type = view[1]
    is_frame = packet_type == 1
    return VideoPacket(
        codec=codec,
        is_header=packet_type == 0,
        is_keyframe=is_frame and frame_type == _KEYFRAME,
        is_end=packet_type == 2,
        composition_ms=composition if is_frame else 0,
        data=view[5:] if packet_type in (0, 1) else _NOTHING,
    )


def _enhanced_video(view: memoryview, *, frame_type: int, packet_type: int) -> VideoPacket:
    packet_type, start = _skip_mod_ex(view, packet_type)
    codec = _FOURCC_VIDEO.get(_fourcc(view, start), "other")
    start += 4
    composition = 0
    is_frame = packet_type in (_CODED_FRAMES, _CODED_FRAMES_X) and frame_type != _COMMAND_FRAME
    if packet_type == _CODED_FRAMES and codec in ("h264", "hevc"):  # only these two carry a composition time
        composition = _signed_24(view, start)
        start += 3
    is_header = packet_type == _SEQUENCE_START
    return VideoPacket(
        codec=codec,
        is_header=is_header,
        is_keyframe=is_frame and frame_type == _KEYFRAME,
        is_end=packet_type == _SEQUENCE_END,
        composition_ms=composition,
        data=view[start:] if is_frame or is_header else _NOTHING,
    )


def parse_audio(payload: bytes) -> AudioPacket:
    """Take an audio tag's payload apart: FLV E.4.2, or the ERTMP header. Errors as for `parse_video`."""
    view = memoryview(payload)
    first = _byte(view, 0)
    if first >> 4 == _ENHANCED_AUDIO:
        packet_type, start = _skip_mod_ex(view, first & 15)
        codec = _FOURCC_AUDIO.get(_fourcc(view, start), "other")
        carries_data = packet_type in (_SEQUENCE_START, _CODED_FRAMES)
        return AudioPacket(codec, packet_type == _SEQUENCE_START, view[start + 4 :] if carries_data else _NOTHING)
    codec = _LEGACY_AUDIO.get(first >> 4, "other")
    if codec == "aac":
        return AudioPacket(codec, _byte(view, 1) == 0, view[2:])
    return AudioPacket(codec, False, view[1:])


def _skip_mod_ex(view: memoryview, packet_type: int) -> tuple[int, int]:
    """The real packet type and where its FourCC starts, behind any ModEx prefixes. ERTMP "ModEx"."""
    start = 1
    while packet_type == _MOD_EX:
        size = _byte(view, start) + 1
        start += 1
        if size == 256:
            size = (_byte(view, start) << 8 | _byte(view, start + 1)) + 1
            start += 2
        start += size
        packet_type = _byte(view, start) & 15
        start += 1
    return packet_type, start


def _byte(view: memoryview, index: int) -> int:
    if index >= len(view):
        raise FlvError("A media tag ends inside its header.")
    return view[index]


def _fourcc(view: memoryview, start: int) -> bytes:
    _byte(view, start + 3)
    return bytes(view[start : start + 4])


def _signed_24(view: memoryview, start: int) -> int:
    _byte(view, start + 2)
    return int.from_bytes(view[start : start + 3], "big", signed=True)
