"""What may be said, as tables."""

import pytest

from chat.core.policy import OPEN
from chat.core.roles import Role
from chat.core.rules import Allowance, RateLimit, Refusal, Rule, Speaker, check_text, decide, refuse_rate
from chat.core.text import clean_text, count_graphemes

BOB = Speaker(user_id=2, login="bob", display_name="Bob")
ALICE = Speaker(user_id=1, login="alice", display_name="Alice", role=Role.BROADCASTER)
LIMIT = RateLimit(20, 60)
NOW = 1_800_000_000.0
FAMILY = "👨‍👩‍👧‍👦"
SCOTLAND = "🏴󠁧󠁢󠁳󠁣󠁴󠁿"

ALLOWED = [
    "hello",
    "x" * 500,
    "é" * 500,
    "👋🏽" * 200,
    SCOTLAND,
    FAMILY,
    "שלום עולם",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "می‌خواهم",
    "Việt Nam",
    "<script>alert(1)</script>",
    "🫨",  # newer than our tables
]
REFUSED = [
    ("", Rule.EMPTY),
    (" \t\n ", Rule.EMPTY),
    ("\u200b\u2060\ufeff", Rule.EMPTY),
    ("\u202e\u202d", Rule.EMPTY),
    ("\u200d\u200c", Rule.EMPTY),
    ("\u0301\u0302", Rule.EMPTY),
    ("\u3164\u2800", Rule.EMPTY),
    ("\U000e0041\U000e0042", Rule.EMPTY),
    ("\ue000", Rule.EMPTY),
    ("x" * 501, Rule.LENGTH),
    ("👋🏽" * 251, Rule.LENGTH),  # 251 characters, 2,008 bytes
    (FAMILY * 81, Rule.LENGTH),
    ("\ud83d", Rule.CHARACTERS),
    ("ok \udc00", Rule.CHARACTERS),
]
CLEANED = [
    ("  two   words \n", "two words"),
    ("a\u202eb\u2066c\u2069", "abc"),
    ("a\x00b\x1b[31mc", "ab[31mc"),
    ("e\u0301", "é"),
    ("Z" + "\u0335" * 40 + "!", "Z" + "\u0335" * 3 + "!"),
    ("\ufdfd hi", "hi"),
    ("x\U000e0041y", "xy"),
    ("x\ufdd0\U0001fffey", "xy"),
    (SCOTLAND, SCOTLAND),
    (FAMILY, FAMILY),
    ("a\u2028b", "a b"),
]
COUNTED = [
    ("", 0),
    ("abc", 3),
    ("é", 1),
    ("e\u0301", 1),
    (FAMILY, 1),
    ("👋🏽", 1),
    ("🇩🇪🇫🇷", 2),
    (SCOTLAND, 1),
    ("1️⃣", 1),
    ("한국", 2),
]


@pytest.mark.parametrize("text", ALLOWED)
def test_ordinary_text_is_allowed_unchanged(text: str) -> None:
    decision = decide(text, BOB, OPEN, now=NOW, viewer_limit=LIMIT)
    assert isinstance(decision, Allowance)
    assert decision.text == text


@pytest.mark.parametrize(("text", "rule"), REFUSED)
def test_refused_text_names_its_rule(text: str, rule: Rule) -> None:
    refusal = check_text(text)
    assert refusal is not None
    assert refusal.rule == rule
    assert refusal.retry_after is None
    assert refusal.text.endswith(".")


@pytest.mark.parametrize(("text", "clean"), CLEANED)
def test_tricks_are_taken_out(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@pytest.mark.parametrize(("text", "count"), COUNTED)
def test_length_is_what_a_reader_counts(text: str, count: int) -> None:
    assert count_graphemes(text) == count


def test_nobody_speaks_without_signing_in() -> None:
    decision = decide("hello", None, OPEN, now=NOW, viewer_limit=LIMIT)
    assert isinstance(decision, Refusal)
    assert decision.rule == Rule.SIGN_IN


def test_the_broadcaster_may_say_more_than_a_viewer() -> None:
    alice, bob = (decide("hello", one, OPEN, now=NOW, viewer_limit=LIMIT) for one in (ALICE, BOB))
    assert isinstance(alice, Allowance)
    assert isinstance(bob, Allowance)
    assert bob.user_limit == LIMIT
    assert alice.user_limit.count / alice.user_limit.seconds > bob.user_limit.count / bob.user_limit.seconds


@pytest.mark.parametrize(("waiting", "told"), [(0.0, 0.1), (0.01, 0.1), (2.31, 2.4), (60.0, 60.0)])
def test_waiting_times_are_rounded_up(waiting: float, told: float) -> None:
    assert refuse_rate(Rule.RATE_USER, waiting).retry_after == pytest.approx(told)
