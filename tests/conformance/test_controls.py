"""The checker checked: a good capture keeps every rule, and each rule has a capture that breaks it."""

from dataclasses import replace
from functools import lru_cache

import pytest

from tests.conformance import media_mutations, multivariant_mutations, mutations
from tests.conformance.good_capture import good_capture
from tests.conformance.mutating import Mutation
from tests.conformance.rule import RULES as ALL_RULES
from tests.conformance.rule import Verdict, judge
from tests.conformance.rules import is_about_http, load_rules

load_rules()
RULES = {id: one for id, one in ALL_RULES.items() if not is_about_http(one)}  # the others: test_http_rules

MUTATIONS = [*mutations.MUTATIONS, *media_mutations.MUTATIONS, *multivariant_mutations.MUTATIONS]
DECODING = {"A-032", "A-066", "A-073", "A-074"}


@lru_cache(maxsize=1)
def good_verdicts() -> dict[str, Verdict]:
    return {verdict.rule.id: verdict for verdict in judge(good_capture(), RULES)}


@pytest.mark.parametrize("id", sorted(RULES))
def test_good_capture_keeps_the_rule(id: str) -> None:
    verdict = good_verdicts()[id]

    assert verdict.outcome != "failed", verdict.findings[:5]


def judge_spoiled(mutation: Mutation) -> dict[str, Verdict]:
    """What fails after it. FFmpeg decodes only where the rule is about pictures: it takes its time."""
    spoiled, rules = mutation.apply(good_capture()), RULES
    if mutation.rule not in DECODING:
        spoiled = replace(spoiled, expected=replace(spoiled.expected, counted=False))
        rules = {id: one for id, one in RULES.items() if id not in DECODING - {"A-074"}}
    return {verdict.rule.id: verdict for verdict in judge(spoiled, rules) if verdict.outcome == "failed"}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_spoiled_capture_is_caught(mutation: Mutation) -> None:
    failed = judge_spoiled(mutation)

    assert mutation.rule in failed, f"not caught; failed: {sorted(failed)}"
    assert failed[mutation.rule].findings != good_verdicts()[mutation.rule].findings
    unexpected = {
        id: verdict.findings[:2]
        for id, verdict in failed.items()
        if verdict.rule.level == "M" and id not in {mutation.rule, *mutation.breaks_also}
    }
    assert not unexpected


def test_every_rule_has_a_control() -> None:
    assert set(RULES) - {mutation.rule for mutation in MUTATIONS} == set()
