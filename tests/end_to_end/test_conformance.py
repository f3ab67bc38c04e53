"""A short broadcast and its recording keep every binding rule of HLS and LL-HLS, undisturbed and across a drop.

`python -m tests.conformance` does the same for as long as one likes, in more cases, with the limits of time in full and
with every picture decoded.
"""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from bench.stack import Person, Stack
from tests.conformance.capture import Capture
from tests.conformance.cases import CASES, OTHER_SIZE, Case, Plan, record_case
from tests.conformance.rule import judge
from tests.conformance.verdicts import all_rules, as_table, binding_failures

SLACK_SECONDS = 1.0  # the suite shares the machine: here it is about what is answered, not how soon
STEADY = Plan(seconds=20, poll_seconds=0.25, crowd=20, delta_pairs=6, slack_seconds=SLACK_SECONDS, counted=False)
DROPPED = Plan(seconds=14, poll_seconds=0.25, slack_seconds=SLACK_SECONDS, counted=False)

# What a recording must have shown to prove anything: playlists, media, reloads, refusals, deltas, hints, delivery.
SHOWN_STEADY = (
    "A-031 A-041 A-044 A-048 A-049 A-052 A-062 A-085 A-091 A-092 A-100 A-101 A-102 A-103 A-104 A-105 A-106 A-108 A-109 "
    "A-110 A-111 A-112 A-116 A-117 A-118 A-119 A-120 A-125 A-126 A-127 A-128 A-130 A-131 A-150 A-154 A-155 A-158 A-160 "
    "A-161"
)
SHOWN_DROPPED = "A-040 A-042 A-043 A-045 A-049 A-090 A-100 A-101 A-107 A-125 A-160 A-162"


@pytest.fixture(scope="module")
def captures(stack: Stack, cast: dict[str, list[Person]]) -> dict[str, Future[Capture]]:
    """Both recorded at once, as they mostly wait."""

    def record(case: Case, streamer: Person, plan: Plan) -> Capture:
        [capture] = asyncio.run(record_case(case, stack, streamer, plan))
        return capture

    dropped = replace(CASES["encoder_drop"], clip=OTHER_SIZE)
    with ThreadPoolExecutor(2) as threads:
        return {
            "steady": threads.submit(record, CASES["steady"], cast["alice"].pop(), STEADY),
            "dropped": threads.submit(record, dropped, cast["alice"].pop(), DROPPED),
        }


def check(capture: Capture, shown: frozenset[str]) -> None:
    """No binding rule is broken, and what must be shown was seen and is kept."""
    rules = {id: one for id, one in all_rules().items() if one.level == "M" or id in shown}
    verdicts = judge(capture, rules)
    kept = {one.rule.id for one in verdicts if one.outcome == "passed"}
    assert not binding_failures(verdicts) and shown <= kept, as_table("conformance", verdicts)


def test_an_undisturbed_broadcast_keeps_every_binding_rule(captures: dict[str, Future[Capture]]) -> None:
    check(captures["steady"].result(), frozenset(SHOWN_STEADY.split()))


def test_a_broadcast_whose_encoder_drops_and_returns_keeps_every_binding_rule(
    captures: dict[str, Future[Capture]],
) -> None:
    check(captures["dropped"].result(), frozenset(SHOWN_DROPPED.split()))
