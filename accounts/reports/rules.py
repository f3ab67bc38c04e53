"""Why something is reported, what becomes of a report, and what is kept of its subject (pure)."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from accounts.reports.limits import FACT_LABEL_MAX, FACT_TEXT_MAX, FACTS_MAX

# A snapshot as it is stored: {"at": when, "facts": [[label, text], …]}.
Snapshot = dict[str, Any]


class State(StrEnum):
    """Open until somebody of the staff has decided; then one of the others, for good."""

    OPEN = "open"
    RESOLVED = "resolved"  # something was done
    DISMISSED = "dismissed"  # nothing had to be done


class Reason(StrEnum):
    SPAM = "spam"
    HARASSMENT = "harassment"
    HATE = "hate"
    SEXUAL = "sexual"
    VIOLENCE = "violence"
    COPYRIGHT = "copyright"
    IMPERSONATION = "impersonation"
    OTHER = "other"


REASONS: dict[Reason, tuple[str, str]] = {  # in the order of the form: what it is called, and what it is
    Reason.SPAM: ("Spam or fraud", "advertising, false promises, links that cheat, bought viewers"),
    Reason.HARASSMENT: ("Harassment", "insults, threats, private details of somebody"),
    Reason.HATE: ("Hate", "against people for what they are"),
    Reason.SEXUAL: ("Sexual content", "that does not belong here, or without consent"),
    Reason.VIOLENCE: ("Violence or self-harm", "shown, praised or announced"),
    Reason.COPYRIGHT: ("Copyright", "shown without the right to"),
    Reason.IMPERSONATION: ("Impersonation", "somebody pretends to be somebody else"),
    Reason.OTHER: ("Something else", "say below what it is"),
}
OUTCOMES: dict[State, str] = {  # as the reporter is told
    State.RESOLVED: "Thank you: the staff acted on your report.",
    State.DISMISSED: "The staff looked at your report and found nothing against the rules.",
}


def reason_label(reason: str) -> str:
    return REASONS[Reason(reason)][0]


def snapshot(facts: Iterable[tuple[str, str]], *, at: str) -> Snapshot:
    """What is kept of a subject: facts with a text, each cut to what a row may hold."""
    kept = [[label[:FACT_LABEL_MAX], text[:FACT_TEXT_MAX]] for label, text in facts if text]
    return {"at": at, "facts": kept[:FACTS_MAX]}


def with_latest(kept: Sequence[Snapshot], latest: Snapshot) -> list[Snapshot]:
    """How it was when it was reported first and, where it has changed since, how it is now: two at most."""
    if not kept:
        return [latest]
    if kept[-1]["facts"] == latest["facts"]:
        return list(kept)
    return [kept[0], latest]
