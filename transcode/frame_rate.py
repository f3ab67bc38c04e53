"""What a source's frame rate is: encoders say it twice, and when they disagree their first pictures decide (pure)."""

from collections.abc import Sequence

DEFAULT = 30.0
_SLOWEST, _FASTEST = 1.0, 240.0
_AGREEMENT = 0.03
MEASURED_PICTURES = 8  # a quarter of a second at 30 a second, timed to a millisecond
_COMMON = (10, 12, 15, 20, 24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50, 60000 / 1001, 60, 90, 100, 120)


def is_known(claims: Sequence[float], decode_times_ms: Sequence[int]) -> bool:
    """Whether `judge` would say the same later: the claims agree, or enough pictures are there."""
    return _agreed(claims) is not None or len(decode_times_ms) >= MEASURED_PICTURES


def judge(claims: Sequence[float], decode_times_ms: Sequence[int]) -> float:
    """Pictures per second. A claim holds when another one or the pictures' times confirm it."""
    agreed = _agreed(claims)
    if agreed is not None:
        return agreed
    possible = [claim for claim in claims if _SLOWEST <= claim <= _FASTEST]
    measured = _measure(decode_times_ms)
    if measured is None:
        return possible[0] if possible else DEFAULT
    confirmed = [claim for claim in possible if _is_near(claim, measured)]
    if confirmed:
        return confirmed[0]
    nearest = min(_COMMON, key=lambda rate: abs(rate - measured))
    return float(nearest) if _is_near(nearest, measured) else min(max(measured, _SLOWEST), _FASTEST)


def _agreed(claims: Sequence[float]) -> float | None:
    first, *others = claims
    if not others or not _SLOWEST <= first <= _FASTEST:
        return None
    return first if all(_is_near(first, other) for other in others) else None


def _measure(times_ms: Sequence[int]) -> float | None:
    if len(times_ms) < MEASURED_PICTURES or times_ms[-1] <= times_ms[0]:
        return None
    return (len(times_ms) - 1) * 1000 / (times_ms[-1] - times_ms[0])


def _is_near(rate: float, other: float) -> bool:
    return abs(rate - other) <= _AGREEMENT * other
