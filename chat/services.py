"""What can be done in chat."""

import secrets
import time
from datetime import UTC, datetime

from django.conf import settings

from accounts.models import User
from chat.core.events import Ack, Message, Person, Refused
from chat.core.message_ids import message_id
from chat.core.requests import Say
from chat.core.rules import RateLimit, Refusal, Rule, Speaker, decide
from chat.directory import RoomFacts
from chat.errors import RoomUnavailableError
from chat.limits import VIEWER_WINDOW_SECONDS
from chat.publish import RoomPublisher

RETRY_UNAVAILABLE_SECONDS = 2.0


def speaker_in_room(*, user: User, room: RoomFacts) -> Speaker:
    """The user with his role in the room."""
    return Speaker(
        user_id=user.pk,
        login=user.login,
        display_name=user.display_name or user.login,
        is_broadcaster=user.pk == room.owner_id,
    )


async def say(*, room_id: int, speaker: Speaker | None, request: Say, publisher: RoomPublisher) -> Ack | Refused:
    """Publish what the speaker says, or answer why not."""
    allowance = decide(request.text, speaker, viewer_limit())
    if isinstance(allowance, Refusal):
        return refused(allowance, request.nonce)
    message = _new_message(allowance.speaker, allowance.text)
    try:
        outcome = await publisher.publish_message(
            room_id=room_id, message=message, nonce=request.nonce, allowance=allowance
        )
    except RoomUnavailableError:
        text = "Chat is not connected right now. Try again in a moment."
        return Refused(request.nonce, Rule.UNAVAILABLE, text, RETRY_UNAVAILABLE_SECONDS)
    if isinstance(outcome, Refusal):
        return refused(outcome, request.nonce)
    return Ack(nonce=request.nonce, id=outcome.id, seq=outcome.seq)


def refused(refusal: Refusal, nonce: str | None) -> Refused:
    return Refused(nonce=nonce, rule=refusal.rule, text=refusal.text, retry_after=refusal.retry_after)


def viewer_limit() -> RateLimit:
    """How much one viewer may say in a room; an operator can tune it."""
    return RateLimit(settings.CHAT_MESSAGES_PER_MINUTE, VIEWER_WINDOW_SECONDS)


def person(speaker: Speaker) -> Person:
    """The speaker as the others see him."""
    badges = ("broadcaster",) if speaker.is_broadcaster else ()
    return Person(id=speaker.user_id, login=speaker.login, display_name=speaker.display_name, badges=badges)


def _new_message(speaker: Speaker, text: str) -> Message:
    now = time.time()
    return Message(
        id=str(message_id(unix_ms=int(now * 1000), random=secrets.randbits(74))),
        sent_at=datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        user=person(speaker),
        text=text,
    )
