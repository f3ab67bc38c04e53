"""Understands what an encoder sends: headers, first key frame, timeline. Pure: tags in, frames out.

One SourceReader serves one run. When the encoder changes its picture or its clock jumps, it raises
`SourceInterrupted` and the caller begins a new run with a new reader.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from transcode import aac, flv, h264
from transcode.errors import SourceRefused, TranscodeError
from transcode.flv import MediaTag
from transcode.hls.cutter import Frame
from transcode.limits import AUDIO_RESYNC_MS, AUDIO_WAIT_MS, TICKS_PER_MS, TIMELINE_START_MS, TIMESTAMP_JUMP_MS

MAX_BUFFERED_TAGS = 2_000  # while the reader waits for a key frame or for announced sound
DEFAULT_FRAME_RATE = 30.0
_TIMESTAMP_WRAP = 1 << 32
OBS_OUTPUT = "In OBS: Settings → Output → Streaming"
_CODEC_NAMES = {"hevc": "HEVC (H.265)", "av1": "AV1", "vp9": "VP9", "mp3": "MP3", "opus": "Opus"}


class SourceInterrupted(TranscodeError):
    """The encoder's stream is not the same any more (new decoder configuration, clock jump): begin a new run."""


@dataclass(frozen=True)
class SourceDescription:
    """What the encoder sends. Rates in Hz and frames per second, `declared_kbps` 0 when the encoder did not say."""

    width: int
    height: int
    frame_rate: float
    video_codec: str
    audio_codec: str
    sample_rate: int
    channels: int
    declared_kbps: int
    encoder: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class VideoFrame:
    """A picture: the frame for packaging, and the tag on the run's timeline for the transcoder."""

    frame: Frame
    tag: MediaTag
    time_ms: int


@dataclass(frozen=True)
class AudioFrame:
    """One AAC packet; its frame's ticks are samples."""

    frame: Frame


