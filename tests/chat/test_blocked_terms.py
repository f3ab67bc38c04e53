"""Which messages hold a term that a room blocks."""

import pytest

from chat.core.blocked_terms import BlockedTerms, is_term

TERMS = BlockedTerms.of(["spam", "free money", "scam*", "*coin", "*bet*", "Café", "it's over", "***", ""])


@pytest.mark.parametrize(
    "text",
    [
        "spam",
        "no SPAM here",
        "ｓｐａｍ",
        "s\u200dpam",
        "spam!",
        "Free   money, now",
        "scammer",
        "Bitcoin",
        "alphabet",
        "CAFE\u0301",
        "cafe",
        "it's over.",
    ],
)
def test_a_term_is_found(text: str) -> None:
    assert TERMS.found_in(text)


@pytest.mark.parametrize("text", ["", "spammer", "money free", "free my money", "coins", "hello", "…", "it is over"])
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert not TERMS.found_in(text)


def test_a_message_of_one_long_word_and_many_terms_is_no_trap() -> None:
    """Counted in comparisons: each length of term looks once at each place of the word."""
    terms = BlockedTerms.of([f"*{'a' * length}b*" for length in range(1, 50)] * 10)
    assert not terms.found_in("a" * 500)
    assert len(terms._inside_lengths) == 49


@pytest.mark.parametrize(
    ("text", "possible"), [("spam", True), ("a b c d e", True), ("a b c d e f", False), ("*", False)]
)
def test_what_can_be_a_term(text: str, possible: bool) -> None:
    assert is_term(text) is possible
