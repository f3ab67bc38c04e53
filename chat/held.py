"""Messages that look like spam wait here until a moderator lets them through, or their time is over."""

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat.acts import check_moderator, note_act, perform
from chat.core.events import Held, HeldDecided, Message
from chat.core.rules import Refusal, Rule, refuse_banned, refuse_held
from chat.limits import HELD_KEPT_SECONDS, HELD_MAX, HELD_PER_PERSON
from chat.models import Ban, HeldMessage
from chat.redis_connections import publish_to_room
from common.errors import Conflict, InvalidInput, NotThere
from streaming.models import Channel


def hold_message(*, room_id: int, message: Message, score: float) -> Refusal:
    """Show it to the room's moderators only; what its sender is told. Raises RedisError."""
    if Ban.objects.in_force().filter(room_id=room_id, user_id=message.user.id).exists():
        return refuse_banned()
    waiting = HeldMessage.objects.waiting().filter(room_id=room_id)
    if waiting.filter(sender_id=message.user.id).count() >= HELD_PER_PERSON or waiting.count() >= HELD_MAX:
        return Refusal(Rule.HELD, "Too many messages wait for the moderators already. This one was not kept.", 60)
    old = timezone.now() - timedelta(seconds=HELD_KEPT_SECONDS)
    HeldMessage.objects.filter(room_id=room_id, created_at__lt=old).delete()
    HeldMessage.objects.create(
        id=UUID(message.id), room_id=room_id, sender_id=message.user.id, message=message.fields(), score=score
    )
    _tell_moderators(room_id, Held(message.fields(), round(score, 2)).to_json())
    return refuse_held()


@transaction.atomic
def decide_held(*, room: Channel, actor: User, message_id: str, approve: bool) -> None:
    """Let it through, or not. What is let through is said now, at the end of what was said meanwhile."""
    check_moderator(room, actor)
    held = _take(room, actor, message_id, approve=approve)
    if approve and Ban.objects.in_force().filter(room=room, user=held.sender).exists():
        raise Conflict(f"{held.sender} cannot write here any more.")
    note_act(room, actor, "approve" if approve else "deny", held.sender, details={"message": message_id})
    if approve:
        said = Message.from_json(json.dumps({"type": Message.type, "seq": 0, **held.message}))
        if said is not None:
            now = timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
            perform(room, replace(said, sent_at=now))
    _tell_moderators(room.pk, HeldDecided(message_id, approve, actor.login).to_json())


def _take(room: Channel, actor: User, message_id: str, *, approve: bool) -> HeldMessage:
    try:
        waiting = HeldMessage.objects.waiting().filter(room=room, pk=UUID(message_id))
    except ValueError:
        raise InvalidInput("That is not the id of a message.") from None
    if not waiting.update(approved=approve, by=actor):
        raise NotThere("That message does not wait any more: someone was first, or its time is over.")
    return HeldMessage.objects.select_related("sender").get(pk=message_id)


def _tell_moderators(room_id: int, event: str) -> None:
    publish_to_room(room_id, f"m:{event}")
