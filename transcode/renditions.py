"""What the multivariant playlist promises of each rendition (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil

from transcode import silence
from transcode.hls.multivariant import Rendition
from transcode.hls.window import Window, WindowSegment
from transcode.ladder import AUDIO, VideoPlan
from transcode.source import SourceDescription

# An encode's rate over one segment may exceed its average by what its one-second buffer holds (RFC 8216bis §4.1:
# the measured peak may be at most 125 % of BANDWIDTH).
PEAK_FACTOR = 1.25
# A passed-through source is measured on its first segment; what comes later may be busier.
SOURCE_HEADROOM = 1.3
# Key frames are measured on the first few, too.
IFRAME_HEADROOM = 2.0
DEFAULT_AUDIO_RATE = 160_000


def describe_renditions(
    videos: Sequence[VideoPlan],
    source: SourceDescription,
    codecs: Mapping[str, str],
    windows: Mapping[str, Window],
) -> list[Rendition]:
    """All renditions, best first, the sound last."""
    described = [_video(plan, source, codecs[plan.name], windows[plan.name]) for plan in videos]
    if AUDIO in codecs:
        # Silence that is made here says nothing of the sound that may come.
        measured = round(_peak(windows[AUDIO])) if source.channels else DEFAULT_AUDIO_RATE
        described.append(
            Rendition(
                name=AUDIO,
                codecs=codecs[AUDIO],
                bandwidth=round(measured * PEAK_FACTOR),
                average_bandwidth=measured,
                channels=source.channels or silence.STEREO.channels,
            )
        )
    return described


def _video(plan: VideoPlan, source: SourceDescription, codec: str, window: Window) -> Rendition:
    average = plan.bitrate or max(source.declared_kbps * 1000, round(_peak(window)))
    factor = SOURCE_HEADROOM if plan.is_passthrough else PEAK_FACTOR
    return Rendition(
        name=plan.name,
        codecs=codec,
        bandwidth=round(average * factor),
        average_bandwidth=average,
        width=plan.width,
        height=plan.height,
        frame_rate=round(plan.frame_rate or source.frame_rate, 3),
        iframe_bandwidth=round(_iframe_peak(window.segments) * IFRAME_HEADROOM),
    )


def measured(rendition: Rendition, segments: Sequence[WindowSegment], *, target_duration: int) -> Rendition:
    """A rendition with the bit rates it had, once all its segments are known."""
    made = [segment for segment in segments if not segment.gap]
    seconds = sum(segment.duration for segment in made)
    if seconds <= 0:
        return rendition
    average = sum(segment.size for segment in made) * 8 / seconds
    return replace(
        rendition,
        bandwidth=ceil(max(peak_rate(made, target_duration=target_duration), average)),
        average_bandwidth=ceil(average),
        iframe_bandwidth=0 if rendition.is_audio else ceil(_iframe_peak(made)),
    )


def peak_rate(segments: Sequence[WindowSegment], *, target_duration: int) -> float:
    """The largest bit rate of any contiguous set of segments that lasts 0.5 to 1.5 target durations (RFC 8216bis §4.1).

    A segment may be half a second too long, so such a set may be, too.
    """
    least, most = 0.5 * target_duration, 1.5 * target_duration + 0.5
    peak = 0.0
    for first in range(len(segments)):
        seconds, size = 0.0, 0
        for segment in segments[first:]:
            seconds, size = seconds + segment.duration, size + segment.size
            if seconds > most:
                break
            if seconds >= least:
                peak = max(peak, size * 8 / seconds)
    return peak


def _iframe_peak(segments: Sequence[WindowSegment]) -> float:
    """Bits per second of the I-frame playlist: each key frame stands for its segment's time."""
    return max((s.key_bytes * 8 / s.duration for s in segments if s.duration > 0), default=0.0)


def _peak(window: Window) -> float:
    """The highest bit rate of any segment so far, in bits per second."""
    return max((s.size * 8 / s.duration for s in window.segments if s.duration > 0), default=0.0)
