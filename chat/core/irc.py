"""One IRC connection as a state machine: lines in, lines and wishes out. It owns no socket and waits for nothing.

The shell (chat.irc_connection) feeds it what arrives, carries its wishes out, and reports back. The format is Twitch's
(dev.twitch.tv/docs/chat/irc); what clients insist on beyond it is named where it is done.
"""

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from chat.core.irc_lines import SERVER, Line, format_line, parse_line
from chat.core.irc_rooms import (
    CAPABILITIES,
    COMMANDS,
    IrcRoom,
    joined_lines,
    notice,
    room_lines,
    user_state,
    user_tags,
)
from chat.core.requests import MESSAGE_ID
from chat.limits import IRC_LINE_MAX, IRC_ROOMS_MAX, NONCE_MAX_CHARACTERS

Json = dict[str, Any]
LINE_END = re.compile(r"\r?\n")
LOGIN = re.compile(r"[a-z0-9_]{3,25}")
ANONYMOUS = re.compile(r"justinfan\d{0,15}", re.IGNORECASE)
WELCOME = (
    ("001", "Welcome, GLHF!"),
    ("002", f"Your host is {SERVER}"),
    ("003", "This server is rather new"),
    ("004", "-"),
    ("375", "-"),
    ("372", "You are in a maze of twisty passages, all alike."),
    ("376", ">"),  # what clients wait for
)
REFUSALS = {
    "slow": "msg_slowmode",
    "followers_only": "msg_followersonly",
    "subscribers_only": "msg_subsonly",
    "banned": "msg_banned",
    "timeout": "msg_timedout",
    "unique_chat": "msg_r9k",
    "verified_email": "msg_verified_email",
    "characters": "msg_bad_characters",
    "links": "msg_rejected_mandatory",
    "emote_only": "msg_emoteonly",
    "blocked_term": "msg_rejected_mandatory",
    "permission": "no_permission",
    "command": "unrecognized_cmd",
    "unavailable": "msg_room_not_found",
}
DONE = {
    "timeout": "timeout_success",
    "untimeout": "untimeout_success",
    "ban": "ban_success",
    "unban": "unban_success",
    "delete": "delete_message_success",
    "mod": "mod_success",
    "unmod": "unmod_success",
    "vip": "vip_success",
    "unvip": "unvip_success",
    "help": "cmds_available",
    "color": "color_changed",
    "mods": "room_mods",
    "vips": "vips_success",
}
NOBODY = {"mods": "no_mods", "vips": "no_vips"}
# What a command's usage notice is called where it is not `usage_<command>`.
USAGES = {
    "slow": "usage_slow_on",
    "slowoff": "usage_slow_off",
    "subscribers": "usage_subs_on",
    "subscribersoff": "usage_subs_off",
    "emoteonly": "usage_emote_only_on",
    "emoteonlyoff": "usage_emote_only_off",
    "uniquechat": "usage_r9k_on",
    "uniquechatoff": "usage_r9k_off",
}
TWITCH_NAMES = {"r9kbeta": "uniquechat", "r9kbetaoff": "uniquechatoff"}


@dataclass(frozen=True, slots=True)
class SignIn:
    """Find out whose token this is; answer with `signed_in` or `sign_in_failed`."""

    token: str


@dataclass(frozen=True, slots=True)
class Join:
    """Open the channel's room; answer with `joined` or `no_such_channel`."""

    login: str


@dataclass(frozen=True, slots=True)
class Leave:
    login: str


@dataclass(frozen=True, slots=True)
class SayIn:
    """Say it in the room, as any client would; answer with `answered`. `plain`: it is no command."""

    login: str
    text: str
    plain: bool
    client_nonce: str
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Recolor:
    """Show his name in this colour, wherever that was ordered; answer with `recolored`."""

    login: str
    color: str


@dataclass(frozen=True, slots=True)
class Hang:
    """Close the connection, after what is written."""


Wish = SignIn | Join | Leave | SayIn | Recolor | Hang


