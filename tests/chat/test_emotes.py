"""Emotes, badges and what carries them, as tables."""

from dataclasses import replace

import pytest

from chat.core.badges import badges_of
from chat.core.colors import NAMED, parse_color
from chat.core.emotes import EmoteTable, EmoteUse, by_picture, from_pictures, irc_tags, is_only_emotes
from chat.core.events import Message, Person
from chat.core.policy import OPEN, RoomPolicy
from chat.core.roles import Role
from chat.core.rules import Allowance, RateLimit, Refusal, Rule, Speaker, decide

TABLE = EmoteTable(own={"aliceHype": "a" * 24, "aliceHi": "b" * 24}, common={"Kappa": "c" * 24, "aliceHi": "d" * 24})
HYPE, HI, KAPPA = "a" * 24, "b" * 24, "c" * 24
CHARLIE = Speaker(user_id=3, login="charlie", display_name="Charlie")
LIMIT = RateLimit(20, 60)
FOUND = [
    ("hello Kappa world", [(KAPPA, 6, 10)]),
    ("Kappa", [(KAPPA, 0, 4)]),
    ("Kappa Kappa aliceHype", [(KAPPA, 0, 4), (KAPPA, 6, 10), (HYPE, 12, 20)]),
    ("👋🏽 é Kappa", [(KAPPA, 5, 9)]),  # code points: neither bytes nor what JavaScript counts
    ("aliceHi", [(HI, 0, 6)]),  # the room's own before everyone's
    ("kappa KAPPA Kappa! (Kappa) Kappa,Kappa xKappa", []),
    ("", []),
    ("__proto__ constructor", []),
]
ONLY_EMOTES = ["Kappa", "Kappa aliceHype", "👋🏽", "Kappa 👨‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿", "❤️", "🎉🎉🎉"]
IN_WORDS = ["hello", "Kappa hello", "kappa", "1", "Ⓗⓘ", "🇭🇮", "👋x", "👋 :)", "©"]


@pytest.mark.parametrize(("text", "uses"), FOUND)
def test_a_code_that_is_a_whole_word_is_found(text: str, uses: list[tuple[str, int, int]]) -> None:
    found = TABLE.find_in(text)
    assert [(use.picture, use.begin, use.end) for use in found] == uses
    for use in found:
        assert TABLE.find_in(text[use.begin : use.end + 1])


def test_a_text_of_nothing_but_codes_is_read_in_one_pass() -> None:
    """As many as a message can hold; the message grows with the text, not with its square."""
    uses = TABLE.find_in("Kappa " * 99 + "Kappa")
    assert len(uses) == 100
    assert len(str(by_picture(uses))) < 1_600


@pytest.mark.parametrize("text", ONLY_EMOTES)
def test_emotes_and_emoji_are_no_words(text: str) -> None:
    assert is_only_emotes(text, TABLE.find_in(text))


@pytest.mark.parametrize("text", IN_WORDS)
def test_everything_else_is(text: str) -> None:
    assert not is_only_emotes(text, TABLE.find_in(text))


@pytest.mark.parametrize(
    ("text", "policy", "role", "refused"),
    [
        ("Kappa", RoomPolicy(emote_only=True), Role.VIEWER, False),
        ("  Kappa \n aliceHype ", RoomPolicy(emote_only=True), Role.VIEWER, False),
        ("hello", RoomPolicy(emote_only=True), Role.VIEWER, True),
        ("hello", RoomPolicy(emote_only=True), Role.VIP, False),
        ("hello", RoomPolicy(emote_only=True), Role.MODERATOR, False),
        ("hello", OPEN, Role.VIEWER, False),
    ],
)
def test_emote_only_mode_binds_viewers(text: str, policy: RoomPolicy, role: Role, refused: bool) -> None:
    decision = decide(text, replace(CHARLIE, role=role), policy, now=0, viewer_limit=LIMIT, emotes=TABLE)
    if refused:
        assert isinstance(decision, Refusal)
        assert decision.rule is Rule.EMOTE_ONLY
    else:
        assert isinstance(decision, Allowance)
        assert decision.emotes == TABLE.find_in(decision.text)


def test_a_message_carries_its_emotes_and_is_read_again() -> None:
    person = Person(3, "charlie", "Charlie", ("vip", "subscriber/6"), color="#1E90FF", months=8)
    uses = TABLE.find_in("Kappa hi aliceHype Kappa")
    message = Message("m1", "2026-01-01T00:00:00Z", person, "Kappa hi aliceHype Kappa", emotes=uses, seq=7)
    assert f'"emotes":{{"{KAPPA}":[[0,4],[19,23]],"{HYPE}":[[9,17]]}}' in message.to_json()
    assert Message.from_json(message.to_json()) == message


def test_a_message_without_them_is_as_short_as_before() -> None:
    message = Message("m1", "2026-01-01T00:00:00Z", Person(3, "charlie", "Charlie"), "hi", seq=7)
    assert message.to_json() == (
        '{"type":"message","seq":7,"id":"m1","sent_at":"2026-01-01T00:00:00Z",'
        '"user":{"id":3,"login":"charlie","display_name":"Charlie","badges":[]},"text":"hi"}'
    )
    assert Message.from_json(message.to_json()) == message


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("hello Kappa world", {"emotes": f"{KAPPA}:6-10"}),
        ("Kappa Kappa aliceHype", {"emotes": f"{KAPPA}:0-4,6-10/{HYPE}:12-20", "emote-only": "1"}),
        ("hello", {"emotes": ""}),
        ("👋 Kappa", {"emotes": f"{KAPPA}:2-6"}),  # on Twitch an emoji is text
    ],
)
def test_twitch_clients_are_told_where_emotes_stand(text: str, tags: dict[str, str]) -> None:
    assert irc_tags(text, by_picture(TABLE.find_in(text))) == tags


def test_uses_come_back_in_order() -> None:
    uses = TABLE.find_in("Kappa aliceHype Kappa")
    assert (
        from_pictures(by_picture(uses))
        == uses
        == (
            EmoteUse(KAPPA, 0, 4),
            EmoteUse(HYPE, 6, 14),
            EmoteUse(KAPPA, 16, 20),
        )
    )


@pytest.mark.parametrize(
    ("role", "months", "uploaded", "badges"),
    [
        (Role.VIEWER, 0, (1, 6), ()),
        (Role.VIEWER, 1, (), ("subscriber/0",)),
        (Role.VIEWER, 5, (6,), ("subscriber/0",)),
        (Role.VIEWER, 8, (1, 6, 12), ("subscriber/6",)),
        (Role.MODERATOR, 12, (1, 6, 12), ("moderator", "subscriber/12")),
        (Role.BROADCASTER, 0, (), ("broadcaster",)),
    ],
)
def test_badges_follow_from_role_and_months(
    role: Role, months: int, uploaded: tuple[int, ...], badges: tuple[str, ...]
) -> None:
    assert badges_of(role, months, uploaded) == badges


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("#1e90ff", "#1E90FF"),
        (" DodgerBlue ", "#1E90FF"),
        ("dodger_blue", "#1E90FF"),
        ("none", ""),
        ("#1e90f", None),
        ("1e90ff", None),
        ("#1e90ffff", None),
        ("#1e90fg", None),
        ("url(x)", None),
        ("", None),
    ],
)
def test_a_colour_is_read(text: str, color: str | None) -> None:
    assert parse_color(text) == color


def test_all_of_twitchs_colours_are_known() -> None:
    assert {parse_color(name) for name in NAMED} == set(NAMED.values())
    assert len(NAMED) == 15
