"""Reads a clip's FLV tags and says which picture each video tag carries; a second reader beside the product's own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.media.counter_clip import Clip, clip_path

AUDIO, VIDEO, SCRIPT = 8, 9, 18
FLV_HEADER_BYTES = 9 + 4
TAG_HEADER_BYTES = 11


@dataclass(frozen=True)
class Tag:
    """One FLV tag, which is also the body of one RTMP message."""

    kind: int
    time_ms: int
    body: bytes
    number: int | None = None  # of the picture in it, None for audio and headers
    is_header: bool = False  # codec configuration or metadata: sent again at each new connection
    wire_ms: int | None = None  # timestamp to send where it is not the time of sending

    @property
    def is_keyframe(self) -> bool:
        return self.kind == VIDEO and not self.is_header and self.body[0] >> 4 == 1


def read_clip(clip: Clip) -> list[Tag]:
    """The tags of a clip in the order of sending, with the number of each picture."""
    tags = list(read_flv(clip_path(clip).read_bytes()))
    shown_at = sorted(_presentation_ms(tag) for tag in tags if tag.kind == VIDEO and not tag.is_header)
    number_at = {time_ms: clip.first + index for index, time_ms in enumerate(shown_at)}
    if len(number_at) != clip.frames:
        raise ValueError(f"the clip has {len(number_at)} pictures, not {clip.frames}")
    return [
        replace(tag, number=number_at[_presentation_ms(tag)]) if tag.kind == VIDEO and not tag.is_header else tag
        for tag in tags
    ]


def cut(tags: list[Tag], *, start_seconds: float) -> list[Tag]:
    """The tags from the first keyframe at or after `start_seconds`, as an encoder that starts there sends them."""
    headers = [replace(tag, time_ms=0) for tag in tags if tag.is_header]
    first = next(tag for tag in tags if tag.is_keyframe and tag.time_ms >= start_seconds * 1000)
    media = [tag for tag in tags if not tag.is_header and tag.time_ms >= first.time_ms]
    return headers + [replace(tag, time_ms=tag.time_ms - first.time_ms) for tag in media]


def read_flv(data: bytes) -> Iterator[Tag]:
    """The tags of an FLV file, without the numbers of its pictures."""
    at = FLV_HEADER_BYTES
    while at + TAG_HEADER_BYTES <= len(data):
        kind = data[at]
        size = int.from_bytes(data[at + 1 : at + 4])
        time_ms = data[at + 7] << 24 | int.from_bytes(data[at + 4 : at + 7])
        body = data[at + TAG_HEADER_BYTES : at + TAG_HEADER_BYTES + size]
        at += TAG_HEADER_BYTES + size + 4
        is_end_of_sequence = kind == VIDEO and body[1] == 2
        if not is_end_of_sequence:
            yield Tag(kind, time_ms, body, is_header=kind == SCRIPT or body[1] == 0)


def _presentation_ms(tag: Tag) -> int:
    return tag.time_ms + int.from_bytes(tag.body[2:5], signed=True)
