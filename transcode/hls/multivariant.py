"""The multivariant playlist: which renditions there are and what a player needs to choose (RFC 8216bis §4.4.6)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from transcode.hls.names import IFRAME_PLAYLIST, MEDIA_PLAYLIST

AUDIO_GROUP = "audio"
# A player that knows nothing of its connection starts with the first variant listed (Apple's authoring rule 1.32).
# Ours remembers what the connection had and chooses by itself.
FIRST_VARIANT_RATE = 2_000_000


@dataclass(frozen=True)
class Rendition:
    """One quality. Bit rates are bits per second of this rendition alone; `height` 0 means audio.

    `iframe_bandwidth`: the peak of its key frames alone, 0 when it has no I-frame playlist.
    """

    name: str
    codecs: str
    bandwidth: int
    average_bandwidth: int
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    channels: int = 0
    iframe_bandwidth: int = 0

    @property
    def is_audio(self) -> bool:
        return self.height == 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Rendition":
        return cls(**stored)


def render_multivariant(renditions: Sequence[Rendition]) -> str:
    """Video variants with the one audio rendition when there is sound; then the sound alone; then I-frame playlists.

    The variant nearest FIRST_VARIANT_RATE leads, the others follow best first. CLOSED-CAPTIONS=NONE on all
    variants: without it Apple's players offer a caption track that does not exist.
    """
    audio = next((rendition for rendition in renditions if rendition.is_audio), None)
    lines = ["#EXTM3U", "#EXT-X-INDEPENDENT-SEGMENTS"]  # nothing in it needs more than version 1 (§8)
    if audio is not None:
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{AUDIO_GROUP}",NAME="Sound",LANGUAGE="und",DEFAULT=YES,AUTOSELECT=YES,'
            f'CHANNELS="{audio.channels}",URI="{audio.name}/{MEDIA_PLAYLIST}"'
        )
    variants = _in_order(_with_sound(video, audio) for video in renditions if not video.is_audio)
    if audio is not None:
        # For a phone in a tunnel, and for who only listens (Apple's authoring rule 9.21). The address is that of the
        # audio rendition, by which players know that the group adds nothing to it.
        variants.append(audio)
    for variant in variants:
        lines += [_stream_inf(variant, has_sound=audio is not None), f"{variant.name}/{MEDIA_PLAYLIST}"]
    best_first = sorted((rendition for rendition in renditions if rendition.iframe_bandwidth), key=_worst_last)
    return "\n".join([*lines, *map(_iframe_inf, best_first)]) + "\n"


def _with_sound(video: Rendition, audio: Rendition | None) -> Rendition:
    """A variant: the picture's rates and codecs and those of the sound it plays with."""
    if audio is None:
        return video
    return replace(
        video,
        codecs=f"{video.codecs},{audio.codecs}",
        bandwidth=video.bandwidth + audio.bandwidth,
        average_bandwidth=video.average_bandwidth + audio.average_bandwidth,
    )


def _in_order(variants: Iterable[Rendition]) -> list[Rendition]:
    ordered = sorted(variants, key=_worst_last)
    if ordered:
        ordered.insert(0, ordered.pop(ordered.index(min(ordered, key=_distance))))
    return ordered


def _worst_last(variant: Rendition) -> tuple[int, int]:
    return -variant.height, -variant.bandwidth


def _distance(variant: Rendition) -> float:
    """How many times too much or too little this is for a first variant."""
    rate = max(variant.average_bandwidth, 1)
    return max(rate / FIRST_VARIANT_RATE, FIRST_VARIANT_RATE / rate)


def _stream_inf(variant: Rendition, *, has_sound: bool) -> str:
    attributes = [
        f"BANDWIDTH={variant.bandwidth}",
        f"AVERAGE-BANDWIDTH={variant.average_bandwidth}",
        f'CODECS="{variant.codecs}"',
    ]
    if not variant.is_audio:
        attributes += [f"RESOLUTION={variant.width}x{variant.height}", f"FRAME-RATE={variant.frame_rate:.3f}"]
    if has_sound:
        attributes.append(f'AUDIO="{AUDIO_GROUP}"')
    attributes.append("CLOSED-CAPTIONS=NONE")
    return "#EXT-X-STREAM-INF:" + ",".join(attributes)


def _iframe_inf(video: Rendition) -> str:
    return (
        f'#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={video.iframe_bandwidth},CODECS="{video.codecs}",'
        f'RESOLUTION={video.width}x{video.height},URI="{video.name}/{IFRAME_PLAYLIST}"'
    )
