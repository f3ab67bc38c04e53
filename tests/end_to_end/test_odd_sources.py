"""Odd sources at once on the real stack: live or refused with their reason, recorded whole, and their slot is free.

`python -m bench.odd_sources` plays many more; tests/transcode/test_odd_sources.py has them without a stack.
"""

from dataclasses import replace

from bench.odd_sources import ROWS, play_all
from bench.stack import Person, Stack

NAMES = ("new resolution", "60 fps", "sound of 48000 Hz, 6 channels", "4K", "clock stands still", "10-bit colour")
NOT_EXPECTED = replace(ROWS["10-bit colour"], told=frozenset())


def test_odd_sources_are_live_or_refused_with_their_reason(stack: Stack, cast: dict[str, list[Person]]) -> None:
    rows = [ROWS[name] for name in NAMES]
    for row in rows:
        assert row.tags  # encoded before anything is on air
    people = [cast["bob"].pop() for _ in [*rows, NOT_EXPECTED]]
    *outcomes, control = play_all(stack, people, [*rows, NOT_EXPECTED], at_once=len(people))
    assert [outcome.line for outcome in outcomes if not outcome.is_right] == []
    assert control.wrong == ["told without need: ['colour_format']"]
