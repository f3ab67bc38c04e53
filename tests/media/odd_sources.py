"""What encoders in the field send besides the usual: small clips by FFmpeg, kept outside git, and ways to bend them."""

import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.media.counter_clip import cache_dir
from tests.media.flv_tags import AUDIO, SCRIPT, VIDEO, Tag, read_flv
from tests.media.rtmp_client import Value, encode_amf

RECIPE = 1  # counted up when `argv` changes in a way that its words do not show
ENCODE_SECONDS_LIMIT = 60
Bend = Callable[[list[Tag]], list[Tag]]


@dataclass(frozen=True)
class Recipe:
    """How FFmpeg makes a source. `video` and `audio` are output options; no `audio` is a silent source."""

    size: str = "160x90"
    rate: str = "30"
    seconds: float = 5
    key_seconds: str = "1"
    video: tuple[str, ...] = ()
    audio: tuple[str, ...] = ("-ar", "48000", "-ac", "2")
    filters: str = "null"
    pixels: str = "yuv420p"

    def argv(self) -> list[str]:
        keys = self.key_seconds
        forced = keys if "," in keys else f"expr:gte(t,n_forced*{keys})"
        inputs = ["-f", "lavfi", "-i", f"testsrc2=s={self.size}:r={self.rate},{self.filters}"]
        inputs += ["-f", "lavfi", "-i", "sine=r=48000"] if self.audio else []
        return [
            *("ffmpeg", "-nostdin", "-v", "error", *inputs, "-t", str(self.seconds)),
            *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", self.pixels, "-bf", "0", "-g", "9999"),
            *("-sc_threshold", "0", "-force_key_frames", forced, "-vsync", "vfr", *self.video),
            *(("-c:a", "aac", *self.audio) if self.audio else ()),
            *("-flvflags", "no_duration_filesize", "-f", "flv", "pipe:1"),
        ]


def tags_of(recipe: Recipe) -> list[Tag]:
    """The clip's tags, encoded at the first call."""
    name = hashlib.sha256(repr((RECIPE, recipe.argv())).encode()).hexdigest()[:16]
    path = cache_dir() / f"odd-{name}.flv"
    if not path.exists():
        made = subprocess.run(recipe.argv(), capture_output=True, check=True, timeout=ENCODE_SECONDS_LIMIT)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made.stdout)
    return list(read_flv(path.read_bytes()))


def followed_by(recipe: Recipe) -> Bend:
    """The encoder changes to other settings without a new connection."""

    def bend(tags: list[Tag]) -> list[Tag]:
        start = max(tag.time_ms for tag in tags) + 33
        later = [replace(tag, time_ms=tag.time_ms + start) for tag in tags_of(recipe) if tag.kind != SCRIPT]
        return tags + later

    return bend


def told_at(change: Callable[[int], int], kinds: tuple[int, ...] = (AUDIO, VIDEO)) -> Bend:
    """Timestamps other than the times of sending."""
    return lambda tags: [
        replace(tag, wire_ms=change(tag.time_ms) % 2**32) if tag.kind in kinds else tag for tag in tags
    ]


def jump(at_ms: int, by_ms: int) -> Bend:
    return told_at(lambda time_ms: 100_000 + time_ms + (by_ms if time_ms >= at_ms else 0))


def without_sound_between(start_ms: int, end_ms: int, *, headers: bool = False) -> Bend:
    def is_gone(tag: Tag) -> bool:
        return tag.kind == AUDIO and start_ms <= tag.time_ms < end_ms and (headers or not tag.is_header)

    return lambda tags: [tag for tag in tags if not is_gone(tag)]


def sound_from(at_ms: int) -> Bend:
    """Sound and its header begin later than the picture."""

    def bend(tags: list[Tag]) -> list[Tag]:
        header = next(tag for tag in tags if tag.kind == AUDIO and tag.is_header)
        media = [tag for tag in tags if tag.kind != AUDIO or (not tag.is_header and tag.time_ms >= at_ms)]
        return sorted([*media, replace(header, time_ms=at_ms)], key=lambda tag: (tag.time_ms, not tag.is_header))

    return bend


def claiming(**claims: Value) -> Bend:
    """Other metadata; what is given as None is left out."""

    def bend(tags: list[Tag]) -> list[Tag]:
        told: dict[str, Value] = {"audiocodecid": 10.0, "framerate": 30.0, **claims}
        body = encode_amf("onMetaData") + encode_amf({name: value for name, value in told.items() if value is not None})
        return [replace(tag, body=body) if tag.kind == SCRIPT else tag for tag in tags]

    return bend


def without_header(tags: list[Tag]) -> list[Tag]:
    return [tag for tag in tags if not (tag.kind == VIDEO and tag.is_header)]


def header_every_second(tags: list[Tag]) -> list[Tag]:
    """The same decoder configuration before every key frame, as some encoders send it."""
    header = next(tag for tag in tags if tag.kind == VIDEO and tag.is_header)
    sent: list[Tag] = []
    for tag in tags:
        sent += [replace(header, time_ms=tag.time_ms), tag] if tag.is_keyframe else [tag]
    return sent


def changing_header_every_second(tags: list[Tag]) -> list[Tag]:
    """Another level in the decoder configuration before every key frame."""
    sent: list[Tag] = []
    for number, tag in enumerate(header_every_second(tags)):
        if tag.kind == VIDEO and tag.is_header:
            level = 30 + number % 23
            tag = replace(tag, body=tag.body[:8] + bytes([level]) + tag.body[9:])
        sent.append(tag)
    return sent
