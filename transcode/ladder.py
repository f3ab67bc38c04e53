"""Which renditions a source deserves: never upscaled, evenly spread over bit rates, no more pictures than it has."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from transcode.errors import LadderError

SOURCE = "source"
AUDIO = "audio"
DEFAULT_LADDER_TEXT = "1080:6000k@60,720:4500k@60,480:1500k@30,360:800k@30,160:300k@30"
# Hardware encoders refuse pictures smaller than about this, and nobody asks for larger ones than the last.
SIZES = (144, 4320)
BITRATES = (50_000, 50_000_000)
FRAME_RATES = (10.0, 120.0)
MAX_RUNGS = 8
_RUNG = re.compile(r"(?P<size>\d{2,4})p?:(?P<rate>\d+(?:\.\d+)?)(?P<unit>[kM]?)(?:@(?P<fps>\d+(?:\.\d+)?))?", re.ASCII)
_UNITS = {"": 1, "k": 1_000, "M": 1_000_000}


@dataclass(frozen=True)
class Rung:
    """One step of the ladder. `size` is the picture's shorter side in pixels, `bitrate` bits per second at
    `max_frame_rate` pictures per second."""

    size: int
    bitrate: int
    max_frame_rate: float = 60.0

    @property
    def name(self) -> str:
        return f"{self.size}p"

    def bitrate_at(self, frame_rate: float) -> int:
        """Half as many pictures need about two thirds of the bits, since neighbours differ more."""
        share = frame_rate / self.max_frame_rate
        if share < 0.75:
            return self.bitrate * 2 // 3
        return self.bitrate * 3 // 2 if share > 1.5 else self.bitrate


@dataclass(frozen=True)
class VideoPlan:
    """One video rendition to make; `bitrate` 0 means the source is passed through untouched.

    `frame_rate`: pictures per second it will have, 0 when nobody knows. `frame_step`: it keeps one of so many of the
    source's pictures.
    """

    name: str
    width: int
    height: int
    bitrate: int = 0
    frame_rate: float = 0.0
    frame_step: int = 1

    @property
    def is_passthrough(self) -> bool:
        return self.bitrate == 0


def parse_ladder(text: str) -> tuple[Rung, ...]:
    """A ladder written as `1080:6000k@60,720:3M@30,…`: shorter side, bits per second, most pictures per second (60
    when left out). Raises LadderError."""
    return check_ladder([_parse_rung(part.strip()) for part in text.split(",")])


def _parse_rung(text: str) -> Rung:
    match = _RUNG.fullmatch(text)
    if match is None:
        raise LadderError(f"{text!r} is not a rung: write size:bitrate@frames, for example 720:3000k@30.")
    bitrate = round(float(match["rate"]) * _UNITS[match["unit"]])
    return Rung(int(match["size"]), bitrate, float(match["fps"] or 60))


def check_ladder(rungs: Sequence[Rung]) -> tuple[Rung, ...]:
    """The rungs best first. Raises LadderError for what no ladder can be."""
    if not 1 <= len(rungs) <= MAX_RUNGS:
        raise LadderError(f"A ladder has between 1 and {MAX_RUNGS} rungs, not {len(rungs)}.")
    for rung in rungs:
        _check_rung(rung)
    ordered = tuple(sorted(rungs, key=lambda rung: -rung.size))
    for larger, smaller in pairwise(ordered):
        if larger.size == smaller.size:
            raise LadderError(f"{larger.name} is there twice.")
        if larger.bitrate <= smaller.bitrate:
            raise LadderError(f"{larger.name} must have a higher bit rate than {smaller.name}.")
    return ordered


def _check_rung(rung: Rung) -> None:
    least, most = SIZES
    if not least <= rung.size <= most or rung.size % 2:
        raise LadderError(f"{rung.size} is no size for a rung: an even number of pixels from {least} to {most}.")
    least, most = BITRATES
    if not least <= rung.bitrate <= most:
        raise LadderError(
            f"{rung.name} cannot have {rung.bitrate} bit/s: between {least // 1000}k and {most // 1000}k."
        )
    if not FRAME_RATES[0] <= rung.max_frame_rate <= FRAME_RATES[1]:
        raise LadderError(
            f"{rung.name} cannot have {rung.max_frame_rate:g} pictures a second: "
            f"between {FRAME_RATES[0]:g} and {FRAME_RATES[1]:g}."
        )


DEFAULT_LADDER = parse_ladder(DEFAULT_LADDER_TEXT)


def plan_renditions(
    width: int,
    height: int,
    *,
    frame_rate: float,
    passthrough: bool,
    max_rungs: int,
    ladder: Sequence[Rung] = DEFAULT_LADDER,
    max_frame_rate: float = FRAME_RATES[1],
) -> list[VideoPlan]:
    """The source rendition and at most `max_rungs` smaller ones, best first.

    Without `passthrough` (a source whose key frames are too far apart to cut) the source rendition is encoded too, with
    `max_frame_rate` pictures a second at most.
    """
    source_size = min(width, height)
    smaller = [_plan(width, height, frame_rate, rung) for rung in ladder if rung.size < source_size]
    if passthrough:
        source = VideoPlan(SOURCE, width, height, frame_rate=frame_rate)
    else:
        smoothest = min(ladder[0].max_frame_rate, max_frame_rate)
        source = _encoded_source(width, height, _reduced(frame_rate, smoothest), ladder)
    return [source, *_spread(smaller, max_rungs)]


def _plan(width: int, height: int, frame_rate: float, rung: Rung) -> VideoPlan:
    rate, step = _reduced(frame_rate, rung.max_frame_rate)
    return VideoPlan(rung.name, *_scaled(width, height, rung.size), rung.bitrate_at(rate), rate, step)


def _encoded_source(width: int, height: int, pace: tuple[float, int], ladder: Sequence[Rung]) -> VideoPlan:
    """The best quality: as large as the ladder goes, and as smooth, whatever smaller rungs are content with."""
    size = min(width, height, ladder[0].size)
    rung = next((rung for rung in reversed(ladder) if rung.size >= size), ladder[0])
    rate, step = pace
    return VideoPlan(SOURCE, *_scaled(width, height, size), rung.bitrate_at(rate), rate, step)


def _reduced(frame_rate: float, most: float) -> tuple[float, int]:
    """(pictures per second, one of how many is kept): a regular fraction of the source's rate near what is allowed.

    50 becomes 25 where 30 is allowed, and 40 stays: 20 would be worse than a few too many.
    """
    step = max(1, round(frame_rate / most))
    return frame_rate / step, step


def _scaled(width: int, height: int, size: int) -> tuple[int, int]:
    """The picture scaled to a shorter side of `size`, both sides even as 4:2:0 wants them."""
    factor = size / min(width, height)
    return max(2, round(width * factor / 2) * 2), max(2, round(height * factor / 2) * 2)


def _spread(plans: list[VideoPlan], count: int) -> list[VideoPlan]:
    """At most `count` of them; an inner one goes where its neighbours stay closest in bit rate."""
    kept = list(plans)
    while len(kept) > max(count, 2):
        inner = range(1, len(kept) - 1)
        kept.pop(min(inner, key=lambda index: kept[index - 1].bitrate / kept[index + 1].bitrate))
    return kept[:count]
