"""Understands what an encoder sends: headers, first key frame, timeline. Pure: tags in, frames out.

One SourceReader serves one run. When the encoder changes its picture or its clock jumps, it raises
`SourceInterrupted` and the caller begins a new run with a new reader.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from transcode import aac, flv, frame_rate, h264, picture_pace
from transcode.encoder_clock import EncoderClock
from transcode.errors import FlvError, SourceInterrupted, SourceRefused
from transcode.flv import MediaTag
from transcode.hls.cutter import Frame
from transcode.limits import AUDIO_RESYNC_MS, AUDIO_WAIT_MS, TICKS_PER_MS
from transcode.source_limits import OBS_OUTPUT, Problem, SourceLimits, unplayable

MAX_BUFFERED_TAGS = 2_000  # while the reader waits for announced sound or for pictures to time
MAX_SOUND_BYTES = 8_192  # of one packet: 14496-3 allows 768 per channel, and there are at most 8 channels
_CODEC_NAMES = {"hevc": "HEVC (H.265)", "av1": "AV1", "vp9": "VP9", "mp3": "MP3", "opus": "Opus"}


@dataclass(frozen=True)
class SourceDescription:
    """What the encoder sends. Rates in Hz and frames per second, `declared_kbps` and `declared_audio_kbps` 0 when the
    encoder did not say."""

    width: int
    height: int
    frame_rate: float
    video_codec: str
    audio_codec: str
    sample_rate: int
    channels: int
    declared_kbps: int
    encoder: str
    declared_audio_kbps: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class VideoFrame(NamedTuple):
    """A picture: the frame for packaging, and the tag on the run's timeline for the transcoder."""

    frame: Frame
    tag: MediaTag
    time_ms: int


class AudioFrame(NamedTuple):
    """One AAC packet; its frame's ticks are samples."""

    frame: Frame


class _Arrival(NamedTuple):
    """A tag that was found to be readable; `now` is monotonic seconds."""

    tag: MediaTag
    packet: flv.VideoPacket | flv.AudioPacket
    now: float
    is_key: bool


