"""What happens in a room, as Twitch's IRC tells it: event in, lines out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chat.core.emotes import irc_tags
from chat.core.irc_lines import SERVER, format_line

Json = Mapping[str, Any]
TAGS, COMMANDS, MEMBERSHIP = "twitch.tv/tags", "twitch.tv/commands", "twitch.tv/membership"
CAPABILITIES = (COMMANDS, MEMBERSHIP, TAGS)
USER_TYPES = {"moderator": "mod", "staff": "staff"}
# The mode as our events name it: its tag, and the notices when it goes on and off.
MODES = {
    "slow_seconds": ("slow", "slow_on", "slow_off"),
    "followers_only": ("followers-only", "followers_on", "followers_off"),
    "followers_seconds": ("followers-only", "followers_on", "followers_off"),
    "subscribers_only": ("subs-only", "subs_on", "subs_off"),
    "unique_chat": ("r9k", "r9k_on", "r9k_off"),
    "emote_only": ("emote-only", "emote_only_on", "emote_only_off"),
}
NOTICES = {
    "slow_on": "This room is now in slow mode.",
    "slow_off": "This room is no longer in slow mode.",
    "followers_on": "This room is now in followers-only mode.",
    "followers_off": "This room is no longer in followers-only mode.",
    "subs_on": "This room is now in subscribers-only mode.",
    "subs_off": "This room is no longer in subscribers-only mode.",
    "r9k_on": "This room is now in unique-chat mode.",
    "r9k_off": "This room is no longer in unique-chat mode.",
    "emote_only_on": "This room is now in emote-only mode.",
    "emote_only_off": "This room is no longer in emote-only mode.",
}
SAMPLED = {
    True: "This room is very fast. You are shown some of its messages.",
    False: "You are shown all messages of this room again.",
}


@dataclass(frozen=True, slots=True)
class IrcRoom:
    """A room someone is in, by Twitch's names."""

    room_id: int
    login: str
    modes: Json  # as RoomState has them

    @property
    def channel(self) -> str:
        return f"#{self.login}"


def room_lines(room: IrcRoom, event: Json, capabilities: frozenset[str], now_ms: int) -> Iterator[str]:
    """What a connection with these capabilities is told of the event; a message is told to others than its sender."""
    at = {"room-id": str(room.room_id), "tmi-sent-ts": str(now_ms)}
    line = _Lines(room, capabilities)
    match event["type"]:
        case _ if _is_user_notice(event):
            yield from line.user_notice(event)
        case "message":
            yield line.message(event)
        case "message_removed":
            yield from line.command(
                "CLEARMSG",
                {**at, "login": event["login"], "room-id": "", "target-msg-id": event["id"]},
                last="message removed",
            )
        case "user_removed":
            seconds = event["seconds"]
            length = {} if seconds is None else {"ban-duration": str(seconds)}
            about = {**at, **length, "target-user-id": str(event["user_id"])}
            yield from line.command("CLEARCHAT", about, last=event["login"])
        case "room_cleared":
            yield from line.command("CLEARCHAT", at)
        case "room_state":
            yield from _changes(line, room, event["modes"])
        case "sampled":
            yield from line.command("NOTICE", {"msg-id": "sampled"}, last=SAMPLED[event["active"]])


def joined_lines(room: IrcRoom, me: Json | None, nick: str, capabilities: frozenset[str]) -> Iterator[str]:
    """After JOIN, in the order that clients wait for: USERSTATE before ROOMSTATE."""
    line = _Lines(room, capabilities)
    yield format_line("JOIN", room.channel, prefix=f"{nick}!{nick}@{nick}.{SERVER}")
    yield format_line("353", nick, "=", room.channel, prefix=f"{nick}.{SERVER}", last=nick)
    yield format_line("366", nick, room.channel, prefix=f"{nick}.{SERVER}", last="End of /NAMES list")
    if me is not None:
        yield from line.command("USERSTATE", user_tags(me, state=True))
    yield from line.command("ROOMSTATE", {"room-id": str(room.room_id), **mode_tags(room.modes)})


def notice(room: IrcRoom, msg_id: str, text: str, capabilities: frozenset[str]) -> Iterator[str]:
    yield from _Lines(room, capabilities).command("NOTICE", {"msg-id": msg_id}, last=text)


def user_state(room: IrcRoom, me: Json, extra: Mapping[str, str], capabilities: frozenset[str]) -> Iterator[str]:
    yield from _Lines(room, capabilities).command("USERSTATE", {**user_tags(me, state=True), **extra})


def mode_tags(modes: Json) -> dict[str, str]:
    """Followers in minutes, -1 when it is off."""
    followers = modes["followers_seconds"] // 60 if modes["followers_only"] else -1
    return {
        "slow": str(modes["slow_seconds"]),
        "followers-only": str(followers),
        "subs-only": str(int(modes["subscribers_only"])),
        "r9k": str(int(modes["unique_chat"])),
        "emote-only": str(int(modes.get("emote_only", False))),  # told by older versions, it is absent
    }


