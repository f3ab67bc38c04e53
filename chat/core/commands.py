"""What moderators and viewers type after a slash: text in, command out. The names are Twitch's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chat.core.durations import parse_seconds
from chat.core.roles import Role
from chat.core.text import storable
from chat.limits import (
    ACCOUNT_MAX_SECONDS,
    DELAY_MAX_SECONDS,
    DELAY_SECONDS,
    FOLLOWERS_MAX_SECONDS,
    PIN_SECONDS,
    POLL_SECONDS,
    SLOW_MAX_SECONDS,
    TIMEOUT_SECONDS,
)

DEFAULT_SLOW_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Timeout:
    login: str
    seconds: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BanUser:
    login: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Warn:
    """Tell someone why; he writes again when he has acknowledged it."""

    login: str
    reason: str


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """One has read the warning."""


@dataclass(frozen=True, slots=True)
class TakeNote:
    """Tell the other moderators something about someone."""

    login: str
    text: str


@dataclass(frozen=True, slots=True)
class DecideHeld:
    """Let a message through that waits, or not."""

    message_id: str
    approve: bool


@dataclass(frozen=True, slots=True)
class SaveShield:
    """Let shield mode turn on what is set now."""


@dataclass(frozen=True, slots=True)
class Unban:
    login: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove one message."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Remove everything that was said."""


@dataclass(frozen=True, slots=True)
class SetModes:
    """Run the room differently: names and values of RoomPolicy's fields."""

    changes: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """Make someone moderator or VIP, or (VIEWER) neither."""

    login: str
    role: Role
    taken: Role | None = None  # the role that is taken away


@dataclass(frozen=True, slots=True)
class Help:
    """Say which commands there are, or how one is used."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Announce:
    """Say it so that nobody overlooks it."""

    text: str
    color: str = "primary"


@dataclass(frozen=True, slots=True)
class PinMessage:
    """Show one message above the others."""

    message_id: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Unpin:
    """Take down what is pinned."""


@dataclass(frozen=True, slots=True)
class StartPoll:
    """Ask the room something."""

    question: str
    choices: tuple[str, ...]
    seconds: int


@dataclass(frozen=True, slots=True)
class EndPoll:
    """End the poll before its time."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Mark this moment: a chapter of the recording begins here."""

    text: str


@dataclass(frozen=True, slots=True)
class Vote:
    """One's vote in the running poll; choices count from 1."""

    choice: int


@dataclass(frozen=True, slots=True)
class Block:
    """Refuse messages with this term, or (not `wanted`) allow it again."""

    text: str
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class StartRaid:
    """Send the viewers to another channel when a count-down is over."""

    login: str


@dataclass(frozen=True, slots=True)
class CancelRaid:
    """Do not."""


@dataclass(frozen=True, slots=True)
class SetColor:
    """Show his name in this colour, as he typed it."""

    color: str


@dataclass(frozen=True, slots=True)
class ListRole:
    """Say who has this role."""

    role: Role


Command = (
    Timeout | BanUser | Unban | Remove | Clear | SetModes | Grant | Block | ListRole | Help
    | Announce | PinMessage | Unpin | StartPoll | EndPoll | Vote | Warn | Acknowledge | TakeNote
    | DecideHeld | SaveShield | SetColor | Mark | StartRaid | CancelRaid
)  # fmt: skip


