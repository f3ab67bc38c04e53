"""Everything a room or the gateway says to a client: frozen messages and their JSON."""

import json
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

Json = dict[str, Any]


def _encode(body: Json) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Person:
    """Someone in a room as others see him."""

    id: int
    login: str
    display_name: str
    badges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A message to one client; its fields are its JSON."""

    type: ClassVar[str]

    def to_json(self) -> str:
        return _encode({"type": self.type, **asdict(self)})


@dataclass(frozen=True, slots=True)
class Message:
    """Something said in a room. `seq` is the room's order and is given by the publish script, hence `around_seq`."""

    type: ClassVar[str] = "message"
    id: str
    sent_at: str
    user: Person
    text: str
    seq: int = 0

    def to_json(self) -> str:
        head, tail = self.around_seq()
        return f"{head}{self.seq}{tail}"

    def around_seq(self) -> tuple[str, str]:
        """The JSON before and after the sequence number, so that it is encoded once and numbered inside Redis."""
        user = {
            "id": self.user.id,
            "login": self.user.login,
            "display_name": self.user.display_name,
            "badges": self.user.badges,
        }
        tail = _encode({"id": self.id, "sent_at": self.sent_at, "user": user, "text": self.text})
        return f'{{"type":"{self.type}","seq":', "," + tail[1:]

    @classmethod
    def from_json(cls, text: str | bytes) -> "Message | None":
        """The message in `text`, or None when it is another kind of event."""
        body = json.loads(text)
        if body.get("type") != cls.type:
            return None
        user = body["user"]
        sender = Person(user["id"], user["login"], user["display_name"], tuple(user["badges"]))
        return cls(id=body["id"], sent_at=body["sent_at"], user=sender, text=body["text"], seq=body["seq"])


@dataclass(frozen=True, slots=True)
class Hello(Event):
    """The first thing on a connection. Messages with a seq up to `seq` that follow are history."""

    type: ClassVar[str] = "hello"
    channel_id: int
    you: Person | None
    seq: int
    connected: bool
    text_max: int


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


@dataclass(frozen=True, slots=True)
class Refused(Event):
    """It was not published. `retry_after` is in seconds, None when trying again will not help."""

    type: ClassVar[str] = "refused"
    nonce: str | None
    rule: str
    text: str
    retry_after: float | None = None


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
class Notice(Event):
    """Something this client should know."""

    type: ClassVar[str] = "notice"
    code: str
    text: str
