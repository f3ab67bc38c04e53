"""What can be done in chat."""

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings

from chat.core.commands import action_of
from chat.core.events import Ack, Message, Person, Quote, Refused
from chat.core.message_ids import message_id
from chat.core.requests import Say
from chat.core.rules import Allowance, RateLimit, Refusal, Speaker, decide, refuse_unavailable
from chat.directory import RoomFacts
from chat.errors import DirectoryUnavailableError, RoomUnavailableError
from chat.limits import VIEWER_WINDOW_SECONDS
from chat.publish import RoomPublisher


@dataclass(frozen=True, slots=True)
class Suspect:
    """A message that the rules allow and that a moderator has to see first."""

    message: Message
    score: float


async def say(
    *, room: RoomFacts, speaker: Speaker | None, request: Say, publisher: RoomPublisher, quote: Quote | None = None
) -> Ack | Suspect | Refusal:
    """Publish what the speaker says, answer why not, or that a moderator has to see it first.

    `quote` is what it answers. Raises StalePolicyError when `room` is no longer like that.
    """
    now = time.time()
    action = None if request.plain else action_of(request.text)
    text = request.text if action is None else action
    allowance = decide(
        text, speaker, room.policy, now=now, viewer_limit=viewer_limit(), terms=room.terms, emotes=room.emotes
    )
    if isinstance(allowance, Refusal):
        return allowance
    message = _new_message(allowance, now, is_action=action is not None, quote=quote, announcement=request.announcement)
    if allowance.suspicion is not None:
        return Suspect(message, allowance.suspicion)
    try:
        outcome = await publisher.publish_message(
            room_id=room.room_id, message=message, nonce=request.nonce, allowance=allowance
        )
    except (RoomUnavailableError, DirectoryUnavailableError):
        return refuse_unavailable()
    if isinstance(outcome, Refusal):
        return outcome
    return Ack(nonce=request.nonce, id=outcome.id, seq=outcome.seq)


def refused(refusal: Refusal, nonce: str | None) -> Refused:
    return Refused(nonce=nonce, rule=refusal.rule, text=refusal.text, retry_after=refusal.retry_after)


def viewer_limit() -> RateLimit:
    """How much one viewer may say in a room; an operator can tune it."""
    return RateLimit(settings.CHAT_MESSAGES_PER_MINUTE, VIEWER_WINDOW_SECONDS)


def person(speaker: Speaker) -> Person:
    """The speaker as the others see him."""
    return Person(
        id=speaker.user_id,
        login=speaker.login,
        display_name=speaker.display_name,
        badges=speaker.badges,
        color=speaker.color,
        months=speaker.months,
    )


def _new_message(
    allowance: Allowance, now: float, *, is_action: bool, quote: Quote | None, announcement: str
) -> Message:
    return Message(
        id=str(message_id(unix_ms=int(now * 1000), random=secrets.randbits(74))),
        sent_at=datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        user=person(allowance.speaker),
        text=allowance.text,
        action=is_action,
        emotes=allowance.emotes,
        reply=quote,
        announcement=announcement,
    )
