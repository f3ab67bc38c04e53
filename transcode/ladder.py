"""Which renditions a source deserves: never upscaled, evenly spread over bit rates."""

from collections.abc import Sequence
from dataclasses import dataclass

SOURCE = "source"
AUDIO = "audio"


@dataclass(frozen=True)
class Rung:
    """One step of the ladder. `size` is the picture's shorter side in pixels, `bitrate` bits per second."""

    size: int
    bitrate: int


DEFAULT_LADDER = (
    Rung(1080, 6_000_000),
    Rung(720, 3_000_000),
    Rung(480, 1_500_000),
    Rung(360, 800_000),
    Rung(160, 300_000),
)


@dataclass(frozen=True)
class VideoPlan:
    """One video rendition to make; `bitrate` 0 means the source is passed through untouched."""

    name: str
    width: int
    height: int
    bitrate: int = 0

    @property
    def is_passthrough(self) -> bool:
        return self.bitrate == 0


def plan_renditions(
    width: int, height: int, *, passthrough: bool, max_rungs: int, ladder: Sequence[Rung] = DEFAULT_LADDER
) -> list[VideoPlan]:
    """The source rendition and at most `max_rungs` smaller ones, best first.

    Without `passthrough` (a source whose key frames are too far apart to cut) the source rendition is encoded too.
    """
    source_size = min(width, height)
    smaller = _spread([rung for rung in ladder if rung.size < source_size], max_rungs)
    plans = [_source_plan(width, height, ladder, passthrough=passthrough)]
    plans += [VideoPlan(f"{rung.size}p", *_scaled(width, height, rung.size), rung.bitrate) for rung in smaller]
    return plans


def _source_plan(width: int, height: int, ladder: Sequence[Rung], *, passthrough: bool) -> VideoPlan:
    if passthrough:
        return VideoPlan(SOURCE, width, height)
    size = min(width, height, ladder[0].size)
    bitrate = next((rung.bitrate for rung in reversed(ladder) if rung.size >= size), ladder[0].bitrate)
    return VideoPlan(SOURCE, *_scaled(width, height, size), bitrate)


def _scaled(width: int, height: int, size: int) -> tuple[int, int]:
    """The picture scaled to a shorter side of `size`, both sides even as 4:2:0 wants them."""
    factor = size / min(width, height)
    return max(2, round(width * factor / 2) * 2), max(2, round(height * factor / 2) * 2)


def _spread(rungs: list[Rung], count: int) -> list[Rung]:
    """At most `count` rungs; an inner one goes where its neighbours stay closest in bit rate."""
    kept = list(rungs)
    while len(kept) > max(count, 2):
        inner = range(1, len(kept) - 1)
        kept.pop(min(inner, key=lambda index: kept[index - 1].bitrate / kept[index + 1].bitrate))
    return kept[:count]
