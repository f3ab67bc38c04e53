"""Every rule there is, and its verdicts as a table."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tests.conformance.capture import Capture, Exchange
from tests.conformance.rule import RULES, Finding, Rule, Verdict
from tests.conformance.rules import load_rules

FINDINGS_SHOWN = 4
LEVELS = {"M": "must", "S": "should", "O": "ours"}


def all_rules() -> dict[str, Rule]:
    load_rules()
    return RULES


def binding_failures(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Of level M: for these the command fails."""
    return [one for one in verdicts if one.outcome == "failed" and one.rule.level.startswith("M")]


def leaks(first: Capture, second: Capture) -> Verdict:
    """A-044 across broadcasts of one channel: no picture of the first is served in the second, which shows others."""
    shown = {one.body: one.path for one in _pictures(first)}
    findings = [
        Finding(one.path, f"the bytes of {shown[one.body]} of the broadcast before")
        for one in _pictures(second)
        if one.body in shown
    ]
    rule = replace(RULES["A-044"], says="Nothing of the broadcast before is in this one.")
    return Verdict(rule, "failed" if findings else "passed", tuple(findings))


def _pictures(capture: Capture) -> Iterator[Exchange]:
    """Sound and initialization sections may well be the same."""
    for one in capture.exchanges:
        if one.purpose == "media" and one.status == 200 and one.path.endswith(".m4s") and "audio/" not in one.path:
            yield one


def as_table(title: str, verdicts: list[Verdict]) -> str:
    """Counts by level, each failure with where and what, and why the rest could not be judged."""
    lines = [f"\n{title}", f"{'level':8}{'passed':>8}{'failed':>8}{'n/a':>8}"]
    for level, word in LEVELS.items():
        counts = Counter(one.outcome for one in verdicts if one.rule.level[0] == level)
        lines.append(f"{word:8}{counts['passed']:>8}{counts['failed']:>8}{counts['not applicable']:>8}")
    for one in verdicts:
        if one.outcome == "failed":
            lines += _failure(one)
    lines += [
        f"n/a     {one.rule.id} ({one.rule.level}): {one.note}" for one in verdicts if one.outcome == "not applicable"
    ]
    return "\n".join(lines)


def _failure(verdict: Verdict) -> list[str]:
    rule, findings = verdict.rule, verdict.findings
    lines = [f"FAILED  {rule.id} ({rule.level}, {rule.source}): {rule.says}"]
    lines += [f"          {one.where}: {one.what}" for one in findings[:FINDINGS_SHOWN]]
    if len(findings) > FINDINGS_SHOWN:
        lines.append(f"          … and {len(findings) - FINDINGS_SHOWN} more")
    return lines
