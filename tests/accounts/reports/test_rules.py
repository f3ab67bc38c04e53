"""What is kept of a subject, and the words of reasons and outcomes."""

from accounts.reports.limits import FACT_TEXT_MAX, FACTS_MAX
from accounts.reports.rules import OUTCOMES, REASONS, Reason, State, snapshot, with_latest


def test_every_reason_has_words_and_every_decision_an_outcome() -> None:
    assert set(REASONS) == set(Reason)
    assert set(OUTCOMES) == set(State) - {State.OPEN}


def test_snapshot_holds_what_there_is_and_no_more_than_a_row_may() -> None:
    facts = [("Title", ""), ("About", "x" * 9_999), *(("More", "y") for _ in range(99))]
    kept = snapshot(facts, at="2026-11-30T12:00:00+00:00")
    assert kept["facts"][0] == ["About", "x" * FACT_TEXT_MAX]
    assert len(kept["facts"]) == FACTS_MAX
    assert kept["at"] == "2026-11-30T12:00:00+00:00"


def test_first_and_latest_are_kept() -> None:
    first, same, second, third = (
        snapshot([("Title", title)], at=at) for title, at in (("a", "1"), ("a", "2"), ("b", "3"), ("c", "4"))
    )
    assert with_latest([], first) == [first]
    assert with_latest([first], same) == [first]
    assert with_latest([first], second) == [first, second]
    assert with_latest([first, second], third) == [first, third]
