"""What moderators can do in a room. Each act is in the database, in Redis for the publish script, and told to the room,
or it did not happen: the database's transaction ends after Redis has taken it.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from chat import redis_keys
from chat.core.blocked_terms import is_term
from chat.core.events import Message, MessageRemoved, RoomCleared, RoomEvent, RoomState, UserRemoved
from chat.core.policy import RoomPolicy
from chat.core.roles import Role, may_act_on
from chat.limits import (
    ACCOUNT_MAX_SECONDS,
    FOLLOWERS_MAX_SECONDS,
    HISTORY_LENGTH,
    LOG_LENGTH,
    REASON_MAX,
    ROOM_KEYS_SECONDS,
    SLOW_MAX_SECONDS,
    TERM_MAX,
    TERM_MAX_WORDS,
    TERMS_MAX,
    TIMEOUT_MAX_SECONDS,
)
from chat.membership import role_in_room
from chat.models import Ban, BlockedTerm, ChatMessage, ModeratorAct, RoomModes, RoomRole
from chat.orders import sign_out_of_room
from chat.scripts import MODERATE
from common.errors import Conflict, InvalidInput, NotAllowed, NotThere
from common.redis import redis_client
from streaming.models import Channel

MODERATORS_MAX = 500  # in one room, VIPs included
UPPER_BOUNDS = {
    "slow_seconds": SLOW_MAX_SECONDS,
    "followers_seconds": FOLLOWERS_MAX_SECONDS,
    "account_seconds": ACCOUNT_MAX_SECONDS,
}


@transaction.atomic
def time_out_user(*, room: Channel, actor: User, login: str, seconds: int, reason: str = "") -> Ban:
    """Silence someone for `seconds` and remove what he said."""
    if not 1 <= seconds <= TIMEOUT_MAX_SECONDS:
        raise InvalidInput("A time-out is 1 second to 2 weeks long; for longer use a ban.")
    return _silence(room, actor, login, seconds, reason)


@transaction.atomic
def ban_user(*, room: Channel, actor: User, login: str, reason: str = "") -> Ban:
    """Silence someone for good and remove what he said."""
    return _silence(room, actor, login, None, reason)


@transaction.atomic
def unban_user(*, room: Channel, actor: User, login: str) -> None:
    """Lift a ban or a time-out; nothing happens where there is none."""
    _check_moderator(room, actor)
    target = _user(login)
    if not Ban.objects.filter(room=room, user=target, lifted_at=None).update(lifted_at=timezone.now()):
        return  # someone was first
    note_act(room, actor, "unban", target)
    _act(room, None, ban=(target.pk, ""))
    transaction.on_commit(lambda: sign_out_of_room(room_id=room.pk, user_id=target.pk))


@transaction.atomic
def remove_message(*, room: Channel, actor: User, message_id: str) -> None:
    """Take one message away from everyone's eyes."""
    author_id, seq = _find_message(room, message_id)
    author = User.objects.filter(pk=author_id).first() if author_id is not None else None
    _check_may_act(room, actor, author, own=True)
    ChatMessage.objects.filter(pk=message_id, room=room, removed_at=None).update(removed_at=timezone.now())
    note_act(room, actor, "remove", author, details={"message": message_id})
    _act(room, MessageRemoved(id=message_id, message_seq=seq, login=author.login if author else ""))


@transaction.atomic
def clear_room(*, room: Channel, actor: User) -> None:
    """Take everything that was said away from everyone's eyes."""
    _check_moderator(room, actor)
    note_act(room, actor, "clear", None)
    _act(room, RoomCleared())


@transaction.atomic
def change_modes(*, room: Channel, actor: User, changes: dict[str, Any]) -> RoomPolicy:
    """Run the room differently. `changes` are fields of RoomPolicy."""
    _check_moderator(room, actor)
    _check_changes(changes)
    modes = _lock_modes(room)
    for name, value in changes.items():
        setattr(modes, name, value)
    modes.version += 1
    modes.save()
    note_act(room, actor, "modes", None, details=changes)
    policy = modes.policy()
    _act(room, RoomState(policy), version=str(policy.version))
    return policy


