"""Who may speak in which mode of a room, as tables."""

from dataclasses import replace

import pytest

from chat.core.policy import OPEN, RoomPolicy
from chat.core.roles import Role, may_act_on
from chat.core.rules import Allowance, RateLimit, Refusal, Rule, Speaker, decide, spoken_duration
from chat.core.text import has_link, words_of
from chat.limits import SHIELD_FOLLOWED_SECONDS, SHIELD_SLOW_SECONDS

NOW = 1_800_000_000.0
DAY = 86_400
LIMIT = RateLimit(20, 60)
CHARLIE = Speaker(user_id=3, login="charlie", display_name="Charlie", account_created_at=NOW - 2 * DAY)
FOLLOWER = replace(CHARLIE, followed_at=NOW - DAY)

# (policy, who, the rule that refuses and in how many seconds it will not; None: allowed)
MODES = [
    (OPEN, CHARLIE, None),
    (RoomPolicy(followers_only=True), CHARLIE, (Rule.FOLLOWERS_ONLY, None)),
    (RoomPolicy(followers_only=True), FOLLOWER, None),
    (RoomPolicy(followers_only=True, followers_seconds=3 * DAY), FOLLOWER, (Rule.FOLLOWERS_ONLY, 2 * DAY)),
    (RoomPolicy(followers_only=True, followers_seconds=DAY), FOLLOWER, None),
    (RoomPolicy(subscribers_only=True), FOLLOWER, (Rule.SUBSCRIBERS_ONLY, None)),
    (RoomPolicy(subscribers_only=True), replace(CHARLIE, months=1), None),
    (RoomPolicy(verified_email=True), CHARLIE, (Rule.VERIFIED_EMAIL, None)),
    (RoomPolicy(verified_email=True), replace(CHARLIE, email_verified=True), None),
    (RoomPolicy(account_seconds=5 * DAY), CHARLIE, (Rule.ACCOUNT_AGE, 3 * DAY)),
    (RoomPolicy(account_seconds=DAY), CHARLIE, None),
    (RoomPolicy(shield=True), FOLLOWER, (Rule.SHIELD, None)),
    (RoomPolicy(shield=True), replace(CHARLIE, followed_at=NOW - SHIELD_FOLLOWED_SECONDS), None),
]
LINKS = [
    "see https://evil.example/x",
    "HTTP://EVIL.EXAMPLE",
    "www.example.org",
    "buy at cheap-things.shop now",
    "discord.gg/abc",
    "ｅｖｉｌ．ｃｏｍ",
    "a.b.c.example.com/path",
]
NO_LINKS = ["hello world", "e.g. this", "1.5 and 2.0", "wait...what", "v1.2.3", "ok.then", "me.", "I said stop.No", ""]


@pytest.mark.parametrize(("policy", "speaker", "refused"), MODES)
def test_each_mode_lets_in_whom_it_should(
    policy: RoomPolicy, speaker: Speaker, refused: tuple[Rule, float | None] | None
) -> None:
    decision = decide("hello", speaker, policy, now=NOW, viewer_limit=LIMIT)
    if refused is None:
        assert isinstance(decision, Allowance)
    else:
        assert isinstance(decision, Refusal)
        assert (decision.rule, decision.retry_after) == refused


@pytest.mark.parametrize("role", [Role.VIP, Role.MODERATOR, Role.BROADCASTER, Role.STAFF])
def test_no_mode_binds_the_trusted(role: Role) -> None:
    strict = RoomPolicy(3, 60, True, DAY, True, True, False, True, DAY, True)
    decision = decide("https://example.com", replace(CHARLIE, role=role), strict, now=NOW, viewer_limit=LIMIT)
    assert isinstance(decision, Allowance)
    assert (decision.slow_seconds, decision.words, decision.policy_version) == (0, None, 3)


@pytest.mark.parametrize("text", LINKS)
def test_a_link_is_seen(text: str) -> None:
    assert has_link(text)
    decision = decide(text, CHARLIE, RoomPolicy(links_allowed=False), now=NOW, viewer_limit=LIMIT)
    assert isinstance(decision, Refusal)
    assert decision.rule is Rule.LINKS


@pytest.mark.parametrize("text", NO_LINKS)
def test_an_ordinary_dot_is_no_link(text: str) -> None:
    assert not has_link(text)


def test_slow_mode_and_unique_chat_go_to_the_script() -> None:
    policy = RoomPolicy(version=7, slow_seconds=5, unique_chat=True)
    decision = decide("Hello, World!", CHARLIE, policy, now=NOW, viewer_limit=LIMIT)
    assert isinstance(decision, Allowance)
    assert (decision.slow_seconds, decision.words, decision.policy_version) == (5, "helloworld", 7)
    shielded = decide("hi", replace(CHARLIE, followed_at=0.0), RoomPolicy(shield=True), now=NOW, viewer_limit=LIMIT)
    assert isinstance(shielded, Allowance)
    assert shielded.slow_seconds == SHIELD_SLOW_SECONDS


@pytest.mark.parametrize(
    ("one", "other"), [("Hello, World!", "hello world"), ("ＨＥＬＬＯ", "hello"), ("Straße", "STRASSE")]
)
def test_the_same_words_are_the_same(one: str, other: str) -> None:
    assert words_of(one) == words_of(other)


def test_different_emoji_are_different() -> None:
    assert words_of("👋") != words_of("👏")


def test_nobody_moderates_his_equals_or_betters() -> None:
    roles = list(Role)
    allowed = {(actor.name, target.name) for actor in roles for target in roles if may_act_on(actor, target)}
    assert allowed == {
        *(("MODERATOR", one) for one in ("VIEWER", "VIP")),
        *(("BROADCASTER", one) for one in ("VIEWER", "VIP", "MODERATOR")),
        *(("STAFF", one) for one in ("VIEWER", "VIP", "MODERATOR", "BROADCASTER")),
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (90, "2 minutes"), (3600, "1 hour"), (2 * DAY, "2 days")],
)
def test_times_are_spoken(seconds: int, text: str) -> None:
    assert spoken_duration(seconds) == text
