"""Sources that a streamer can send by mistake, or on purpose: each takes a clip's tags and spoils them in one way."""

import random
from dataclasses import replace

from tests.media.flv_tags import AUDIO, SCRIPT, VIDEO, Tag

HEVC_CODEC_ID = 12  # the unofficial number that Chinese encoders send
EXTENDED_HEADER = 0x80
INTER_FRAME = 0x20


def audio_only(tags: list[Tag]) -> list[Tag]:
    return [tag for tag in tags if tag.kind == AUDIO]


def video_only(tags: list[Tag]) -> list[Tag]:
    return [tag for tag in tags if tag.kind == VIDEO]


def without_keyframes(tags: list[Tag]) -> list[Tag]:
    """No picture can ever be decoded: the encoder's configuration comes, but never a keyframe."""
    return [tag for tag in tags if not tag.is_keyframe]


def hidden_keyframes(tags: list[Tag], *, after_seconds: float) -> list[Tag]:
    """From then on none is called a keyframe: the encoder's interval becomes long while it is on air."""
    return [
        replace(tag, body=bytes([INTER_FRAME | tag.body[0] & 0x0F]) + tag.body[1:])
        if tag.is_keyframe and tag.time_ms >= after_seconds * 1000
        else tag
        for tag in tags
    ]


def hevc_by_number(tags: list[Tag]) -> list[Tag]:
    """HEVC as older encoders announce it."""
    return [
        replace(tag, body=bytes([tag.body[0] & 0xF0 | HEVC_CODEC_ID]) + tag.body[1:]) if tag.kind == VIDEO else tag
        for tag in tags
    ]


def hevc_enhanced(tags: list[Tag]) -> list[Tag]:
    """HEVC as Enhanced RTMP announces it: a flag, a packet type and a FourCC."""
    return [replace(tag, body=_enhanced(tag)) if tag.kind == VIDEO else tag for tag in tags]


def garbage_pictures(tags: list[Tag]) -> list[Tag]:
    """Good RTMP and FLV framing around noise."""
    noise = random.Random(2)
    return [
        replace(tag, body=tag.body[:5] + noise.randbytes(len(tag.body) - 5)) if tag.kind == VIDEO else tag
        for tag in tags
    ]


def jump_in_time(tags: list[Tag], *, after_seconds: float, by_ms: int) -> list[Tag]:
    """The clock of the encoder is set while it runs. The pictures still go out in real time: pace by the old clock."""
    return [
        replace(tag, wire_ms=max(0, tag.time_ms + by_ms)) if tag.time_ms >= after_seconds * 1000 else tag
        for tag in tags
    ]


def _enhanced(tag: Tag) -> bytes:
    frame_type = tag.body[0] & 0x70
    packet_type = 0 if tag.is_header else 1
    return bytes([EXTENDED_HEADER | frame_type | packet_type]) + b"hvc1" + tag.body[2:]


def without_metadata(tags: list[Tag]) -> list[Tag]:
    return [tag for tag in tags if tag.kind != SCRIPT]