@transaction.atomic
def block_term(*, room: Channel, actor: User, text: str) -> BlockedTerm:
    """Refuse messages with this term from now on; nothing happens where it is blocked already."""
    _check_moderator(room, actor)
    text = " ".join(text.split()).lower()
    if len(text) > TERM_MAX or not is_term(text):
        raise InvalidInput(f"A term is 1 to {TERM_MAX_WORDS} words and at most {TERM_MAX} characters.")
    if BlockedTerm.objects.filter(room=room).count() >= TERMS_MAX:
        raise Conflict(f"A chat can block {TERMS_MAX} terms. Remove one first.")
    term, created = BlockedTerm.objects.get_or_create(room=room, text=text)
    if created:
        note_act(room, actor, "block", None, details={"term": text})
        renew_policy(room=room)
    return term


@transaction.atomic
def unblock_term(*, room: Channel, actor: User, text: str) -> None:
    """Allow it again; nothing happens where it was not blocked."""
    _check_moderator(room, actor)
    text = " ".join(text.split()).lower()
    deleted, _ = BlockedTerm.objects.filter(room=room, text=text).delete()
    if deleted:
        note_act(room, actor, "unblock", None, details={"term": text})
        renew_policy(room=room)


@transaction.atomic
def grant_role(*, room: Channel, actor: User, login: str, role: Role) -> None:
    """Make someone moderator or VIP. Only the broadcaster and staff may."""
    _check_broadcaster(room, actor)
    target = _user(login)
    if role not in {Role.VIP, Role.MODERATOR}:
        raise InvalidInput("One can be made moderator or VIP.")
    if role_in_room(room=room, user=target) > Role.MODERATOR:
        raise Conflict(f"{target} is more than that already.")
    if Ban.objects.in_force().filter(room=room, user=target).exists():
        raise Conflict(f"{target} is banned here. Lift the ban first.")
    if RoomRole.objects.filter(room=room).count() >= MODERATORS_MAX:
        raise Conflict(f"A room can have {MODERATORS_MAX} moderators and VIPs.")
    RoomRole.objects.update_or_create(room=room, user=target, defaults={"role": role})
    note_act(room, actor, role.name.lower(), target)
    transaction.on_commit(lambda: sign_out_of_room(room_id=room.pk, user_id=target.pk))


@transaction.atomic
def revoke_role(*, room: Channel, actor: User, login: str, role: Role) -> None:
    """The person is moderator or VIP no longer; nothing happens where he was not."""
    target = _user(login)
    if target.pk != actor.pk:  # everyone may lay down his own
        _check_broadcaster(room, actor)
    deleted, _ = RoomRole.objects.filter(room=room, user=target, role=role).delete()
    if deleted:
        note_act(room, actor, f"un{role.name.lower()}", target)
        transaction.on_commit(lambda: sign_out_of_room(room_id=room.pk, user_id=target.pk))


def read_bans(*, room_id: int) -> dict[int, int]:
    """Who may not speak in the room, until when (Unix milliseconds, 0: for good)."""
    bans = Ban.objects.in_force().filter(room_id=room_id).values_list("user_id", "until")
    return {user_id: round(until.timestamp() * 1000) if until else 0 for user_id, until in bans}


def renew_policy(*, room: Channel) -> None:
    """What the room's messages are decided by has changed: gateways read it again before the next one."""
    _act(room, None, version=_next_version(room))


def note_act(
    room: Channel, actor: User, act: str, target: User | None, reason: str = "", details: dict[str, Any] | None = None
) -> None:
    """For the room's audit log."""
    ModeratorAct.objects.create(room=room, actor=actor, act=act, target=target, reason=reason, details=details or {})


# --- steps


def _lock_modes(room: Channel) -> RoomModes:
    RoomModes.objects.get_or_create(room=room)
    return RoomModes.objects.select_for_update().get(room=room)


def _next_version(room: Channel) -> str:
    """Gateways that decide by what was before are told so by the publish script."""
    modes = _lock_modes(room)
    modes.version += 1
    modes.save(update_fields=["version"])
    return str(modes.version)


