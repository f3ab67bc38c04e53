"""What may be said: facts in, decision out. No clock, no socket, no database."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from chat.core.blocked_terms import NO_TERMS, BlockedTerms
from chat.core.emotes import NO_EMOTES, EmoteTable, EmoteUse, is_only_emotes
from chat.core.policy import RoomPolicy
from chat.core.roles import Role
from chat.core.spam import spam_score
from chat.core.text import clean_text, count_graphemes, has_link, words_of
from chat.limits import (
    BROADCASTER_MESSAGES,
    BROADCASTER_WINDOW_SECONDS,
    HELD_FROM,
    ROOM_MESSAGES_PER_SECOND,
    SHIELD_FOLLOWED_SECONDS,
    SHIELD_SLOW_SECONDS,
    TEXT_MAX_BYTES,
    TEXT_MAX_GRAPHEMES,
    UNIQUE_SECONDS,
)


class Rule(StrEnum):
    """The names a refusal carries; clients rely on them."""

    SIGN_IN = "sign_in"
    EMPTY = "empty"
    LENGTH = "length"
    CHARACTERS = "characters"
    BANNED = "banned"
    TIMEOUT = "timeout"
    WARNED = "warned"
    HELD = "held"
    SHIELD = "shield"
    VERIFIED_EMAIL = "verified_email"
    ACCOUNT_AGE = "account_age"
    FOLLOWERS_ONLY = "followers_only"
    SUBSCRIBERS_ONLY = "subscribers_only"
    LINKS = "links"
    EMOTE_ONLY = "emote_only"
    BLOCKED_TERM = "blocked_term"
    UNIQUE_CHAT = "unique_chat"
    SLOW = "slow"
    COMMAND = "command"
    PERMISSION = "permission"
    RATE_USER = "rate_user"
    RATE_ROOM = "rate_room"
    RATE_GATEWAY = "rate_gateway"
    RATE_CONNECTION = "rate_connection"
    REPLY = "reply"
    POLL = "poll"
    VOTED = "voted"
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
    """A signed-in person as the rules see him. Times are Unix seconds; `followed_at` is None who does not follow."""

    user_id: int
    login: str
    display_name: str
    role: Role = Role.VIEWER
    account_created_at: float = 0.0
    email_verified: bool = False
    followed_at: float | None = None
    months: int = 0  # for so long he has subscribed; 0: he does not
    badges: tuple[str, ...] = ()
    color: str = ""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be published for whom, and what the publish script still has to hold it against.

    `slow_seconds` must have passed since he last spoke, and `words` must not have been said in the room lately (None:
    they may be repeated).
    """

    speaker: Speaker
    text: str
    user_limit: RateLimit
    room_limit: RateLimit
    policy_version: int = 0
    slow_seconds: int = 0
    words: str | None = None
    emotes: tuple[EmoteUse, ...] = ()
    suspicion: float | None = None  # a moderator has to see it first: how much it looks like spam


RETRY_SECONDS = 2.0  # when chat itself is in the way
BROADCASTER_LIMIT = RateLimit(BROADCASTER_MESSAGES, BROADCASTER_WINDOW_SECONDS)
ROOM_LIMIT = RateLimit(ROOM_MESSAGES_PER_SECOND, 1)


def decide(
    text: str,
    speaker: Speaker | None,
    policy: RoomPolicy,
    *,
    now: float,
    viewer_limit: RateLimit,
    terms: BlockedTerms = NO_TERMS,
    emotes: EmoteTable = NO_EMOTES,
) -> Allowance | Refusal:
    """Whether `speaker` (None: not signed in) may say `text` at `now` (Unix seconds)."""
    if speaker is None:
        return refuse_stranger()
    refusal = check_text(text)
    bound = not speaker.role.is_trusted
    if refusal is None and bound:
        refusal = next(filter(None, (check(text, speaker, policy, now) for check in MODES)), None)
    if refusal is None and not speaker.role.may_moderate and terms.found_in(text):
        refusal = Refusal(Rule.BLOCKED_TERM, "There is a word in that message which this chat does not want to read.")
    if refusal is not None:
        return refusal
    clean = clean_text(text)
    uses = emotes.find_in(clean)
    if bound and policy.emote_only and not is_only_emotes(clean, uses):
        return Refusal(Rule.EMOTE_ONLY, "Only emotes and emoji can be written in this chat at the moment.")
    return Allowance(
        speaker,
        clean,
        BROADCASTER_LIMIT if speaker.role.may_moderate else viewer_limit,
        ROOM_LIMIT,
        policy.version,
        slow_seconds=_slow_seconds(policy) if bound else 0,
        words=words_of(clean) if bound and policy.unique_chat else None,
        emotes=uses,
        suspicion=_suspicion(clean, policy) if bound else None,
    )


