"""What the multivariant playlist promises of each rendition (pure).

BANDWIDTH bounds the peak bit rate, which players may find at most 25 % higher, AVERAGE-BANDWIDTH the average, at most
10 % higher (RFC 8216bis §4.1, Apple's authoring rules 1.28 and 1.29). An encode keeps what its rate control promises;
a source that is passed through, and sound, are promised by what the encoder says of them and what was seen so far.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil

from transcode import silence
from transcode.hls.multivariant import Rendition
from transcode.hls.window import Window, WindowSegment
from transcode.ladder import AUDIO, VideoPlan
from transcode.limits import RUNG_BUFFER_SECONDS
from transcode.source import SourceDescription

# What comes may be busier than what was declared or seen; encoders' own buffers hold about a second.
SOURCE_HEADROOM = 1.3
AUDIO_HEADROOM = 1.1  # AAC's bit reservoir
IFRAME_HEADROOM = 2.0  # key frames are measured on the first few
# A promise that proved too low is raised by this more than it must be, so that it is not raised every few seconds.
RAISED_BY = 1.1
# An average over less is the picture of a moment.
AVERAGE_SECONDS = 30.0
DEFAULT_AUDIO_RATE = 160_000
# What a fragment adds to its frames: moof, traf and mdat headers once, a trun entry each (transcode.fmp4).
_PART_BYTES, _PICTURE_BYTES, _SOUND_BYTES = 104, 12, 4
_SAMPLES_PER_AAC_FRAME = 1024


def describe_renditions(
    videos: Sequence[VideoPlan],
    source: SourceDescription,
    codecs: Mapping[str, str],
    windows: Mapping[str, Window],
) -> list[Rendition]:
    """All renditions, best first, the sound last."""
    described = [_video(plan, source, codecs[plan.name], windows[plan.name]) for plan in videos]
    if AUDIO in codecs:
        described.append(_audio(source, codecs[AUDIO], windows[AUDIO]))
    return described


def _video(plan: VideoPlan, source: SourceDescription, codec: str, window: Window) -> Rendition:
    frame_rate = plan.frame_rate or source.frame_rate
    container = _container_rate(window, frame_rate, _PICTURE_BYTES)
    if plan.is_passthrough:
        seen, peak = _average(window.segments), peak_rate(window.segments, target_duration=window.target_duration)
        average = max(source.declared_kbps * 1000 + container, seen)
        bandwidth = max(average * SOURCE_HEADROOM, peak * RAISED_BY)
    else:
        average = plan.bitrate + container
        bandwidth = plan.bitrate * peak_factor(window.target_duration) + container
    return Rendition(
        name=plan.name,
        codecs=codec,
        bandwidth=round(bandwidth),
        average_bandwidth=round(average),
        width=plan.width,
        height=plan.height,
        frame_rate=round(frame_rate, 3),
        iframe_bandwidth=round(_iframe_peak(window.segments) * IFRAME_HEADROOM),
    )


def _audio(source: SourceDescription, codec: str, window: Window) -> Rendition:
    seen = _average(window.segments) if source.channels else 0.0  # silence made here says nothing of what may come
    declared = source.declared_audio_kbps * 1000 or (0 if seen else DEFAULT_AUDIO_RATE)
    packets = (source.sample_rate or silence.STEREO.sample_rate) / _SAMPLES_PER_AAC_FRAME
    average = max(declared + _container_rate(window, packets, _SOUND_BYTES), seen)
    peak = max(average, peak_rate(window.segments, target_duration=window.target_duration))
    channels = source.channels or silence.STEREO.channels
    return Rendition(AUDIO, codec, round(peak * AUDIO_HEADROOM), round(average), channels=channels)


def merge_renditions(known: Sequence[Rendition], described: Sequence[Rendition]) -> list[Rendition]:
    """What was offered so far with what a run makes now, best first: a source may come back in another size or codec.
    Promised rates stay as high as they were."""
    now = {one.name: one for one in known}
    for one in described:
        before = now.get(one.name, one)
        now[one.name] = replace(
            one,
            bandwidth=max(one.bandwidth, before.bandwidth),
            average_bandwidth=max(one.average_bandwidth, before.average_bandwidth),
            iframe_bandwidth=max(one.iframe_bandwidth, before.iframe_bandwidth),
        )
    return sorted(now.values(), key=lambda one: -one.height)  # the sound has no height


def peak_factor(target_duration: float) -> float:
    """How far an encode's peak may lie above its bit rate.

    In any time T it spends at most its rate times T and its buffer. One segment is about a target duration long; a
    half one counts as well, but may exceed BANDWIDTH by a quarter, of which this uses a fifth.
    """
    saved = RUNG_BUFFER_SECONDS / target_duration
    return max(1 + saved, (1 + 2 * saved) / 1.2)


def _container_rate(window: Window, frames_per_second: float, bytes_per_frame: int) -> float:
    """Bits per second that fragments add to their frames."""
    return 8 * (_PART_BYTES / window.part_target + frames_per_second * bytes_per_frame)


def update_rates(renditions: Sequence[Rendition], windows: Mapping[str, Window]) -> list[Rendition]:
    """The renditions with every promise raised that what is listed now has broken. Promises are never lowered: who
    read the higher one keeps it."""
    return [_raised(one, windows[one.name]) if one.name in windows else one for one in renditions]


def _raised(rendition: Rendition, window: Window) -> Rendition:
    segments = window.segments
    peak = peak_rate(segments, target_duration=window.target_duration)
    seconds = sum(segment.duration for segment in segments if not segment.gap)
    average = _average(segments) if seconds >= AVERAGE_SECONDS else 0.0
    average_bandwidth = _raise(rendition.average_bandwidth, average)
    key_frames = _iframe_peak(segments) if rendition.iframe_bandwidth else 0.0
    return replace(
        rendition,
        bandwidth=max(_raise(rendition.bandwidth, peak), average_bandwidth),
        average_bandwidth=average_bandwidth,
        iframe_bandwidth=_raise(rendition.iframe_bandwidth, key_frames),
    )


def _raise(promised: int, seen: float) -> int:
    return round(seen * RAISED_BY) if seen > promised else promised


def measured(rendition: Rendition, segments: Sequence[WindowSegment], *, target_duration: int) -> Rendition:
    """A rendition with the bit rates it had, once all its segments are known."""
    if not any(segment.duration > 0 for segment in segments if not segment.gap):
        return rendition
    average = _average(segments)
    return replace(
        rendition,
        bandwidth=ceil(max(peak_rate(segments, target_duration=target_duration), average)),
        average_bandwidth=ceil(average),
        iframe_bandwidth=0 if rendition.is_audio else ceil(_iframe_peak(segments)),
    )


def peak_rate(segments: Sequence[WindowSegment], *, target_duration: float) -> float:
    """The largest bit rate of any contiguous set of segments that lasts 0.5 to 1.5 target durations (RFC 8216bis §4.1).

    A segment may be half a second too long, so such a set may be, too. Where all there is lasts less, its rate.
    """
    least, most = 0.5 * target_duration, 1.5 * target_duration + 0.5
    peaks = [_peak_from(segments, first, least, most) for first in range(len(segments))]
    return max(peaks, default=0.0) or _average(segments)


def _peak_from(segments: Sequence[WindowSegment], first: int, least: float, most: float) -> float:
    """The largest rate of any set that begins here."""
    seconds, size, peak = 0.0, 0, 0.0
    for index in range(first, len(segments)):
        segment = segments[index]
        seconds, size = seconds + segment.duration, size + segment.size
        if segment.gap or seconds > most:
            break
        if seconds >= least:
            peak = max(peak, size * 8 / seconds)
    return peak


def _average(segments: Sequence[WindowSegment]) -> float:
    made = [segment for segment in segments if not segment.gap]
    seconds = sum(segment.duration for segment in made)
    return sum(segment.size for segment in made) * 8 / seconds if seconds > 0 else 0.0


def _iframe_peak(segments: Sequence[WindowSegment]) -> float:
    """Bits per second of the I-frame playlist: each key frame stands for its segment's time."""
    return max((one.key_bytes * 8 / one.duration for one in segments if one.duration > 0), default=0.0)