class IrcSession:
    """`out` collects lines to the client; the shell takes them with `take`."""

    def __init__(self) -> None:
        self.nick = ""
        self.me: Json | None = None  # the person as others see him; None while anonymous
        self.rooms: dict[str, IrcRoom] = {}
        self._token = ""
        self._registering = False
        self._capabilities: frozenset[str] = frozenset()
        self._out: list[str] = []
        self._own: deque[str] = deque(maxlen=100)  # ids of what was said here: the sender gets no echo
        self._in_flight = 0
        self._held: list[tuple[str, Json, int]] = []  # own messages that came before their acknowledgement

    def take(self) -> str:
        """What is to be written now."""
        lines, self._out = self._out, []
        return "".join(f"{line}\r\n" for line in lines)

    def feed(self, text: str) -> Iterator[Wish]:
        """Lines from the client. They may end in CRLF, LF or nothing, several in one piece."""
        for raw in LINE_END.split(text):
            if len(raw) > IRC_LINE_MAX:
                self._out.append(format_line("NOTICE", "*", last=f"A line can have {IRC_LINE_MAX} characters."))
                continue
            line = parse_line(raw)
            handler = self._handlers().get(line.command) if line else None
            if line and handler:
                yield from handler(line)

    # --- what the shell reports

    def signed_in(self, me: Json) -> None:
        """The name comes from the token; what was given as NICK is passed over, as on Twitch."""
        self.me = me
        self.nick = me["login"]
        self._welcome()
        if COMMANDS in self._capabilities:
            tags = {**user_tags(me, state=True), "user-id": str(me["id"])}
            del tags["mod"], tags["subscriber"]
            self._out.append(format_line("GLOBALUSERSTATE", tags=tags))

    def sign_in_failed(self) -> Iterator[Wish]:
        """The text is what clients compare."""
        self._out.append(format_line("NOTICE", "*", last="Login authentication failed"))
        yield Hang()

    def joined(self, room: IrcRoom, me: Json | None) -> None:
        """`me`: as this room sees him, with its badges."""
        self.rooms[room.login] = room
        self._out += joined_lines(room, me, self.nick, self._capabilities)

    def no_such_channel(self, login: str) -> None:
        room = IrcRoom(0, login, {})
        text = "This channel does not exist or has been suspended."
        self._out += notice(room, "msg_channel_suspended", text, self._capabilities)

    def joins_too_fast(self, login: str) -> None:
        text = "You join channels too fast. Try again in a moment."
        self._out += notice(IrcRoom(0, login, {}), "msg_ratelimit", text, self._capabilities)

    def happened(self, login: str, payload: bytes, now_ms: int) -> None:
        """Something in a room; what was said from here is not echoed. `now_ms`: Unix time."""
        room = self.rooms.get(login)
        if room is None:
            return
        event = json.loads(payload)
        if self._is_own(event):
            if self._in_flight:
                self._held.append((login, event, now_ms))
                return
            if event["id"] in self._own:
                return
        self._out += room_lines(room, event, self._capabilities, now_ms)
        if event["type"] == "room_state":
            self.rooms[login] = replace(room, modes=event["modes"])

    def _is_own(self, event: Json) -> bool:
        """Something he said himself. An announcement comes back to him as well, as on Twitch."""
        said = event["type"] == "message" and "announcement" not in event
        return said and self.me is not None and bool(event["user"]["id"] == self.me["id"])

    def answered(self, wish: SayIn, answer: Json, me: Json | None) -> None:
        """The room's answer to what was said: `ack`, `done` or `refused`."""
        self._in_flight -= 1
        room = self.rooms.get(wish.login) or IrcRoom(0, wish.login, {})
        match answer["type"]:
            case "ack":
                self._own.append(answer["id"])
                nonce = {"client-nonce": wish.client_nonce} if wish.client_nonce else {}
                if me is not None:
                    self._out += user_state(room, me, {"id": answer["id"], **nonce}, self._capabilities)
            case "done":
                kind = _done_kind(_command_name(wish.text), answer["text"])
                if kind is not None:
                    self._out += notice(room, kind, answer["text"], self._capabilities)
            case "refused":
                self._out += notice(room, _refusal_kind(wish, answer), answer["text"], self._capabilities)
        if not self._in_flight:
            self._tell_held()

    def recolored(self, wish: Recolor, text: str, *, done: bool) -> None:
        """He has the colour that he wanted, or `text` says why not."""
        kind = "color_changed" if done else "usage_color"
        self._out += notice(IrcRoom(0, wish.login, {}), kind, text, self._capabilities)

    def _tell_held(self) -> None:
        """What he said elsewhere meanwhile; what he said here is known by its id now."""
        held, self._held = self._held, []
        for login, event, at_ms in held:
            if event["id"] not in self._own and login in self.rooms:
                self._out += room_lines(self.rooms[login], event, self._capabilities, at_ms)

    def ping(self) -> None:
        """Without a prefix, as Twitch asks."""
        self._out.append(format_line("PING", prefix="", last=SERVER))

    def reconnect(self) -> None:
        """Tell the client to come back: this process is going away."""
        self._out.append(format_line("RECONNECT"))

    # --- what the client says

    def _handlers(self) -> Any:
        return {
            "CAP": self._cap,
            "PASS": self._pass,
            "NICK": self._nick,
            "PING": self._ping,
            "JOIN": self._join,
            "PART": self._part,
            "PRIVMSG": self._privmsg,
            "QUIT": self._quit,
        }

    def _cap(self, line: Line) -> Iterable[Wish]:
        sub, wanted = (line.parameters[0].upper() if line.parameters else ""), line.parameters[1:]
        if sub == "LS":
            self._out.append(format_line("CAP", "*", "LS", last=" ".join(CAPABILITIES)))
        elif sub == "REQ":
            asked = " ".join(wanted)  # answered word for word: twurple compares
            known = set(asked.split()) <= set(CAPABILITIES)
            if known:
                self._capabilities |= set(asked.split())
            self._out.append(format_line("CAP", "*", "ACK" if known else "NAK", last=asked))
        return ()

    def _pass(self, line: Line) -> Iterable[Wish]:
        self._token = line.text.strip().removeprefix("oauth:")
        return ()

    def _nick(self, line: Line) -> Iterable[Wish]:
        """Registration is complete here: tmi.js sends neither USER nor CAP END."""
        if self.nick or self._registering:
            return ()
        if ANONYMOUS.fullmatch(line.text):
            self.nick = line.text.lower()
            self._welcome()
            return ()
        if not self._token:
            return tuple(self.sign_in_failed())
        self._registering = True
        return (SignIn(self._token),)

    def _welcome(self) -> None:
        self._out += [format_line(number, self.nick, last=text) for number, text in WELCOME]

    def _ping(self, line: Line) -> Iterable[Wish]:
        """A bare PING gets a bare PONG without a prefix: tmi.js closes otherwise."""
        if not line.parameters:
            self._out.append("PONG")
        else:
            self._out.append(format_line("PONG", SERVER, last=line.text))
        return ()

    def _join(self, line: Line) -> Iterable[Wish]:
        for login in _channels(line) if self.nick else ():
            if login in self.rooms:
                continue
            if len(self.rooms) >= IRC_ROOMS_MAX:
                room = IrcRoom(0, login, {})
                text = f"A connection can be in {IRC_ROOMS_MAX} channels."
                self._out += notice(room, "msg_channel_blocked", text, self._capabilities)
            elif LOGIN.fullmatch(login):
                yield Join(login)
            else:
                self.no_such_channel(login)

    def _part(self, line: Line) -> Iterable[Wish]:
        for login in _channels(line):
            if self.rooms.pop(login, None) is not None:
                prefix = f"{self.nick}!{self.nick}@{self.nick}.{SERVER}"
                self._out.append(format_line("PART", f"#{login}", prefix=prefix))
                yield Leave(login)

    def _privmsg(self, line: Line) -> Iterable[Wish]:
        if len(line.parameters) < 2:
            return
        login = line.parameters[0].removeprefix("#").lower()
        if self.me is not None and login not in self.rooms and _text(line.text)[0].lower().startswith("/color "):
            yield Recolor(login, _text(line.text)[0][7:])  # tmi.js orders it in a channel that there is not
            return
        if self.me is None or login not in self.rooms:
            kind = "msg_room_not_found" if self.me else "no_permission"
            text = "You are not in that channel." if self.me else "You are reading without a name. Sign in to write."
            self._out += notice(IrcRoom(0, login, {}), kind, text, self._capabilities)
            return
        self._in_flight += 1
        nonce = line.tags.get("client-nonce", "")[:NONCE_MAX_CHARACTERS]
        answered = line.tags.get("reply-parent-msg-id", "").lower()
        yield SayIn(login, *_text(line.text), nonce, answered if MESSAGE_ID.fullmatch(answered) else None)

    def _quit(self, _line: Line) -> Iterable[Wish]:
        yield Hang()


