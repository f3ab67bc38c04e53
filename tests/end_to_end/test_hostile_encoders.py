"""Encoders that attack: nobody else notices, nothing dies, and whoever streams honestly afterwards gets on air."""

from bench.recordings import check_recording
from bench.show import Show
from bench.stack import Person, Stack
from tests.media.hostile import CONTROL, attack, check_slots

SEED = 3  # python -m tests.media.hostile --seed N plays any other
ATTACKERS = 4


def test_attacks_on_the_ingest_server_touch_nobody_else(
    stack: Stack, alice: Person, cast: dict[str, list[Person]]
) -> None:
    attackers = [cast["bob"].pop() for _ in range(ATTACKERS)]
    with Show(stack, alice, clip=CONTROL) as control:
        damage = attack(stack, attackers, seed=SEED)
        check_slots(stack, attackers[:2])
        control.finish()
    assert damage.found == [], damage
    check_recording(control)