def _silence(room: Channel, actor: User, login: str, seconds: int | None, reason: str) -> Ban:
    target = _user(login)
    _check_may_act(room, actor, target)
    reason = reason.strip()[:REASON_MAX]
    now = timezone.now()
    until = None if seconds is None else now + timedelta(seconds=seconds)
    Ban.objects.filter(room=room, user=target, lifted_at=None).update(lifted_at=now)
    try:
        with transaction.atomic():
            ban = Ban.objects.create(room=room, user=target, by=actor, reason=reason, until=until)
    except IntegrityError:  # two moderators at the same moment
        raise Conflict(f"Someone else is dealing with {target} right now.") from None
    RoomRole.objects.filter(room=room, user=target).delete()
    note_act(room, actor, "ban" if seconds is None else "timeout", target, reason, {"seconds": seconds})
    until_ms = "0" if until is None else str(round(until.timestamp() * 1000))
    _act(room, UserRemoved(target.pk, target.login, seconds), ban=(target.pk, until_ms))
    transaction.on_commit(lambda: sign_out_of_room(room_id=room.pk, user_id=target.pk))
    return ban


def _act(room: Channel, event: RoomEvent | None, *, ban: tuple[int | str, str] = ("", ""), version: str = "") -> None:
    """Run the script that makes it so. A Redis that is away raises, which takes the transaction back."""
    head, tail = event.around_seq() if event else ("", "")
    keys = (
        redis_keys.room_sequence(room.pk),
        redis_keys.room_history(room.pk),
        redis_keys.room_log(room.pk),
        redis_keys.room_feed(room.pk),
        redis_keys.room_bans(room.pk),
        redis_keys.room_policy(room.pk),
    )
    redis = redis_client()
    redis.zadd(redis_keys.logged_rooms(), {str(room.pk): timezone.now().timestamp()})
    MODERATE.run(redis, keys, (head, tail, ROOM_KEYS_SECONDS, HISTORY_LENGTH, LOG_LENGTH, *ban, version))


def _find_message(room: Channel, message_id: str) -> tuple[int | None, int]:
    """Its author and place: from the database, or from Redis while it is not stored yet."""
    try:
        UUID(message_id)
    except ValueError:
        raise InvalidInput("That is not the id of a message.") from None
    stored = ChatMessage.objects.filter(pk=message_id, room=room).values_list("sender_id", "seq").first()
    if stored is not None:
        return stored
    rows: Any = redis_client().xrevrange(redis_keys.room_history(room.pk), count=HISTORY_LENGTH)
    for _, fields in rows:
        message = Message.from_json(fields["e"]) if message_id in fields["e"] else None
        if message is not None and message.id == message_id:
            return message.user.id, message.seq
    raise NotThere("There is no such message here, or no longer.")


def _user(login: str) -> User:
    user = User.objects.filter(login=login.lower().removeprefix("@")).first()
    if user is None:
        raise NotThere(f"There is nobody called {login[:25]}.")
    return user


def _check_moderator(room: Channel, actor: User) -> Role:
    role = role_in_room(room=room, user=actor)
    if not role.may_moderate:
        raise NotAllowed("Only moderators of this chat may do that.")
    return role


def _check_broadcaster(room: Channel, actor: User) -> None:
    if role_in_room(room=room, user=actor) < Role.BROADCASTER:
        raise NotAllowed("Only the broadcaster may do that.")


def _check_may_act(room: Channel, actor: User, target: User | None, *, own: bool = False) -> None:
    """`own`: also on himself."""
    role = _check_moderator(room, actor)
    if target is None or (own and target.pk == actor.pk):
        return
    if target.pk == actor.pk:
        raise NotAllowed("You cannot do that to yourself.")
    if not may_act_on(role, role_in_room(room=room, user=target)):
        raise NotAllowed(f"{target} cannot be moderated by you.")


def _check_changes(changes: dict[str, Any]) -> None:
    known = RoomPolicy.__dataclass_fields__
    for name, value in changes.items():
        if name not in known or name == "version":
            raise InvalidInput(f"There is no mode called {name[:40]}.")
        if type(value) is not type(getattr(RoomPolicy(), name)):
            raise InvalidInput(f"{name} is not set like that.")
        if isinstance(value, int) and not 0 <= value <= UPPER_BOUNDS.get(name, 1):
            raise InvalidInput(f"{name} can be 0 to {UPPER_BOUNDS[name]}.")
