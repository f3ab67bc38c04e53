"""What a push service's answer means (pure)."""

from dataclasses import dataclass
from enum import StrEnum

RETRY_FIRST_SECONDS = 10
RETRY_MOST_SECONDS = 900  # a service that wants longer than a quarter of an hour gets the next happening, not this one
TRIES = 5


class Outcome(StrEnum):
    SENT = "sent"
    GONE = "gone"  # the browser has left, or the address is none of ours: it is forgotten
    LATER = "later"  # the service is busy or away: try again
    REFUSED = "refused"  # this message is not for it; another may be


@dataclass(frozen=True)
class Verdict:
    """An outcome; with LATER the seconds the service asked for (0: it said nothing)."""

    outcome: Outcome
    wait_seconds: int = 0


def verdict_of(status: int, retry_after: str = "") -> Verdict:
    """RFC 8030, section 5 and 8.4; RFC 8292, section 4.2."""
    if 200 <= status < 300:
        return Verdict(Outcome.SENT)
    # 401 and 403: the subscription belongs to another key than ours. Only the browser can make one that is ours.
    if status in {401, 403, 404, 410}:
        return Verdict(Outcome.GONE)
    if status == 429 or status >= 500 or status == 408:
        return Verdict(Outcome.LATER, _seconds(retry_after))
    return Verdict(Outcome.REFUSED)


def next_try_seconds(tries: int, asked_seconds: int, chance: float) -> int | None:
    """How long to wait after this many tries; None: give up. `chance` in 0..1 spreads those who wait together."""
    if tries >= TRIES or asked_seconds > RETRY_MOST_SECONDS:
        return None
    own: float = RETRY_FIRST_SECONDS * (1 << (tries - 1)) * (0.5 + chance / 2)
    return min(RETRY_MOST_SECONDS, max(asked_seconds, round(own), 1))


def _seconds(retry_after: str) -> int:
    """Whole seconds; a date is taken as a word without a number, which the back-off answers."""
    text = retry_after.strip()
    return int(text) if text.isdecimal() and len(text) < 9 else 0
