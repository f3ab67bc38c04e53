"""Packages what FFmpeg makes of an uploaded file as live renditions are, one fragment a segment (pure)."""

from collections.abc import Iterable, Sequence

from transcode import flv, fmp4, h264, silence
from transcode.aac import AacConfig, parse_audio_specific_config
from transcode.flv import MediaTag
from transcode.hls.cutter import Frame
from transcode.hls.multivariant import Rendition
from transcode.hls.window import Window
from transcode.ladder import AUDIO, SOURCE, VideoPlan
from transcode.limits import AUDIO_RESYNC_MS, TICKS_PER_MS, TIMELINE_START_MS, VIDEO_TIMESCALE
from transcode.packager import Packager, Publication, RunStart, Track
from transcode.silence import SoundFiller

PARTS_PER_SEGMENT = 0.25  # nobody waits for a part of a file: each is longer than any segment


class FilePackager:
    """Feed it every rendition's tags, in any mixture; it returns what became whole."""

    def __init__(self, plans: Sequence[VideoPlan], start: RunStart, *, has_sound: bool, target_duration: int) -> None:
        self._plans = {plan.name: plan for plan in plans}
        part_target = target_duration / PARTS_PER_SEGMENT
        self._tracks = {name: Track(name, Window(target_duration, part_target)) for name in [*self._plans, AUDIO]}
        self._packager = Packager(start=start, part_target=part_target, leader=SOURCE)
        self._codecs: dict[str, str] = {}
        self._sound: AacConfig | None = None
        self._has_sound = has_sound
        self._filler: SoundFiller | None = None
        self._next_tick: int | None = None
        self._newest_ticks = 0

    @property
    def renditions(self) -> list[Rendition]:
        """All that was made, best first, the sound last. Their rates are measured when the recording is written."""
        videos = [
            Rendition(
                plan.name,
                self._codecs[plan.name],
                plan.bitrate,
                plan.bitrate,
                plan.width,
                plan.height,
                round(plan.frame_rate, 3),
            )
            for plan in self._plans.values()
            if plan.name in self._codecs
        ]
        sound = self._sound or silence.STEREO
        return [*videos, Rendition(AUDIO, sound.codec_string, 0, 0, channels=sound.channels)]

    @property
    def track_count(self) -> int:
        return len(self._tracks)

    @property
    def seconds(self) -> float:
        """How much of the picture was taken."""
        return max(self._newest_ticks / VIDEO_TIMESCALE - TIMELINE_START_MS / 1000, 0.0)

    def take(self, name: str, tags: Sequence[MediaTag]) -> list[Publication]:
        """What FFmpeg wrote next for this rendition. Raises FlvError or BitstreamError."""
        take_tag = self._take_sound if name == AUDIO else self._take_picture
        return [entry for tag in tags for entry in take_tag(name, tag)]

    def finish(self) -> list[Publication]:
        """Everything was taken: silence up to the picture's end where there is no sound, then what is still open."""
        if SOURCE not in self._codecs:
            return []
        made = self._fill_up_to(TIMELINE_START_MS)
        end_ms = self._newest_ticks / TICKS_PER_MS + 1000 / self._plans[SOURCE].frame_rate
        made += self._push_sounds(self._filler.finish(end_ms) if self._filler else ())
        return [*made, *self._packager.finish()]

    def _take_picture(self, name: str, tag: MediaTag) -> list[Publication]:
        packet = flv.parse_video(tag.payload)
        if packet.is_header:
            return self._begin_picture(name, h264.parse_avc_config(packet.data))
        if not packet.data:
            return []
        dts, offset = tag.timestamp_ms * TICKS_PER_MS, packet.composition_ms * TICKS_PER_MS
        frame = Frame(dts, bytes(packet.data), is_key=packet.is_keyframe, composition_offset=offset)
        made = self._packager.push(name, frame)
        if name == SOURCE:
            self._newest_ticks = max(self._newest_ticks, frame.pts)
            if not self._has_sound:
                made += self._fill_up_to(tag.timestamp_ms)
        return made

    def _begin_picture(self, name: str, config: h264.AvcConfig) -> list[Publication]:
        if name in self._codecs:
            return []
        self._codecs[name] = config.codec_string
        init = fmp4.video_init(config, VIDEO_TIMESCALE)
        return [self._packager.add_video(self._tracks[name], init, self._plans[name].frame_rate)]

    def _fill_up_to(self, time_ms: int) -> list[Publication]:
        """Silence, where nothing else was heard. Decode times of B-frames are before the first picture."""
        made = [] if self._filler else self._begin_sound(silence.STEREO, expected=False)
        return made + self._push_sounds(
            self._filler.take_picture(max(time_ms, TIMELINE_START_MS)) if self._filler else ()
        )

    def _begin_sound(self, config: AacConfig, *, expected: bool) -> list[Publication]:
        self._sound, self._filler = config, SoundFiller(config, expected=expected)
        init = fmp4.audio_init(config, config.sample_rate)
        return [self._packager.add_audio(self._tracks[AUDIO], init, config.sample_rate, config.samples_per_frame)]

    def _take_sound(self, _name: str, tag: MediaTag) -> list[Publication]:
        packet = flv.parse_audio(tag.payload)
        if packet.is_header:
            known = self._filler is not None
            return [] if known else self._begin_sound(parse_audio_specific_config(packet.data), expected=True)
        if not packet.data or self._filler is None:
            return []
        frame = Frame(self._tick(tag.timestamp_ms), bytes(packet.data))
        return self._push_sounds(self._filler.take_sound(frame))

    def _push_sounds(self, sounds: Iterable[Frame]) -> list[Publication]:
        return [entry for sound in sounds for entry in self._packager.push(AUDIO, sound)]

    def _tick(self, time_ms: int) -> int:
        """Sample-exact: counted from the first packet, since FLV's milliseconds are rounded."""
        assert self._sound is not None  # noqa: S101  its header came first
        rate = self._sound.sample_rate
        told = time_ms * rate // 1000
        tick = told if self._next_tick is None else self._next_tick
        if abs(told - tick) > AUDIO_RESYNC_MS * rate // 1000:
            tick = max(told, tick)
        self._next_tick = tick + self._sound.samples_per_frame
        return tick
