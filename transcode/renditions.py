"""What the multivariant playlist promises of each rendition (pure)."""

from collections.abc import Mapping, Sequence

from transcode.hls.multivariant import Rendition
from transcode.hls.window import Window
from transcode.ladder import AUDIO, VideoPlan
from transcode.source import SourceDescription

# An encode's rate over one segment may exceed its average by what its one-second buffer holds (RFC 8216bis §4.1:
# the measured peak may be at most 125 % of BANDWIDTH).
PEAK_FACTOR = 1.25
# A passed-through source is measured on its first segment; what comes later may be busier.
SOURCE_HEADROOM = 1.3
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
        measured = round(_peak(windows[AUDIO])) or DEFAULT_AUDIO_RATE
        described.append(
            Rendition(
                name=AUDIO,
                codecs=codecs[AUDIO],
                bandwidth=round(measured * PEAK_FACTOR),
                average_bandwidth=measured,
                channels=source.channels,
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
    )


def _peak(window: Window) -> float:
    """The highest bit rate of any segment so far, in bits per second."""
    return max((s.size * 8 / s.duration for s in window.segments if s.duration > 0), default=0.0)