def user_tags(user: Json, *, state: bool = False) -> dict[str, str]:
    """Who someone is. `state`: as told to himself."""
    badges, months = user["badges"], user.get("months", 0)
    tags = {
        "badge-info": f"subscriber/{months}" if months else "",
        "badges": ",".join(badge if "/" in badge else f"{badge}/1" for badge in badges),
        "color": user.get("color", ""),
        "display-name": user["display_name"],
        "mod": str(int("moderator" in badges)),
        "subscriber": str(int(months > 0)),
        "user-type": next((USER_TYPES[badge] for badge in badges if badge in USER_TYPES), ""),
    }
    if "vip" in badges:
        tags["vip"] = "1"
    return {**tags, "emote-sets": "0"} if state else tags


@dataclass(frozen=True, slots=True)
class _Lines:
    room: IrcRoom
    capabilities: frozenset[str]

    def message(self, event: Json) -> str:
        reply = event.get("reply")
        address = f"@{reply['display_name']} " if reply else ""  # as Twitch begins replies
        tags = {**self._message_tags(event, len(address)), **(_reply_tags(reply) if reply else {})}
        tags |= {"first-msg": "0", "returning-chatter": "0", "turbo": "0"}
        text = address + event["text"]
        text = f"\x01ACTION {text}\x01" if event.get("action") else text
        login = event["user"]["login"]
        prefix = f"{login}!{login}@{login}.{SERVER}"
        return format_line("PRIVMSG", self.room.channel, prefix=prefix, tags=self._tags(tags), last=text)

    def user_notice(self, event: Json) -> Iterator[str]:
        """What Twitch tells by USERNOTICE: something about somebody, for everyone to see."""
        match event["type"]:
            case "raided":
                return self.raided(event)
            case "raid_cancelled":
                return self.raid_cancelled(event)
        return self.announcement(event)

    def announcement(self, event: Json) -> Iterator[str]:
        tags = {
            **self._message_tags(event),
            "login": event["user"]["login"],
            "msg-id": "announcement",
            "msg-param-color": event["announcement"].upper(),
            "system-msg": "",
        }
        yield from self.command("USERNOTICE", tags, last=event["text"])

    def raided(self, event: Json) -> Iterator[str]:
        """Twitch's USERNOTICE `raid`: told of by whom, with how many."""
        user, viewers = event["user"], str(event["viewers"])
        about = {
            "msg-param-displayName": user["display_name"],
            "msg-param-login": user["login"],
            "msg-param-profileImageURL": event["picture"],
            "msg-param-viewerCount": viewers,
            "system-msg": f"{viewers} raiders from {user['display_name']} have joined!",
        }
        yield from self.command("USERNOTICE", self._notice_tags(event, "raid") | about)

    def raid_cancelled(self, event: Json) -> Iterator[str]:
        tags = self._notice_tags(event, "unraid") | {"system-msg": "The raid has been canceled."}
        yield from self.command("USERNOTICE", tags)

    def _notice_tags(self, event: Json, kind: str) -> dict[str, str]:
        """What every USERNOTICE without words of somebody's own has."""
        tags = self._message_tags({**event, "text": ""})
        return {**tags, "emotes": "", "login": event["user"]["login"], "msg-id": kind}

    def _message_tags(self, event: Json, shift: int = 0) -> dict[str, str]:
        """What every line has that carries someone's words; `shift` characters are put before them."""
        sent_ms = round(datetime.fromisoformat(event["sent_at"]).timestamp() * 1000)
        return {
            **user_tags(event["user"]),
            **irc_tags(event["text"], event.get("emotes", {}), shift),
            "flags": "",
            "id": event["id"],
            "room-id": str(self.room.room_id),
            "tmi-sent-ts": str(sent_ms),
            "user-id": str(event["user"]["id"]),
        }

    def command(self, name: str, tags: Mapping[str, str], last: str | None = None) -> Iterator[str]:
        """A line only for those who asked for commands."""
        if COMMANDS in self.capabilities:
            yield format_line(name, self.room.channel, tags=self._tags(tags), last=last)

    def _tags(self, tags: Mapping[str, str]) -> Mapping[str, str] | None:
        return tags if TAGS in self.capabilities else None


def _is_user_notice(event: Json) -> bool:
    return event["type"] in {"raided", "raid_cancelled"} or "announcement" in event


def _reply_tags(reply: Json) -> dict[str, str]:
    return {
        "reply-parent-display-name": reply["display_name"],
        "reply-parent-msg-body": reply["text"],
        "reply-parent-msg-id": reply["id"],
        "reply-parent-user-id": str(reply["user_id"]),
        "reply-parent-user-login": reply["login"],
        "reply-thread-parent-msg-id": reply["thread_id"],
        "reply-thread-parent-user-login": reply["thread_login"],
    }


def _changes(line: _Lines, room: IrcRoom, modes: Json) -> Iterator[str]:
    """One ROOMSTATE with only what changed for each mode (tmi.js reads no more), and its notice."""
    before, after = mode_tags(room.modes), mode_tags(modes)
    told = set()
    for name, (tag, on, off) in MODES.items():
        if before[tag] == after[tag] or tag in told:
            continue
        told.add(tag)
        yield from line.command("ROOMSTATE", {"room-id": str(room.room_id), tag: after[tag]})
        is_on = modes["followers_only"] if name == "followers_only" else after[tag] not in {"0", "-1"}
        kind = on if is_on else off
        kind = "followers_on_zero" if (kind, after[tag]) == ("followers_on", "0") else kind
        yield from line.command("NOTICE", {"msg-id": kind}, last=NOTICES.get(kind, NOTICES["followers_on"]))