class SourceReader:
    """Feeds on media tags in order; `description` is set once the first key frame (and announced sound) is there."""

    def __init__(
        self,
        announced: Mapping[str, Any],
        inherit: "SourceReader | None" = None,
        limits: SourceLimits | None = None,
    ) -> None:
        """`inherit`: the reader of the interrupted run, whose headers still hold unless the encoder sends new ones."""
        self.announced, self.limits = announced, limits or SourceLimits()
        self.description: SourceDescription | None = None
        self.must_encode: list[Problem] = []  # why the pictures cannot be passed through as they are
        self.avc: h264.AvcConfig | None = inherit.avc if inherit else None
        self.aac: aac.AacConfig | None = inherit.aac if inherit else None
        self.video_header: MediaTag | None = inherit.video_header if inherit else None
        self._waiting: list[_Arrival] = []
        self._clock: EncoderClock | None = None
        self._next_audio_tick: int | None = None

    def feed(self, tag: MediaTag, now: float = 0.0) -> list[VideoFrame | AudioFrame]:
        """Frames that are ready now; `now` is monotonic seconds of arrival.

        Raises SourceRefused, SourceInterrupted, or FlvError/BitstreamError on garbage.
        """
        packet = _parse(tag)
        if packet.is_header:
            self._take_header(tag, packet)
            return []
        if not packet.data:
            return []
        arrival = _Arrival(tag, packet, now, self._is_key(packet))
        if self.description is not None:
            return self._frames(arrival)
        return self._wait(arrival)

    def sound_ms(self, frame: AudioFrame) -> float:
        """Where on the run's timeline a packet begins, in milliseconds."""
        return frame.frame.dts * 1000 / self.aac.sample_rate if self.aac else 0.0

    def _take_header(self, tag: MediaTag, packet: flv.VideoPacket | flv.AudioPacket) -> None:
        if tag.kind == "video":
            config = h264.parse_avc_config(packet.data)
            if self.avc is not None and config.avcc != self.avc.avcc and (self._waiting or self.description):
                raise SourceInterrupted("The encoder changed its picture format.")
            self.avc, self.video_header = config, tag
            return
        sound = aac.parse_audio_specific_config(packet.data)
        if self.description is not None and (self.aac is None or sound.asc != self.aac.asc):
            raise SourceInterrupted("The encoder changed its sound format.")
        self.aac = sound

    def _wait(self, arrival: _Arrival) -> list[VideoFrame | AudioFrame]:
        if not self._waiting and not arrival.is_key:
            return []  # nothing before the first key frame can be shown
        self._waiting.append(arrival)
        if len(self._waiting) > MAX_BUFFERED_TAGS:
            raise SourceRefused("no_start", "Your encoder's stream does not start properly. Stop and start it again.")
        if not self._is_known_enough(arrival):
            return []
        self.description = self._describe()
        waiting, self._waiting = self._waiting, []
        return [frame for entry in waiting for frame in self._frames(entry)]

    def _is_known_enough(self, arrival: _Arrival) -> bool:
        """Whether the run can begin: what was announced is here, or did not come in time."""
        first = self._waiting[0]
        waited_ms = flv.signed_distance(arrival.tag.timestamp_ms, first.tag.timestamp_ms)
        if max(waited_ms, (arrival.now - first.now) * 1000) >= AUDIO_WAIT_MS:
            return True
        sound_is_here = self.aac is not None or not self._sound_announced()
        return sound_is_here and frame_rate.is_known(self._rate_claims(), self._decode_times())

    def _is_key(self, packet: flv.VideoPacket | flv.AudioPacket) -> bool:
        """The encoder's word, checked: some mark every recovery point as a key frame.

        Raises BitstreamError when the picture's NAL units do not add up.
        """
        if not isinstance(packet, flv.VideoPacket) or self.avc is None:
            return False
        holds_idr = h264.contains_idr(packet.data, self.avc.nal_length_size)
        return packet.is_keyframe and holds_idr

    def _sound_announced(self) -> bool:
        return bool(self.announced.get("audiocodecid") or self.announced.get("audiodatarate"))

    def _frames(self, arrival: _Arrival) -> list[VideoFrame | AudioFrame]:
        tag, packet = arrival.tag, arrival.packet
        if self._clock is None:
            self._clock = EncoderClock(tag.timestamp_ms, arrival.now)  # the first arrival is the first key frame
        if isinstance(packet, flv.VideoPacket):
            time_ms = self._clock.place_video(tag, arrival.now, is_key=arrival.is_key)
            frame = Frame(
                time_ms * TICKS_PER_MS,
                bytes(packet.data),
                is_key=arrival.is_key,
                composition_offset=packet.composition_ms * TICKS_PER_MS,
            )
            return [VideoFrame(frame, MediaTag("video", time_ms, tag.payload), time_ms)]
        audio_ms = self._clock.place_audio(tag)
        tick = self._audio_tick(audio_ms) if self.aac is not None and audio_ms is not None else None
        return [AudioFrame(Frame(tick, bytes(packet.data)))] if tick is not None else []

    def _audio_tick(self, time_ms: int) -> int | None:
        """Sample-exact time: counted from the first packet, since RTMP's milliseconds jitter by half a one.

        Sound that is told to be elsewhere is placed there; what would be in the past is dropped (None), so that the
        rest stays with the picture.
        """
        assert self.aac is not None  # noqa: S101  narrows the type: only called with sound
        told = time_ms * self.aac.sample_rate // 1000
        tick = self._next_audio_tick if self._next_audio_tick is not None else told
        slack = AUDIO_RESYNC_MS * self.aac.sample_rate // 1000
        if told < tick - slack:
            return None
        if told > tick + slack:
            tick = told
        self._next_audio_tick = tick + self.aac.samples_per_frame
        return tick

    def _describe(self) -> SourceDescription:
        assert self.avc is not None  # noqa: S101  narrows the type: a key frame was recognised with it
        if not self.avc.progressive:
            raise SourceRefused("interlaced", "Your encoder sends interlaced video. Set it to progressive.")
        rate = frame_rate.judge(self._rate_claims(), self._decode_times())
        self.must_encode = [
            *unplayable(self.avc),
            *self.limits.problems(self.avc.width, self.avc.height, rate),
            *picture_pace.judge(rate),
        ]
        return SourceDescription(
            width=self.avc.width,
            height=self.avc.height,
            frame_rate=rate,
            video_codec=self.avc.codec_string,
            audio_codec=self.aac.codec_string if self.aac else "",
            sample_rate=self.aac.sample_rate if self.aac else 0,
            channels=self.aac.channels if self.aac else 0,
            declared_kbps=round(_number(self.announced, "videodatarate")),
            encoder=str(self.announced.get("encoder", ""))[:60],
            declared_audio_kbps=round(_number(self.announced, "audiodatarate")),
        )

    def _rate_claims(self) -> list[float]:
        """What the encoder says of its frame rate, in its metadata and in its decoder configuration."""
        told = _number(self.announced, "framerate") or _number(self.announced, "fps")
        promised = float(self.avc.frame_rate) if self.avc is not None and self.avc.frame_rate else 0.0
        return [told, promised]

    def _decode_times(self) -> list[int]:
        first_ms = self._waiting[0].tag.timestamp_ms
        pictures = (entry.tag for entry in self._waiting if entry.tag.kind == "video")
        return [flv.signed_distance(tag.timestamp_ms, first_ms) for tag in pictures]


def _parse(tag: MediaTag) -> flv.VideoPacket | flv.AudioPacket:
    if tag.kind == "video":
        picture = flv.parse_video(tag.payload)
        _check_video_codec(picture)
        return picture
    sound = flv.parse_audio(tag.payload)
    _check_audio_codec(sound)
    if len(sound.data) > MAX_SOUND_BYTES:
        raise FlvError(f"A sound packet of {len(sound.data)} bytes is more than {MAX_SOUND_BYTES}.")
    return sound


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
