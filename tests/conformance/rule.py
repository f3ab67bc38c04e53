"""A rule of the conformance checklist: its number, how binding it is, and the check that finds where it is broken."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.conformance.capture import Capture


@dataclass(frozen=True)
class Finding:
    """One place where a rule is broken: which path, and what is wrong there."""

    where: str
    what: str


class NotApplicable(Exception):
    """The capture holds nothing this rule speaks of; the text says what is missing."""


Check = Callable[[Capture], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """`level`: M (MUST in the source), S (SHOULD) or O (ours). `source` names the section it comes from."""

    id: str
    level: str
    says: str
    source: str
    check: Check


RULES: dict[str, Rule] = {}


def rule(id: str, level: str, says: str, source: str) -> Callable[[Check], Check]:
    """Registers a check under its number."""

    def register(check: Check) -> Check:
        if id in RULES:
            raise ValueError(f"{id} is there twice")
        RULES[id] = Rule(id, level, says, source, check)
        return check

    return register


@dataclass(frozen=True)
class Verdict:
    """What became of one rule: `passed`, `failed` with its findings, or `not applicable` and why."""

    rule: Rule
    outcome: str
    findings: tuple[Finding, ...] = ()
    note: str = ""


def judge(capture: Capture, rules: dict[str, Rule] | None = None) -> list[Verdict]:
    """Every rule's verdict over one capture."""
    return [_judge(one, capture) for one in (RULES if rules is None else rules).values()]


def _judge(rule: Rule, capture: Capture) -> Verdict:
    try:
        findings = tuple(rule.check(capture))
    except NotApplicable as reason:
        return Verdict(rule, "not applicable", note=str(reason))
    return Verdict(rule, "failed" if findings else "passed", findings)
