"""When a worker may look away from a source, and for how long."""

from collections.abc import Iterable

import pytest

from transcode.cadence import (
    EARLY_SECONDS,
    EVEN_SECONDS,
    FORGET_SECONDS,
    LONGEST_REST_SECONDS,
    SHORTEST_REST_SECONDS,
    Cadence,
)

FRAME = 1 / 30
BEGAN = 500.0
START_MS = 10_000.0


def seen(arrivals: Iterable[float]) -> Cadence:
    """A source of 30 pictures a second, of which the n-th came at the n-th of these seconds."""
    cadence = Cadence()
    for number, arrived in enumerate(arrivals):
        cadence.see(BEGAN + arrived, START_MS + number * FRAME * 1000)
    return cadence


def rest_at(cadence: Cadence, second: float, *, until: float) -> float:
    """The rest granted at this second, up to the picture that comes at `until`."""
    return cadence.rest_seconds(BEGAN + second, START_MS + until * 1000)


def even(seconds: float, late: float = 0.0) -> list[float]:
    return [number * FRAME + late for number in range(round(seconds / FRAME) + 1)]


def test_nobody_looks_away_before_a_source_has_come_evenly_for_a_while() -> None:
    assert rest_at(Cadence(), 0, until=10) == 0
    assert rest_at(seen(even(FORGET_SECONDS / 2)), FORGET_SECONDS / 2, until=FORGET_SECONDS) == 0
    assert rest_at(seen(even(FORGET_SECONDS + 1)), FORGET_SECONDS + 1, until=FORGET_SECONDS + 1.3) > 0


@pytest.mark.parametrize("ahead", [0.05, 0.1, 0.12, 0.3, 0.35, 1.0])
def test_rests_are_equal_and_end_just_before_the_picture(ahead: float) -> None:
    cadence, now, rests = seen(even(8)), 8.0, []
    while (rest := rest_at(cadence, now, until=8 + ahead)) > 0:
        rests.append(rest)
        now += rest
        number = int((now + 1e-9) / FRAME)
        cadence.see(BEGAN + now, START_MS + number * FRAME * 1000)

    assert rests
    assert max(rests) <= LONGEST_REST_SECONDS
    assert -0.002 < 8 + ahead - EARLY_SECONDS - now < SHORTEST_REST_SECONDS
    assert max(rests) - min(rests) < 0.03


def test_there_is_no_rest_shortly_before_the_picture_nor_when_none_is_known_to_come() -> None:
    cadence = seen(even(8))
    assert rest_at(cadence, 8, until=8 + SHORTEST_REST_SECONDS / 2) == 0
    assert rest_at(cadence, 8, until=7) == 0
    assert rest_at(cadence, 8, until=float("inf")) == 0


def test_source_that_comes_late_is_watched_until_it_is_even_again() -> None:
    arrivals = even(8)
    late = seen([*arrivals[:-1], arrivals[-1] + 2 * EVEN_SECONDS])
    assert rest_at(late, 8.2, until=8.6) == 0
    for number in range(len(arrivals) + 5, len(arrivals) + 5 + round((FORGET_SECONDS + 1) / FRAME)):
        late.see(BEGAN + number * FRAME, START_MS + number * FRAME * 1000)
    now = (len(arrivals) + 5) * FRAME + FORGET_SECONDS + 1
    assert rest_at(late, now, until=now + 0.3) > 0


def test_a_rest_is_reckoned_from_the_most_punctual_pictures() -> None:
    """Jitter must not make anybody come late to the picture that ends a part."""
    jittering = [arrived + (0.03 if number % 7 else 0.0) for number, arrived in enumerate(even(8))]
    assert rest_at(seen(jittering), 8.0, until=8.1) <= 0.1 - EARLY_SECONDS + 0.001


def test_an_encoder_whose_clock_is_slow_is_not_late() -> None:
    cadence = seen([arrived * 1.001 for arrived in even(600)])
    assert rest_at(cadence, 600.6, until=600.3) > 0
