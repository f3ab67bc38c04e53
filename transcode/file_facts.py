"""What an uploaded file is and what may be made of it (pure): its first bytes, then what ffprobe says of it.

A file is only ever opened as what its first bytes say, so that a text which is a playlist to FFmpeg never gets there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from transcode.errors import FileRefused

SNIFFED_BYTES = 1024
MAX_STREAMS = 32  # editors' exports have some tracks of sound each with subtitles; demuxers take a thousand
MAX_SIDE_PIXELS = 8192
MIN_FRAME_RATE, MAX_FRAME_RATE = Fraction(10), Fraction(240)
KINDS = "Choose an MP4, MOV, MKV, WebM, FLV or TS file."

_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")  # what begins one; QuickTime's need no ftyp
_STILL_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")
_TS_PACKETS = ((0, 188), (4, 192))  # where the first sync byte is, and how far the next: broadcast, Blu-ray
_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"# mpv EDL", b"[playlist]", b"v=0", b"<?xml", b"<MPD", b"<smil", b"<asx")
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"<svg", b"\x00\x00\x00\x0cJXL")
_INTERLACED = ("tt", "bb", "tb", "bt")
_STANDARD_RATES = tuple(
    Fraction(*pair)
    for pair in ((24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48, 1), (50, 1), (60000, 1001), (60, 1))
)
_NEAR = Fraction(1, 100)  # phones write 29.87 where they mean 30, as far as frames were late


@dataclass(frozen=True)
class FileFacts:
    """What will be read of a file. Sides are pixels as shown: turned upright, with square pixels. `audio_index` is None
    without sound, `seconds` 0 when the file does not say."""

    demuxer: str
    video_index: int
    audio_index: int | None
    width: int
    height: int
    frame_rate: Fraction
    seconds: float
    interlaced: bool = False


def demuxer_of(head: bytes) -> str:
    """FFmpeg's name for the format that a file's first bytes show. Raises FileRefused for every other."""
    if head[4:8] in _MP4_BOXES and not (head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS):
        return "mov"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    if head.startswith(b"FLV\x01"):
        return "flv"
    if any(head[first::packet][:3] == b"\x47\x47\x47" for first, packet in _TS_PACKETS):
        return "mpegts"
    raise _unknown(head)


def _unknown(head: bytes) -> FileRefused:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(_PLAYLISTS):
        return FileRefused("playlist", f"This is a list of addresses, not a video. {KINDS}")
    if head.startswith(_IMAGES) or head[8:12] in {b"WEBP", *_STILL_BRANDS}:
        return FileRefused("image", f"This is a picture, not a video. {KINDS}")
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return FileRefused("container", f"AVI files are not taken. {KINDS}")
    return FileRefused("container", f"This is no video file that is known here. {KINDS}")


def judge_probe(demuxer: str, probed: Mapping[str, Any], *, max_seconds: float) -> FileFacts:
    """What ffprobe said, as far as it matters. Raises FileRefused."""
    streams = probed.get("streams", [])
    if len(streams) > MAX_STREAMS:
        raise too_many_streams()
    video = _best(streams, "video")
    if video is None:
        raise FileRefused("no_picture", "There is no video in this file, only sound or other data.")
    audio = _best(streams, "audio")
    seconds = _number(probed.get("format", {}).get("duration")) or _number(video.get("duration"))
    if seconds > max_seconds:
        raise too_long(max_seconds)
    width, height = _shown_size(video)
    return FileFacts(
        demuxer=demuxer,
        video_index=int(video["index"]),
        audio_index=int(audio["index"]) if audio else None,
        width=width,
        height=height,
        frame_rate=_frame_rate(video),
        seconds=seconds,
        interlaced=video.get("field_order") in _INTERLACED,
    )


def too_many_streams() -> FileRefused:
    return FileRefused("streams", f"This file has more than {MAX_STREAMS} tracks. Export it with fewer.")


def too_long(max_seconds: float) -> FileRefused:
    return FileRefused("too_long", f"This video is longer than {max_seconds / 3600:g} hours. Upload it in parts.")


def _best(streams: Sequence[Mapping[str, Any]], kind: str) -> Mapping[str, Any] | None:
    """The first that is meant to be played; covers of albums are streams of video as well."""
    found = [one for one in streams if one.get("codec_type") == kind and one.get("codec_name", "unknown") != "unknown"]
    found = [one for one in found if not one.get("disposition", {}).get("attached_pic")]
    found.sort(key=lambda one: not one.get("disposition", {}).get("default"))
    return found[0] if found else None


def _shown_size(video: Mapping[str, Any]) -> tuple[int, int]:
    width, height = int(video.get("width") or 0), int(video.get("height") or 0)
    if width <= 0 or height <= 0:
        raise FileRefused("no_picture", "The video in this file has no size: it cannot be read. Export it again.")
    shape = _fraction(video.get("sample_aspect_ratio", "").replace(":", "/")) or Fraction(1)
    if not Fraction(1, 8) <= shape <= 8:
        shape = Fraction(1)  # nonsense, as is a picture a thousand times wider than it is high
    width = max(round(width * shape), 1)
    if max(width, height) > MAX_SIDE_PIXELS:
        told = f"This video is {width}×{height} pixels, more than {MAX_SIDE_PIXELS} on a side."
        raise FileRefused("too_large", f"{told} Export it smaller.")
    turned = any(round(_number(one.get("rotation"))) % 180 == 90 for one in video.get("side_data_list", []))
    return (height, width) if turned else (width, height)


def _frame_rate(video: Mapping[str, Any]) -> Fraction:
    """Pictures per second to make of it, constant: what phones and screen recorders write has none."""
    rate = _fraction(video.get("avg_frame_rate", "")) or _fraction(video.get("r_frame_rate", "")) or Fraction(30)
    standard = min(_STANDARD_RATES, key=lambda one: abs(one - rate))
    if abs(standard - rate) <= standard * _NEAR:
        return standard
    return min(max(rate, MIN_FRAME_RATE), MAX_FRAME_RATE).limit_denominator(1001)


def _fraction(text: str) -> Fraction | None:
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
    return value if value > 0 else None


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    return number if abs(number) < 1e9 else 1e9
