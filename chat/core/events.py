"""Everything a room or the gateway says to a client: frozen messages and their JSON."""

import json
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from chat.core.emotes import EmoteUse, by_picture, from_pictures
from chat.core.policy import RoomPolicy

Json = dict[str, Any]
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Person:
    """Someone in a room as others see him."""

    id: int
    login: str
    display_name: str
    badges: tuple[str, ...] = ()  # names, some with a version: `moderator`, `subscriber/6`
    color: str = ""  # #RRGGBB, his own choice; who shows it makes it readable
    months: int = 0  # for so long he has subscribed

    def fields(self) -> Json:
        """Colour and months only where there are some. Written out, as all that every message needs: `asdict` takes ten
        times as long."""
        body: Json = {
            "id": self.id,
            "login": self.login,
            "display_name": self.display_name,
            "badges": self.badges,
        }
        if self.color:
            body["color"] = self.color
        if self.months:
            body["months"] = self.months
        return body

    @classmethod
    def from_fields(cls, user: Json) -> "Person":
        """What `fields` made, or an older version of it."""
        badges = tuple(user["badges"])
        return cls(
            user["id"], user["login"], user["display_name"], badges, user.get("color", ""), user.get("months", 0)
        )


@dataclass(frozen=True, slots=True)
class Event:
    """A message to one client; its fields are its JSON."""

    type: ClassVar[str]

    def to_json(self) -> str:
        body = {"type": self.type, **asdict(self)}
        you = getattr(self, "you", None)
        return _encode(body if you is None else body | {"you": you.fields()})


class RoomEvent:
    """Something that everyone in a room sees, in the room's order.

    `seq` is given by the script that writes it, inside Redis; hence `around_seq`, the JSON before and after it.
    """

    __slots__ = ()
    type: ClassVar[str]

    def fields(self) -> Json:
        """Everything but type and seq."""
        body = asdict(self)  # type: ignore[call-overload]  # every event is a dataclass
        del body["seq"]
        return dict(body)

    def around_seq(self) -> tuple[str, str]:
        fields = _encode(self.fields())
        return f'{{"type":"{self.type}","seq":', ("," if len(fields) > 2 else "") + fields[1:]


@dataclass(frozen=True, slots=True)
class Quote:
    """What a reply answers, as it was then, and the message that the thread began with.

    It travels with every reply, so it is short. Its text is empty once a moderator has removed what it quotes.
    """

    id: str
    user_id: int
    login: str
    display_name: str
    text: str
    thread_id: str
    thread_login: str


@dataclass(frozen=True, slots=True)
class Message(RoomEvent):
    """Something said in a room."""

    type: ClassVar[str] = "message"
    id: str
    sent_at: str
    user: Person
    text: str
    action: bool = False  # `/me`: something he does
    emotes: tuple[EmoteUse, ...] = ()
    reply: Quote | None = None
    announcement: str = ""  # the colour of what a moderator announces
    seq: int = 0

    def fields(self) -> Json:
        """What most messages are not, is named only where it is so; emotes as {picture: [[begin, end], …]}."""
        body: Json = {"id": self.id, "sent_at": self.sent_at, "user": self.user.fields(), "text": self.text}
        if self.action:
            body["action"] = True
        if self.emotes:
            body["emotes"] = by_picture(self.emotes)
        if self.reply is not None:
            body["reply"] = asdict(self.reply)
        if self.announcement:
            body["announcement"] = self.announcement
        return body

    def to_json(self) -> str:
        head, tail = self.around_seq()
        return f"{head}{self.seq}{tail}"

    @classmethod
    def from_json(cls, text: str | bytes) -> "Message | None":
        """The message in `text`, or None when it is another kind of event."""
        body = json.loads(text)
        if body.get("type") != cls.type:
            return None
        return cls(
            id=body["id"],
            sent_at=body["sent_at"],
            user=Person.from_fields(body["user"]),
            text=body["text"],
            action="action" in body,
            emotes=from_pictures(body.get("emotes", {})),
            reply=Quote(**body["reply"]) if "reply" in body else None,
            announcement=body.get("announcement", ""),
            seq=body["seq"],
        )


@dataclass(frozen=True, slots=True)
class MessageRemoved(RoomEvent):
    """A moderator removed the message with this id, at this place."""

    type: ClassVar[str] = "message_removed"
    id: str
    message_seq: int
    login: str  # of who said it
    seq: int = 0


@dataclass(frozen=True, slots=True)
class UserRemoved(RoomEvent):
    """Someone was timed out for `seconds`, or banned (None): all he said before is removed."""

    type: ClassVar[str] = "user_removed"
    user_id: int
    login: str
    seconds: int | None
    seq: int = 0


@dataclass(frozen=True, slots=True)
class RoomCleared(RoomEvent):
    """A moderator removed everything that was said before."""

    type: ClassVar[str] = "room_cleared"
    seq: int = 0


