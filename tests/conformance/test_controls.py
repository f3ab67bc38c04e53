"""The checker checked: a good capture keeps every rule, and each rule has a capture that breaks it."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import pytest

from tests.conformance import media_mutations, multivariant_mutations, mutations
from tests.conformance.capture import Exchange
from tests.conformance.good_capture import good_capture
from tests.conformance.mutating import Mutation, with_body
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


def test_good_capture_of_a_consolidated_recording_keeps_every_rule() -> None:
    verdicts = judge(good_capture(consolidated=True), RULES)

    assert not [verdict for verdict in verdicts if verdict.outcome == "failed"]
    assert {one.rule.id for one in verdicts if one.outcome == "not applicable"} <= {
        id for id, verdict in good_verdicts().items() if verdict.outcome == "not applicable"
    }


def wrong_pieces() -> dict[str, Callable[[Exchange], Exchange]]:
    """What a recorder would have got of an archive whose playlist is wrong: the bytes beside those that are meant."""
    piece = re.compile(r"source/archive\.mp4#(\d+)-(\d+)")
    bodies = {one.path: one.body for one in good_capture(consolidated=True).exchanges if piece.fullmatch(one.path)}
    archive = bytearray(max(int(span.split("-")[1]) for path in bodies for span in path.split("#")[1:]) + 2)
    for path, body in bodies.items():
        at = int(path.split("#")[1].split("-")[0])
        archive[at : at + len(body)] = body

    def beside(one: Exchange, by: int) -> Exchange:
        """The range that begins `by` bytes later, with the path that says so."""
        found = piece.fullmatch(one.path)
        if not found or one.body[4:8] == b"ftyp":
            return one
        at, to = int(found[1]) + by, int(found[2]) + by
        headers = {**one.headers, "content-range": f"bytes {at}-{to}/{len(archive)}"}
        return replace(one, path=f"source/archive.mp4#{at}-{to}", headers=headers, body=bytes(archive[at : to + 1]))

    def listed(one: Exchange, by: int) -> Exchange:
        def later(match: re.Match[bytes]) -> bytes:
            return match[1] + b"%d" % (int(match[2]) + by)

        if one.path not in ("vod/source/index.m3u8", "vod/source/iframes.m3u8"):
            return beside(one, by)
        return with_body(one, re.sub(rb"(#EXT-X-BYTERANGE:\d+@)(\d+)", later, one.body))

    return {
        "every range one byte late": lambda one: listed(one, 1),
        "every range one byte early": lambda one: listed(one, -1),
        "another range than was asked for": lambda one: (
            replace(one, body=one.body[1:]) if piece.fullmatch(one.path) else one
        ),
        "all of a file instead of a range": lambda one: replace(one, status=200) if piece.fullmatch(one.path) else one,
    }


@pytest.mark.parametrize("kind", wrong_pieces())
def test_wrong_range_of_a_consolidated_recording_is_caught(kind: str) -> None:
    good = good_capture(consolidated=True)
    spoiled = replace(good, exchanges=[wrong_pieces()[kind](one) for one in good.exchanges])
    rules = RULES | {"A-049": ALL_RULES["A-049"]}
    failed = {one.rule.id for one in judge(spoiled, rules) if one.outcome == "failed" and one.rule.level == "M"}

    assert failed & {"A-049", "A-060", "A-062", "A-071"}


def test_every_rule_has_a_control() -> None:
    assert set(RULES) - {mutation.rule for mutation in MUTATIONS} == set()