class SourceReader:
    """Feeds on media tags in order; `description` is set once the first key frame (and announced sound) is there."""

    def __init__(self, announced: Mapping[str, Any], inherit: "SourceReader | None" = None) -> None:
        """`inherit`: the reader of the interrupted run, whose headers still hold unless the encoder sends new ones."""
        self.announced = announced
        self.description: SourceDescription | None = None
        self.avc: h264.AvcConfig | None = inherit.avc if inherit else None
        self.aac: aac.AacConfig | None = inherit.aac if inherit else None
        self.video_header: MediaTag | None = inherit.video_header if inherit else None
        self._waiting: list[tuple[MediaTag, flv.VideoPacket | flv.AudioPacket]] = []
        self._first_key_ms: int | None = None
        self._base_ms: int | None = None
        self._last_ms: dict[str, int] = {}
        self._next_audio_tick: int | None = None

    def feed(self, tag: MediaTag) -> list[VideoFrame | AudioFrame]:
        """Frames that are ready now. Raises SourceRefused, SourceInterrupted, or FlvError/BitstreamError on garbage."""
        packet: flv.VideoPacket | flv.AudioPacket
        if tag.kind == "video":
            packet = flv.parse_video(tag.payload)
            _check_video_codec(packet)
        else:
            packet = flv.parse_audio(tag.payload)
            _check_audio_codec(packet)
        if packet.is_header:
            self._take_header(tag, packet)
            return []
        if not packet.data:
            return []
        if self.description is not None:
            return self._frames(tag, packet)
        return self._wait(tag, packet)

    def _take_header(self, tag: MediaTag, packet: flv.VideoPacket | flv.AudioPacket) -> None:
        if tag.kind == "video":
            config = h264.parse_avc_config(packet.data)
            if self.avc is not None and config.avcc != self.avc.avcc and self.description is not None:
                raise SourceInterrupted("The encoder changed its picture format.")
            self.avc, self.video_header = config, tag
            return
        sound = aac.parse_audio_specific_config(packet.data)
        if self.description is not None and (self.aac is None or sound.asc != self.aac.asc):
            raise SourceInterrupted("The encoder changed its sound format.")
        self.aac = sound

    def _wait(self, tag: MediaTag, packet: flv.VideoPacket | flv.AudioPacket) -> list[VideoFrame | AudioFrame]:
        if isinstance(packet, flv.VideoPacket) and self._first_key_ms is None and self._is_key(packet):
            self._first_key_ms = tag.timestamp_ms
        if self._first_key_ms is None:
            return []  # nothing before the first key frame can be shown
        self._waiting.append((tag, packet))
        if len(self._waiting) > MAX_BUFFERED_TAGS:
            raise SourceRefused("no_start", "Your encoder's stream does not start properly. Stop and start it again.")
        waited = tag.timestamp_ms - self._first_key_ms
        if self.aac is None and self._sound_announced() and waited < AUDIO_WAIT_MS:
            return []
        self.description = self._describe()
        waiting, self._waiting = self._waiting, []
        return [frame for entry in waiting for frame in self._frames(*entry)]

    def _is_key(self, packet: flv.VideoPacket) -> bool:
        """The encoder's word, checked: some mark every recovery point as a key frame."""
        return self.avc is not None and packet.is_keyframe and h264.contains_idr(packet.data, self.avc.nal_length_size)

    def _sound_announced(self) -> bool:
        return bool(self.announced.get("audiocodecid") or self.announced.get("audiodatarate"))

    def _frames(self, tag: MediaTag, packet: flv.VideoPacket | flv.AudioPacket) -> list[VideoFrame | AudioFrame]:
        time_ms = self._time(tag)
        if isinstance(packet, flv.VideoPacket):
            frame = Frame(
                time_ms * TICKS_PER_MS,
                bytes(packet.data),
                is_key=self._is_key(packet),
                composition_offset=packet.composition_ms * TICKS_PER_MS,
            )
            return [VideoFrame(frame, MediaTag("video", time_ms, tag.payload), time_ms)]
        if self.aac is None:
            return []
        return [AudioFrame(Frame(self._audio_tick(time_ms), bytes(packet.data)))]

    def _time(self, tag: MediaTag) -> int:
        """The tag's place on the run's timeline, in milliseconds from TIMELINE_START_MS."""
        if self._base_ms is None:
            self._base_ms = self._first_key_ms or 0
        # RTMP's 32-bit clock wraps after 49 days; the signed distance from the run's start does not care.
        distance = (tag.timestamp_ms - self._base_ms + (_TIMESTAMP_WRAP >> 1)) % _TIMESTAMP_WRAP - (
            _TIMESTAMP_WRAP >> 1
        )
        time_ms = distance + TIMELINE_START_MS
        last = self._last_ms.get(tag.kind, time_ms)
        if abs(time_ms - last) > TIMESTAMP_JUMP_MS or time_ms < 0:
            raise SourceInterrupted("The encoder's clock jumped.")
        if tag.kind == "video":
            time_ms = max(time_ms, last + 1) if "video" in self._last_ms else time_ms  # decode times must grow
        self._last_ms[tag.kind] = time_ms
        return time_ms

    def _audio_tick(self, time_ms: int) -> int:
        """Sample-exact time: counted from the first packet, since RTMP's milliseconds jitter by half a one."""
        assert self.aac is not None  # noqa: S101  narrows the type: only called with sound
        told = time_ms * self.aac.sample_rate // 1000
        tick = self._next_audio_tick if self._next_audio_tick is not None else told
        if abs(told - tick) > AUDIO_RESYNC_MS * self.aac.sample_rate // 1000:
            tick = max(told, tick)
        self._next_audio_tick = tick + self.aac.samples_per_frame
        return tick

    def _describe(self) -> SourceDescription:
        assert self.avc is not None  # noqa: S101  narrows the type: a key frame was recognised with it
        if not self.avc.progressive:
            raise SourceRefused("interlaced", "Your encoder sends interlaced video. Set it to progressive.")
        return SourceDescription(
            width=self.avc.width,
            height=self.avc.height,
            frame_rate=self._frame_rate(),
            video_codec=self.avc.codec_string,
            audio_codec=self.aac.codec_string if self.aac else "",
            sample_rate=self.aac.sample_rate if self.aac else 0,
            channels=self.aac.channels if self.aac else 0,
            declared_kbps=round(_number(self.announced, "videodatarate")),
            encoder=str(self.announced.get("encoder", ""))[:60],
        )

    def _frame_rate(self) -> float:
        said = _number(self.announced, "framerate") or _number(self.announced, "fps")
        if not said and self.avc is not None and self.avc.frame_rate:
            said = float(self.avc.frame_rate)
        return said if 1 <= said <= 240 else DEFAULT_FRAME_RATE


def _number(values: Mapping[str, Any], name: str) -> float:
    value = values.get(name)
    return float(value) if isinstance(value, int | float) and 0 < value < 1e9 else 0.0


def _check_video_codec(packet: flv.VideoPacket) -> None:
    if packet.codec != "h264":
        name = _CODEC_NAMES.get(packet.codec, "a codec we do not know")
        raise SourceRefused(
            "video_codec",
            f"Your encoder sends {name}. Choose H.264 as the video encoder. {OBS_OUTPUT} → Video Encoder.",
        )


def _check_audio_codec(packet: flv.AudioPacket) -> None:
    if packet.codec != "aac":
        name = _CODEC_NAMES.get(packet.codec, "a sound codec we do not know")
        raise SourceRefused(
            "audio_codec", f"Your encoder sends {name} sound. Choose AAC. {OBS_OUTPUT} → Audio Encoder."
        )
