"""A short broadcast and its recording keep every binding rule of HLS and LL-HLS, undisturbed and across a drop.

`python -m tests.conformance` does the same for as long as one likes, in more cases and with the limits of time in full.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from bench.stack import Person, Stack
from tests.conformance.capture import Capture
from tests.conformance.cases import CASES, Plan, record_case
from tests.conformance.rule import judge
from tests.conformance.verdicts import all_rules, as_table, binding_failures

SLACK_SECONDS = 1.0  # the suite shares the machine: here it is about what is answered, not how soon
STEADY = Plan(seconds=20, poll_seconds=0.25, crowd=20, delta_pairs=6, slack_seconds=SLACK_SECONDS)
DROPPED = Plan(seconds=15, poll_seconds=0.25, slack_seconds=SLACK_SECONDS)


def record(case: str, stack: Stack, streamer: Person, plan: Plan) -> Capture:
    """In a thread of its own: the browser of other tests has an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        [capture] = thread.submit(lambda: asyncio.run(record_case(CASES[case], stack, streamer, plan))).result()
    return capture


def check(capture: Capture) -> set[str]:
    """Which rules were kept; none that binds may be broken."""
    verdicts = judge(capture, all_rules())
    assert not binding_failures(verdicts), as_table("broken", binding_failures(verdicts))
    return {one.rule.id for one in verdicts if one.outcome == "passed"}


def test_an_undisturbed_broadcast_keeps_every_binding_rule(stack: Stack, alice: Person) -> None:
    kept = check(record("steady", stack, alice, STEADY))
    assert {"A-049", "A-101", "A-102", "A-108", "A-125"} <= kept, "too little was recorded to judge"


def test_a_broadcast_whose_encoder_drops_and_returns_keeps_every_binding_rule(stack: Stack, alice: Person) -> None:
    kept = check(record("encoder_drop", stack, alice, DROPPED))
    assert {"A-049", "A-101", "A-107", "A-125"} <= kept, "too little was recorded to judge"