@dataclass(frozen=True, slots=True)
class RoomState(RoomEvent):
    """The room is run differently from here on."""

    type: ClassVar[str] = "room_state"
    modes: RoomPolicy
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Pin:
    """A message that a moderator pinned above the others. `until` is an ISO time, None without end."""

    message: Json
    by: str
    until: str | None


@dataclass(frozen=True, slots=True)
class PinChanged(RoomEvent):
    """What is pinned from here on; None: nothing."""

    type: ClassVar[str] = "pin_changed"
    pin: Pin | None
    seq: int = 0


@dataclass(frozen=True, slots=True)
class PollState:
    """A poll as everyone sees it; `votes` has a number for each choice."""

    id: int
    question: str
    choices: tuple[str, ...]
    votes: tuple[int, ...]
    ends_at: str
    ended: bool = False


@dataclass(frozen=True, slots=True)
class PollChanged(RoomEvent):
    """A poll began or ended. Between the two `poll_progress` tells its votes, outside the room's order."""

    type: ClassVar[str] = "poll_changed"
    poll: PollState
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Raided(RoomEvent):
    """Another channel's viewers have arrived; `user` is who sent them, `picture` his avatar's address or nothing."""

    type: ClassVar[str] = "raided"
    id: str
    sent_at: str
    user: Person
    viewers: int
    picture: str = ""
    seq: int = 0

    def fields(self) -> Json:
        body: Json = {"id": self.id, "sent_at": self.sent_at, "user": self.user.fields(), "viewers": self.viewers}
        return body | {"picture": self.picture}


@dataclass(frozen=True, slots=True)
class RaidCancelled(RoomEvent):
    """The broadcaster's raid, which was counting down, is off."""

    type: ClassVar[str] = "raid_cancelled"
    id: str
    sent_at: str
    user: Person
    seq: int = 0

    def fields(self) -> Json:
        return {"id": self.id, "sent_at": self.sent_at, "user": self.user.fields()}


@dataclass(frozen=True, slots=True)
class Held(Event):
    """To moderators: this message waits for them. `score`: how much it looks like spam, from 0 to 1."""

    type: ClassVar[str] = "held"
    message: Json
    score: float


@dataclass(frozen=True, slots=True)
class HeldDecided(Event):
    """To moderators: it waits no longer."""

    type: ClassVar[str] = "held_decided"
    id: str
    approved: bool
    by: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Why this person may not speak at present, as a refusal would say it."""

    rule: str
    text: str
    retry_after: float | None


@dataclass(frozen=True, slots=True)
class Hello(Event):
    """The first thing on a connection. Messages with a seq up to `seq` that follow are history."""

    type: ClassVar[str] = "hello"
    channel_id: int
    you: Person | None
    seq: int
    connected: bool
    text_max: int
    modes: RoomPolicy
    standing: Standing | None
    badges: dict[str, str]  # subscribers' badges of this room: name to picture
    pin: Json | None = None
    poll: Json | None = None


@dataclass(frozen=True, slots=True)
class SignedIn(Event):
    """The API token was right; from now on the connection speaks as `you`."""

    type: ClassVar[str] = "signed_in"
    you: Person


@dataclass(frozen=True, slots=True)
class Ack(Event):
    """The message is published, as this id and at this place."""

    type: ClassVar[str] = "ack"
    nonce: str | None
    id: str
    seq: int

    def to_json(self) -> str:
        return _encode({"type": self.type, "nonce": self.nonce, "id": self.id, "seq": self.seq})


@dataclass(frozen=True, slots=True)
class Done(Event):
    """The command with this nonce was carried out."""

    type: ClassVar[str] = "done"
    nonce: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Refused(Event):
    """It was not published. `retry_after` is in seconds, None when trying again will not help.

    `code` says of a command more closely what was wrong with it.
    """

    type: ClassVar[str] = "refused"
    nonce: str | None
    rule: str
    text: str
    retry_after: float | None = None
    code: str | None = None

    def to_json(self) -> str:
        body = {"type": self.type, **asdict(self)}
        if self.code is None:
            del body["code"]
        return _encode(body)


@dataclass(frozen=True, slots=True)
class Gap(Event):
    """These events were not sent to this client: `first` to `last`, both included."""

    type: ClassVar[str] = "gap"
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Status(Event):
    """Whether the gateway hears the room. While it does not, nothing can be said and nothing is lost."""

    type: ClassVar[str] = "status"
    connected: bool


@dataclass(frozen=True, slots=True)
class Sampled(Event):
    """The room is faster than anybody reads: from here on some of its messages are shown, about so many a second.

    With `active` false: all are shown again. Has no place in the room's order; skipped numbers are no loss.
    """

    type: ClassVar[str] = "sampled"
    active: bool
    per_second: int


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """Something this client should know."""

    type: ClassVar[str] = "notice"
    code: str
    text: str