def _command_name(text: str) -> str:
    return text[1:].partition(" ")[0].lower()


def _done_kind(name: str, text: str) -> str | None:
    """What the notice is called; None for commands that the room itself tells of."""
    return NOBODY[name] if name in NOBODY and ": " not in text else DONE.get(name)


def _refusal_kind(wish: SayIn, refused: Json) -> str:
    """By this name clients know which of their promises is broken."""
    name, rule = _command_name(wish.text), refused["rule"]
    match refused.get("code"):
        case "not_allowed":
            return "no_permission"
        case "no_such_user":
            return "invalid_user"
        case "self" | "above":
            about = "timeout" if name == "timeout" else "ban"
            return f"bad_{about}_self" if refused["code"] == "self" else f"bad_{about}_mod"
        case "no_such_message":
            return "bad_delete_message_error"
        case code if code is not None and rule == "command" and code != "unknown":
            return USAGES.get(name, f"usage_{name}")
    return REFUSALS.get(rule, "msg_ratelimit" if "rate" in rule else "msg_rejected")


def _channels(line: Line) -> list[str]:
    names = line.parameters[0].split(",") if line.parameters else []
    return [name.removeprefix("#").lower() for name in names[:IRC_ROOMS_MAX]]


def _text(text: str) -> tuple[str, bool]:
    """What was meant, and whether it is plain: `/ text` and `. text` escape a command, `.ban` is `/ban`."""
    if text.startswith("\x01ACTION ") and text.endswith("\x01"):
        return f"/me {text[8:-1]}", False
    if text.startswith(("/ ", ". ")):
        return text[2:], True
    if text.startswith(("/", ".")) and len(text) > 1 and text[1].isalpha():
        name, space, rest = text[1:].partition(" ")
        return f"/{TWITCH_NAMES.get(name.lower(), name)}{space}{rest}", False
    return text, False