def _suspicion(clean: str, policy: RoomPolicy) -> float | None:
    """The score of a message that the room's level holds back."""
    least = HELD_FROM.get(policy.automod_level)
    score = 0.0 if least is None else spam_score(clean)
    return score if least is not None and score >= least else None


def _slow_seconds(policy: RoomPolicy) -> int:
    return max(policy.slow_seconds, SHIELD_SLOW_SECONDS if policy.shield else 0)


def _check_shield(_text: str, speaker: Speaker, policy: RoomPolicy, now: float) -> Refusal | None:
    if not policy.shield or (speaker.followed_at is not None and now - speaker.followed_at >= SHIELD_FOLLOWED_SECONDS):
        return None
    return Refusal(Rule.SHIELD, "This chat is protected for the moment: only long-standing followers can write.")


def _check_email(_text: str, speaker: Speaker, policy: RoomPolicy, _now: float) -> Refusal | None:
    if not policy.verified_email or speaker.email_verified:
        return None
    return Refusal(Rule.VERIFIED_EMAIL, "Confirm your e-mail address to chat here.")


def _check_account_age(_text: str, speaker: Speaker, policy: RoomPolicy, now: float) -> Refusal | None:
    wait = speaker.account_created_at + policy.account_seconds - now
    if wait <= 0:
        return None
    age = spoken_duration(policy.account_seconds)
    return Refusal(Rule.ACCOUNT_AGE, f"Your account must be {age} old to chat here.", wait)


def _check_follower(_text: str, speaker: Speaker, policy: RoomPolicy, now: float) -> Refusal | None:
    if not policy.followers_only:
        return None
    if speaker.followed_at is None:
        return Refusal(Rule.FOLLOWERS_ONLY, "Only followers can chat here. Follow the channel to join in.")
    wait = speaker.followed_at + policy.followers_seconds - now
    if wait <= 0:
        return None
    age = spoken_duration(policy.followers_seconds)
    return Refusal(Rule.FOLLOWERS_ONLY, f"Only those who have followed for {age} can chat here.", wait)


def _check_subscriber(_text: str, speaker: Speaker, policy: RoomPolicy, _now: float) -> Refusal | None:
    if not policy.subscribers_only or speaker.months:
        return None
    return Refusal(Rule.SUBSCRIBERS_ONLY, "Only subscribers can chat here.")


def _check_links(text: str, _speaker: Speaker, policy: RoomPolicy, _now: float) -> Refusal | None:
    if policy.links_allowed or not has_link(text):
        return None
    return Refusal(Rule.LINKS, "Links are not allowed in this chat.")


# In the order in which a reason is told: what he cannot change first.
MODES: tuple[Callable[[str, Speaker, RoomPolicy, float], Refusal | None], ...] = (
    _check_shield,
    _check_email,
    _check_account_age,
    _check_follower,
    _check_subscriber,
    _check_links,
)


def spoken_duration(seconds: float) -> str:
    """`90` as “2 minutes”: rounded up to the largest unit that fits."""
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = -(-int(seconds) // size)
            return f"{count} {name}" + ("" if count == 1 else "s")
    return "a moment"


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
        Rule.SLOW: "This chat is in slow mode.",
        Rule.UNIQUE_CHAT: f"This was said here within the last {spoken_duration(UNIQUE_SECONDS)}. Say it differently.",
        Rule.TIMEOUT: "You have been timed out in this chat.",
    }
    return Refusal(rule, texts[rule], max(0.1, -(-retry_after * 10 // 1) / 10))


def refuse_stranger() -> Refusal:
    return Refusal(Rule.SIGN_IN, "Sign in to chat.")


def refuse_gone() -> Refusal:
    return Refusal(Rule.REPLY, "The message you are answering is no longer there.")


def refuse_unavailable() -> Refusal:
    return Refusal(Rule.UNAVAILABLE, "Chat is not connected right now. Try again in a moment.", RETRY_SECONDS)


def refuse_warned(reason: str = "") -> Refusal:
    why = f": {reason.rstrip('.')}" if reason else ""
    return Refusal(
        Rule.WARNED, f"A moderator warns you{why}. /acknowledge says that you have read it; then you can write."
    )


def refuse_held() -> Refusal:
    return Refusal(Rule.HELD, "A moderator looks at your message first. Nobody else sees it until then.")


def refuse_banned() -> Refusal:
    return Refusal(Rule.BANNED, "You are banned from this chat.")
