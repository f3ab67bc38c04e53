"""Bit rates as RFC 8216bis §4.1 measures them: the peak over any stretch about as long as a target duration."""

from collections.abc import Sequence
from fractions import Fraction

Measured = tuple[int, Fraction]  # bytes and seconds of a segment
SHORTEST, LONGEST = Fraction(1, 2), Fraction(3, 2)  # target durations
LONGEST_MORE = Fraction(1, 2)  # seconds: by so much a segment may exceed its rounded duration


def peak(stretches: Sequence[Sequence[Measured]], target_duration: int) -> float:
    """Bits per second of the busiest stretch of contiguous segments between 0.5 and 1.5 target durations (+ 0.5 s)."""
    best = Fraction(0)
    for stretch in stretches:
        for start in range(len(stretch)):
            size, seconds = 0, Fraction(0)
            for more, longer in stretch[start:]:
                size, seconds = size + more, seconds + longer
                if seconds > LONGEST * target_duration + LONGEST_MORE:
                    break
                if seconds >= SHORTEST * target_duration:
                    best = max(best, 8 * size / seconds)
    return float(best)


def average(stretches: Sequence[Sequence[Measured]]) -> float:
    """Bits per second of all that is there; gaps are left out."""
    size = sum(size for stretch in stretches for size, _ in stretch)
    seconds = sum((seconds for stretch in stretches for _, seconds in stretch), Fraction(0))
    return float(8 * size / seconds) if seconds else 0.0
