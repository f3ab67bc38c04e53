"""What may be said: facts in, decision out. No clock, no socket, no database."""

from dataclasses import dataclass
from enum import StrEnum

from chat.core.text import clean_text, count_graphemes
from chat.limits import (
    BROADCASTER_MESSAGES,
    BROADCASTER_WINDOW_SECONDS,
    ROOM_MESSAGES_PER_SECOND,
    TEXT_MAX_BYTES,
    TEXT_MAX_GRAPHEMES,
)


class Rule(StrEnum):
    """The names a refusal carries; clients rely on them."""

    SIGN_IN = "sign_in"
    EMPTY = "empty"
    LENGTH = "length"
    CHARACTERS = "characters"
    RATE_USER = "rate_user"
    RATE_ROOM = "rate_room"
    RATE_GATEWAY = "rate_gateway"
    RATE_CONNECTION = "rate_connection"
    FORMAT = "format"
    TOKEN = "token"  # noqa: S105  a rule's name, not a secret
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, in words for a person, and in how many seconds it may be tried again (None: it will not help)."""

    rule: Rule
    text: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `count` messages in any `seconds`."""

    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Speaker:
    """A signed-in person as the rules see him."""

    user_id: int
    login: str
    display_name: str
    is_broadcaster: bool = False


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be published for whom, and the limits that the publish script still has to hold it against."""

    speaker: Speaker
    text: str
    user_limit: RateLimit
    room_limit: RateLimit


BROADCASTER_LIMIT = RateLimit(BROADCASTER_MESSAGES, BROADCASTER_WINDOW_SECONDS)
ROOM_LIMIT = RateLimit(ROOM_MESSAGES_PER_SECOND, 1)


def decide(text: str, speaker: Speaker | None, viewer_limit: RateLimit) -> Allowance | Refusal:
    """Whether `speaker` (None: not signed in) may say `text`."""
    if speaker is None:
        return Refusal(Rule.SIGN_IN, "Sign in to chat.")
    refusal = check_text(text)
    if refusal:
        return refusal
    user_limit = BROADCASTER_LIMIT if speaker.is_broadcaster else viewer_limit
    return Allowance(speaker, clean_text(text), user_limit, ROOM_LIMIT)


def check_text(text: str) -> Refusal | None:
    """The reason `text` cannot be said by anyone, or None."""
    if any("\ud800" <= character <= "\udfff" for character in text):  # half of a pair: cannot be sent as UTF-8
        return Refusal(Rule.CHARACTERS, "That message has broken characters in it.")
    clean = clean_text(text)
    if not clean:
        return Refusal(Rule.EMPTY, "There is nothing in that message.")
    if count_graphemes(clean) > TEXT_MAX_GRAPHEMES:
        return Refusal(Rule.LENGTH, f"Messages can have at most {TEXT_MAX_GRAPHEMES} characters.")
    if len(clean.encode()) > TEXT_MAX_BYTES:
        return Refusal(Rule.LENGTH, f"Messages can have at most {TEXT_MAX_BYTES} bytes.")
    return None


def refuse_rate(rule: Rule, retry_after: float) -> Refusal:
    """The refusal for a limit that was found full; `retry_after` in seconds, rounded up to a tenth."""
    texts = {
        Rule.RATE_USER: "You are sending messages too quickly.",
        Rule.RATE_ROOM: "This chat is too busy right now.",
        Rule.RATE_GATEWAY: "Chat is too busy right now.",
        Rule.RATE_CONNECTION: "This connection is sending too much.",
    }
    return Refusal(rule, texts[rule], max(0.1, -(-retry_after * 10 // 1) / 10))
