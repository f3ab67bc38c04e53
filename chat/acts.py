"""What every act of a moderator is made of: who may, on whom, the note of it, and the script that makes it so."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from redis.exceptions import RedisError

from accounts.models import User
from chat import redis_keys
from chat.core.events import Message, Person, RoomEvent
from chat.core.removals import Entry, without_removed
from chat.core.replies import find_message as find_among
from chat.core.roles import Role, may_act_on
from chat.core.text import storable
from chat.limits import HISTORY_LENGTH, LOG_LENGTH, ROOM_KEYS_SECONDS
from chat.membership import role_in_room
from chat.models import ChatMessage, ModeratorAct
from chat.redis_connections import is_cluster, redis_client
from chat.scripts import MODERATE
from common.errors import InvalidInput, NotAllowed, NotThere
from streaming.models import Channel


def perform(
    room: Channel,
    event: RoomEvent | None,
    *,
    ban: tuple[int | str, str] = ("", ""),
    version: str = "",
    board: tuple[str, str] = ("", ""),
) -> None:
    """Run the script that makes it so. A Redis that is away raises, which takes the transaction back.

    `ban`: whose, until when; `version`: of the policy; `board`: what stands above the messages, as JSON.
    """
    head, tail = event.around_seq() if event else ("", "")
    keys = (
        redis_keys.room_sequence(room.pk),
        redis_keys.room_history(room.pk),
        redis_keys.room_log(room.pk),
        redis_keys.room_feed(room.pk),
        redis_keys.room_bans(room.pk),
        redis_keys.room_policy(room.pk),
        redis_keys.room_board(room.pk),
    )
    redis = redis_client()
    try:
        redis.zadd(redis_keys.logged_rooms(), {str(room.pk): timezone.now().timestamp()})
    except RedisError:
        if not is_cluster(redis):  # there it is another master than the room's: an act does not wait for it
            raise
    MODERATE.run(redis, keys, (head, tail, ROOM_KEYS_SECONDS, HISTORY_LENGTH, LOG_LENGTH, *ban, version, *board))


def find_message(room: Channel, message_id: str) -> Message:
    """A message that was not removed: from the database, or from Redis while it is not stored yet."""
    try:
        stored = ChatMessage.objects.filter(pk=UUID(message_id), room=room).first()
    except ValueError:
        raise InvalidInput("That is not the id of a message.", code="no_such_message") from None
    found = _as_said(stored) if stored else find_among(_remembered(room), message_id)
    if found is None or (stored and stored.removed_at):
        raise NotThere("There is no such message here, or no longer.", code="no_such_message")
    return found


def _as_said(row: ChatMessage) -> Message:
    sender = Person(row.sender_id or 0, row.login, row.display_name)
    return Message(id=str(row.pk), sent_at=row.sent_at.isoformat(), user=sender, text=row.text, seq=row.seq)


def _remembered(room: Channel) -> list[bytes]:
    rows: Any = redis_client().xrevrange(redis_keys.room_history(room.pk), count=HISTORY_LENGTH)
    entries: list[Entry] = [(int(number.partition("-")[0]), fields["e"].encode()) for number, fields in rows]
    return [event for _, event in without_removed(entries[::-1])]


def user_called(login: str) -> User:
    name = login.lower().removeprefix("@")
    user = User.objects.filter(login=name).first() if name == storable(name) else None
    if user is None:
        raise NotThere(f"There is nobody called {login[:25]}.", code="no_such_user")
    return user


def check_moderator(room: Channel, actor: User) -> Role:
    role = role_in_room(room=room, user=actor)
    if not role.may_moderate:
        raise NotAllowed("Only moderators of this chat may do that.")
    return role


def check_broadcaster(room: Channel, actor: User) -> None:
    if role_in_room(room=room, user=actor) < Role.BROADCASTER:
        raise NotAllowed("Only the broadcaster may do that.")


def check_may_act(room: Channel, actor: User, target: User | None, *, own: bool = False) -> None:
    """`own`: also on himself."""
    role = check_moderator(room, actor)
    if target is None or (own and target.pk == actor.pk):
        return
    if target.pk == actor.pk:
        raise NotAllowed("You cannot do that to yourself.", code="self")
    if not may_act_on(role, role_in_room(room=room, user=target)):
        raise NotAllowed(f"{target} cannot be moderated by you.", code="above")


def note_act(
    room: Channel, actor: User, act: str, target: User | None, reason: str = "", details: dict[str, Any] | None = None
) -> None:
    ModeratorAct.objects.create(room=room, actor=actor, act=act, target=target, reason=reason, details=details or {})
