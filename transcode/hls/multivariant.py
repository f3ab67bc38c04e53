"""The multivariant playlist: which renditions there are and what a player needs to choose (RFC 8216bis §4.4.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

AUDIO_GROUP = "audio"


@dataclass(frozen=True)
class Rendition:
    """One quality. Bit rates are bits per second of this rendition alone; `height` 0 means audio."""

    name: str
    codecs: str
    bandwidth: int
    average_bandwidth: int
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    channels: int = 0

    @property
    def is_audio(self) -> bool:
        return self.height == 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Rendition":
        return cls(**stored)


def render_multivariant(renditions: Sequence[Rendition]) -> str:
    """Video variants, best first, each with the one audio rendition when there is sound.

    CLOSED-CAPTIONS=NONE on all variants: without it Apple's players offer a caption track that does not exist.
    """
    audio = next((rendition for rendition in renditions if rendition.is_audio), None)
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if audio is not None:
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{AUDIO_GROUP}",NAME="Sound",LANGUAGE="und",DEFAULT=YES,AUTOSELECT=YES,'
            f'CHANNELS="{audio.channels}",URI="{audio.name}/index.m3u8"'
        )
    videos = sorted((r for r in renditions if not r.is_audio), key=lambda r: (-r.height, -r.bandwidth))
    for video in videos:
        lines.append(_stream_inf(video, audio))
        lines.append(f"{video.name}/index.m3u8")
    return "\n".join(lines) + "\n"


def _stream_inf(video: Rendition, audio: Rendition | None) -> str:
    attributes = [
        f"BANDWIDTH={video.bandwidth + (audio.bandwidth if audio else 0)}",
        f"AVERAGE-BANDWIDTH={video.average_bandwidth + (audio.average_bandwidth if audio else 0)}",
        f'CODECS="{video.codecs}{"," + audio.codecs if audio else ""}"',
        f"RESOLUTION={video.width}x{video.height}",
        f"FRAME-RATE={video.frame_rate:.3f}",
    ]
    if audio is not None:
        attributes.append(f'AUDIO="{AUDIO_GROUP}"')
    attributes.append("CLOSED-CAPTIONS=NONE")
    return "#EXT-X-STREAM-INF:" + ",".join(attributes)