class UsageError(Exception):
    """The command is unknown (`unknown`), not for this role (`not_allowed`) or incomplete (`usage`)."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Form:
    usage: str
    says: str
    least: Role
    parse: Callable[[str], Command | None]


def _name(word: str) -> str:
    return word.removeprefix("@").lower()


def _timeout(rest: str) -> Command | None:
    login, _, rest = rest.partition(" ")
    length, _, reason = rest.strip().partition(" ")
    seconds = parse_seconds(length) if length else TIMEOUT_SECONDS
    if seconds is None:  # no time was given
        seconds, reason = TIMEOUT_SECONDS, rest
    return Timeout(_name(login), seconds, reason.strip()) if login else None


def _ban(rest: str) -> Command | None:
    login, _, reason = rest.partition(" ")
    return BanUser(_name(login), reason.strip()) if login else None


def _name_and_text(make: Callable[[str, str], Command]) -> Callable[[str], Command | None]:
    def parse(rest: str) -> Command | None:
        login, _, text = rest.partition(" ")
        return make(_name(login), text) if login and text else None

    return parse


def _one_name(make: Callable[[str], Command]) -> Callable[[str], Command | None]:
    return lambda rest: make(_name(rest)) if rest and " " not in rest else None


def _one_word(make: Callable[[str], Command]) -> Callable[[str], Command | None]:
    return lambda rest: make(rest) if rest and " " not in rest else None


def _modes(**changes: Any) -> Callable[[str], Command | None]:
    return lambda rest: None if rest else SetModes(tuple(changes.items()))


def _slow(rest: str) -> Command | None:
    seconds = parse_seconds(rest) if rest else DEFAULT_SLOW_SECONDS
    return SetModes((("slow_seconds", seconds),)) if seconds and seconds <= SLOW_MAX_SECONDS else None


def _delay(rest: str) -> Command | None:
    seconds = parse_seconds(rest) if rest else DELAY_SECONDS
    return SetModes((("delay_seconds", seconds),)) if seconds and seconds <= DELAY_MAX_SECONDS else None


def _followers(rest: str) -> Command | None:
    seconds = parse_seconds(rest, unit="m") if rest else 0
    if seconds is None or seconds > FOLLOWERS_MAX_SECONDS:
        return None
    return SetModes((("followers_only", True), ("followers_seconds", seconds)))


def _account_age(rest: str) -> Command | None:
    seconds = parse_seconds(rest, unit="d")
    return None if seconds is None or seconds > ACCOUNT_MAX_SECONDS else SetModes((("account_seconds", seconds),))


def _term(*, wanted: bool) -> Callable[[str], Command | None]:
    return lambda rest: Block(rest, wanted) if rest else None


def _announce(color: str = "primary") -> Callable[[str], Command | None]:
    return lambda rest: Announce(rest, color) if rest else None


def _pin(rest: str) -> Command | None:
    message_id, _, rest = rest.partition(" ")
    seconds = parse_seconds(rest, unit="m") if rest else PIN_SECONDS
    return PinMessage(message_id, seconds) if message_id and seconds else None


def _poll(rest: str) -> Command | None:
    """`2m Which map? | Forest | Desert`."""
    time, _, question = rest.partition(" ")
    seconds = parse_seconds(time)
    asked, *choices = [part.strip() for part in (question if seconds else rest).split("|")]
    return StartPoll(asked, tuple(choices), seconds or POLL_SECONDS) if choices else None


def _automod(rest: str) -> Command | None:
    return SetModes((("automod_level", int(rest)),)) if rest.isascii() and rest.isdigit() and len(rest) == 1 else None


def _vote(rest: str) -> Command | None:
    return Vote(int(rest)) if rest.isascii() and rest.isdigit() and len(rest) < 3 else None


def _color(rest: str) -> Command | None:
    return SetColor(rest) if rest else None


def _list(role: Role) -> Callable[[str], Command | None]:
    return lambda rest: None if rest else ListRole(role)


_M, _B, _V = Role.MODERATOR, Role.BROADCASTER, Role.VIEWER
FORMS: dict[str, _Form] = {
    "help": _Form("/help [COMMAND]", "lists the commands", _V, lambda rest: Help(rest.removeprefix("/").lower())),
    "color": _Form("/color COLOUR", "shows your name in it: #RRGGBB, or a name such as coral", _V, _color),
    "timeout": _Form("/timeout NAME [TIME] [REASON]", "silences someone for a time, such as 10m", _M, _timeout),
    "untimeout": _Form("/untimeout NAME", "ends a time-out", _M, _one_name(Unban)),
    "ban": _Form("/ban NAME [REASON]", "silences someone for good", _M, _ban),
    "warn": _Form(
        "/warn NAME REASON", "tells someone why; he writes again once he has read it", _M, _name_and_text(Warn)
    ),
    "note": _Form(
        "/note NAME TEXT", "tells the other moderators something about someone", _M, _name_and_text(TakeNote)
    ),
    "acknowledge": _Form(
        "/acknowledge", "says that you have read a warning", _V, lambda rest: None if rest else Acknowledge()
    ),
    "delay": _Form("/delay [TIME]", f"viewers read later than moderators, up to {DELAY_MAX_SECONDS} s", _M, _delay),
    "delayoff": _Form("/delayoff", "ends that", _M, _modes(delay_seconds=0)),
    "shieldset": _Form(
        "/shieldset",
        "lets /shield turn on the modes as they are now",
        _M,
        lambda rest: None if rest else SaveShield(),
    ),
    "automod": _Form("/automod LEVEL", "which messages wait for a moderator: 0 none, 4 the most", _M, _automod),
    "approve": _Form("/approve MESSAGE-ID", "lets a message through", _M, _one_word(lambda one: DecideHeld(one, True))),
    "deny": _Form("/deny MESSAGE-ID", "does not", _M, _one_word(lambda one: DecideHeld(one, False))),
    "unban": _Form("/unban NAME", "lifts a ban or time-out", _M, _one_name(Unban)),
    "delete": _Form("/delete MESSAGE-ID", "removes one message", _M, _one_name(Remove)),
    "clear": _Form("/clear", "removes everything that was said", _M, lambda rest: None if rest else Clear()),
    "slow": _Form("/slow [TIME]", f"one message per person in that time, up to {SLOW_MAX_SECONDS} s", _M, _slow),
    "slowoff": _Form("/slowoff", "ends slow mode", _M, _modes(slow_seconds=0)),
    "followers": _Form("/followers [TIME]", "only who has followed for that time may write", _M, _followers),
    "followersoff": _Form("/followersoff", "ends followers-only mode", _M, _modes(followers_only=False)),
    "subscribers": _Form("/subscribers", "only subscribers may write", _M, _modes(subscribers_only=True)),
    "subscribersoff": _Form("/subscribersoff", "ends subscribers-only mode", _M, _modes(subscribers_only=False)),
    "uniquechat": _Form("/uniquechat", "nothing may be said twice", _M, _modes(unique_chat=True)),
    "uniquechatoff": _Form("/uniquechatoff", "ends unique-chat mode", _M, _modes(unique_chat=False)),
    "emoteonly": _Form("/emoteonly", "only emotes and emoji may be written", _M, _modes(emote_only=True)),
    "emoteonlyoff": _Form("/emoteonlyoff", "ends emote-only mode", _M, _modes(emote_only=False)),
    "links": _Form("/links", "allows links", _M, _modes(links_allowed=True)),
    "linksoff": _Form("/linksoff", "refuses links", _M, _modes(links_allowed=False)),
    "verified": _Form("/verified", "only confirmed e-mail addresses", _M, _modes(verified_email=True)),
    "verifiedoff": _Form("/verifiedoff", "ends that", _M, _modes(verified_email=False)),
    "accountage": _Form("/accountage TIME", "how old accounts must be; 0 ends it", _M, _account_age),
    "announce": _Form("/announce TEXT", "says it so that nobody overlooks it", _M, _announce()),
    "announceblue": _Form("/announceblue TEXT", "the same in blue", _M, _announce("blue")),
    "announcegreen": _Form("/announcegreen TEXT", "the same in green", _M, _announce("green")),
    "announceorange": _Form("/announceorange TEXT", "the same in orange", _M, _announce("orange")),
    "announcepurple": _Form("/announcepurple TEXT", "the same in purple", _M, _announce("purple")),
    "pin": _Form("/pin MESSAGE-ID [TIME]", "shows a message above the others, 20 minutes or so long", _M, _pin),
    "unpin": _Form("/unpin", "takes it down", _M, lambda rest: None if rest else Unpin()),
    "poll": _Form("/poll [TIME] QUESTION | CHOICE | CHOICE …", "asks everyone, for 2 minutes or so long", _M, _poll),
    "endpoll": _Form("/endpoll", "ends the poll", _M, lambda rest: None if rest else EndPoll()),
    "marker": _Form("/marker [TEXT]", "marks this moment: a chapter of the recording", _M, lambda rest: Mark(rest)),
    "vote": _Form("/vote NUMBER", "is your vote in the poll", _V, _vote),
    "block": _Form("/block TERM", "refuses messages with it; TERM* also words that begin so", _M, _term(wanted=True)),
    "unblock": _Form("/unblock TERM", "allows it again", _M, _term(wanted=False)),
    "shield": _Form("/shield", "only long-standing followers, slowly: for an attack", _M, _modes(shield=True)),
    "shieldoff": _Form("/shieldoff", "ends shield mode", _M, _modes(shield=False)),
    "mod": _Form("/mod NAME", "makes someone a moderator", _B, _one_name(lambda one: Grant(one, Role.MODERATOR))),
    "unmod": _Form("/unmod NAME", "ends that", _B, _one_name(lambda one: Grant(one, _V, taken=Role.MODERATOR))),
    "vip": _Form("/vip NAME", "frees someone from the room's modes", _B, _one_name(lambda one: Grant(one, Role.VIP))),
    "raid": _Form("/raid CHANNEL", "sends your viewers there after a count-down", _B, _one_name(StartRaid)),
    "unraid": _Form("/unraid", "cancels that", _B, lambda rest: None if rest else CancelRaid()),
    "mods": _Form("/mods", "lists the moderators", _V, _list(Role.MODERATOR)),
    "vips": _Form("/vips", "lists the VIPs", _V, _list(Role.VIP)),
    "unvip": _Form("/unvip NAME", "ends that", _B, _one_name(lambda one: Grant(one, _V, taken=Role.VIP))),
}


def is_command(text: str) -> bool:
    """`//…` is an ordinary message, and so is what `/me` says."""
    return text.startswith("/") and not text.startswith("//") and action_of(text) is None


def action_of(text: str) -> str | None:
    """What someone does, from `/me waves`; None for everything else."""
    name, space, rest = text.partition(" ")
    return rest if space and name.lower() == "/me" else None


def parse_command(text: str, role: Role) -> Command:
    """The command in `text`. Raises UsageError, also for commands above `role`: he is not offered them."""
    name, _, rest = storable(text)[1:].partition(" ")
    form = FORMS.get(name.lower())
    if form is None or role < form.least:
        text = f"There is no command /{name[:25]} for you. /help lists them."
        raise UsageError(text, "unknown" if form is None else "not_allowed")
    command = form.parse(" ".join(rest.split()))
    if command is None:
        raise UsageError(f"Usage: {form.usage}: {form.says}.", "usage")
    return command


def commands_for(role: Role) -> list[tuple[str, str, str]]:
    """Name, usage and meaning of what `role` may type."""
    return [(name, form.usage, form.says) for name, form in FORMS.items() if role >= form.least]


def help_text(name: str, role: Role) -> str:
    """How one command is used, or the names of all that `role` may use."""
    form = FORMS.get(name)
    if form is not None and role >= form.least:
        return f"{form.usage}: {form.says}."
    return "Commands: " + " ".join(f"/{one}" for one, form in FORMS.items() if role >= form.least)
