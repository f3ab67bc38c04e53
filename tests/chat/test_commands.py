"""What is typed after a slash, as tables."""

import pytest

from chat.core.commands import (
    FORMS,
    Acknowledge,
    Announce,
    BanUser,
    Block,
    Clear,
    Command,
    DecideHeld,
    EndPoll,
    Grant,
    Help,
    Mark,
    PinMessage,
    Remove,
    SetModes,
    StartPoll,
    TakeNote,
    Timeout,
    Unban,
    Unpin,
    UsageError,
    Vote,
    Warn,
    help_text,
    is_command,
    parse_command,
)
from chat.core.durations import parse_seconds
from chat.core.roles import Role

UNDERSTOOD: list[tuple[str, Command]] = [
    ("/timeout Charlie", Timeout("charlie", 600)),
    ("/timeout @charlie 30", Timeout("charlie", 30)),
    ("/timeout charlie 1h30m be kind", Timeout("charlie", 5400, "be kind")),
    ("/timeout charlie stop it", Timeout("charlie", 600, "stop it")),
    ("/TIMEOUT charlie  2m ", Timeout("charlie", 120)),
    ("/ban charlie", BanUser("charlie")),
    ("/ban charlie spam and links", BanUser("charlie", "spam and links")),
    ("/warn @Charlie be kind", Warn("charlie", "be kind")),
    ("/note charlie asked twice", TakeNote("charlie", "asked twice")),
    ("/automod 3", SetModes((("automod_level", 3),))),
    ("/approve 0198", DecideHeld("0198", approve=True)),
    ("/deny 0198", DecideHeld("0198", approve=False)),
    ("/acknowledge", Acknowledge()),
    ("/unban charlie", Unban("charlie")),
    ("/untimeout charlie", Unban("charlie")),
    ("/delete 0198", Remove("0198")),
    ("/clear", Clear()),
    ("/marker", Mark("")),
    ("/marker  Mate in  two ", Mark("Mate in two")),
    ("/slow", SetModes((("slow_seconds", 30),))),
    ("/slow 5", SetModes((("slow_seconds", 5),))),
    ("/slowoff", SetModes((("slow_seconds", 0),))),
    ("/followers", SetModes((("followers_only", True), ("followers_seconds", 0)))),
    ("/followers 10", SetModes((("followers_only", True), ("followers_seconds", 600)))),
    ("/followers 1w", SetModes((("followers_only", True), ("followers_seconds", 604_800)))),
    ("/accountage 3", SetModes((("account_seconds", 3 * 86_400),))),
    ("/shield", SetModes((("shield", True),))),
    ("/block free money", Block("free money")),
    ("/unblock spam*", Block("spam*", wanted=False)),
    ("/announce a new round", Announce("a new round")),
    ("/announceBlue  a  b", Announce("a b", "blue")),
    ("/pin 0198", PinMessage("0198", 1_200)),
    ("/pin 0198 1h", PinMessage("0198", 3_600)),
    ("/pin 0198 5", PinMessage("0198", 300)),
    ("/unpin", Unpin()),
    ("/poll Which map? | Forest|the desert ", StartPoll("Which map?", ("Forest", "the desert"), 120)),
    ("/poll 30 a? | b | c", StartPoll("a?", ("b", "c"), 30)),
    ("/poll 5m 2 | b | c", StartPoll("2", ("b", "c"), 300)),
    ("/endpoll", EndPoll()),
    ("/vote 2", Vote(2)),
    ("/linksoff", SetModes((("links_allowed", False),))),
    ("/mod @Bob", Grant("bob", Role.MODERATOR)),
    ("/unvip bob", Grant("bob", Role.VIEWER, taken=Role.VIP)),
    ("/help", Help()),
    ("/help /slow", Help("slow")),
]
NOT_UNDERSTOOD = [
    "/",
    "/nonsense",
    "/timeout",
    "/ban",
    "/unban a b",
    "/slow fast",
    "/slow 121",
    "/slow 0",
    "/followers 91d",
    "/clear everything",
    "/shield on",
    "/mod",
    "/accountage",
    "/ slow",
    "/announce",
    "/warn charlie",
    "/note charlie",
    "/acknowledge it",
    "/automod high",
    "/approve",
    "/pin",
    "/pin 0198 soon",
    "/poll Which map?",
    "/endpoll now",
    "/vote",
    "/vote first",
    "/vote ²",
    "/vote 100",
    "/announcered x",
]


@pytest.mark.parametrize(("text", "command"), UNDERSTOOD)
def test_a_command_is_understood(text: str, command: Command) -> None:
    assert is_command(text)
    assert parse_command(text, Role.BROADCASTER) == command


@pytest.mark.parametrize("text", NOT_UNDERSTOOD)
def test_a_wrong_command_says_how_it_is_used(text: str) -> None:
    with pytest.raises(UsageError, match=r"Usage: /|There is no command"):
        parse_command(text, Role.BROADCASTER)


def test_two_slashes_begin_a_message() -> None:
    assert not is_command("//slow")
    assert not is_command("hello /slow")


@pytest.mark.parametrize(("role", "name"), [(Role.VIEWER, "clear"), (Role.VIP, "slow"), (Role.MODERATOR, "mod")])
def test_commands_above_a_role_are_not_offered(role: Role, name: str) -> None:
    with pytest.raises(UsageError, match="There is no command"):
        parse_command(f"/{name}", role)
    assert f"/{name} " not in help_text("", role) + " "
    assert name not in help_text(name, role).split(":", maxsplit=1)[0]


def test_every_command_is_explained() -> None:
    for name, form in FORMS.items():
        assert help_text(name, Role.STAFF).startswith(f"/{name}")
        assert form.usage.split()[0] == f"/{name}"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("10m", 600), ("1h30m", 5400), ("2 days", 172_800), ("1W", 604_800), ("", None), ("m", None),
     ("10x", None), ("-5", None), ("1.5h", None), ("9" * 10, None)],
)  # fmt: skip
def test_times_as_people_type_them(text: str, seconds: int | None) -> None:
    assert parse_seconds(text) == seconds
