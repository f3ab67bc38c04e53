"""What moderators can do in a room. Each act is in the database, in Redis for the publish script, and told to the room,
or it did not happen: the database's transaction ends after Redis has taken it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from chat import pinning
from chat.acts import check_broadcaster, check_may_act, check_moderator, find_message, note_act, perform, user_called
from chat.core.blocked_terms import is_term
from chat.core.events import MessageRemoved, RoomCleared, RoomState, UserRemoved
from chat.core.policy import RoomPolicy, with_shield
from chat.core.roles import Role
from chat.core.text import storable
from chat.limits import (
    ACCOUNT_MAX_SECONDS,
    DELAY_MAX_SECONDS,
    FOLLOWERS_MAX_SECONDS,
    HELD_FROM,
    REASON_MAX,
    SLOW_MAX_SECONDS,
    TERM_MAX,
    TERM_MAX_WORDS,
    TERMS_MAX,
    TIMEOUT_MAX_SECONDS,
)
from chat.membership import role_in_room
from chat.models import Ban, BlockedTerm, ChatMessage, RoomModes, RoomRole
from chat.orders import sign_out_of_room
from common.errors import Conflict, InvalidInput
from streaming.models import Channel

WARNED = -1  # until he acknowledges it: among the times until when someone may not speak
MODERATORS_MAX = 500  # in one room, VIPs included
UPPER_BOUNDS = {
    "slow_seconds": SLOW_MAX_SECONDS,
    "followers_seconds": FOLLOWERS_MAX_SECONDS,
    "account_seconds": ACCOUNT_MAX_SECONDS,
    "automod_level": max(HELD_FROM),
    "delay_seconds": DELAY_MAX_SECONDS,
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
def warn_user(*, room: Channel, actor: User, login: str, reason: str) -> Ban:
    """Tell someone why; he writes again when he has acknowledged it. What he said stays."""
    target = user_called(login)
    check_may_act(room, actor, target)
    reason = reason.strip()[:REASON_MAX]
    if not reason:
        raise InvalidInput("Say what the warning is for.")
    if Ban.objects.in_force().filter(room=room, user=target, warning=False).exists():
        raise Conflict(f"{target} cannot write here anyway.")
    warning = _put_on_record(room, actor, target, reason, until=None, warning=True)
    note_act(room, actor, "warn", target, reason)
    perform(room, None, ban=(target.pk, str(WARNED)))
    transaction.on_commit(lambda: sign_out_of_room(room_id=room.pk, user_id=target.pk))
    return warning


@transaction.atomic
def acknowledge_warning(*, room: Channel, user: User) -> None:
    """He has read it and may write again; nothing happens where he was not warned."""
    warnings = Ban.objects.filter(room=room, user=user, lifted_at=None, warning=True)
    if warnings.update(lifted_at=timezone.now()):
        perform(room, None, ban=(user.pk, ""))
        transaction.on_commit(lambda: sign_out_of_room(room_id=room.pk, user_id=user.pk))


@transaction.atomic
def unban_user(*, room: Channel, actor: User, login: str) -> None:
    """Lift a ban or a time-out; nothing happens where there is none."""
    check_moderator(room, actor)
    target = user_called(login)
    if not Ban.objects.filter(room=room, user=target, lifted_at=None).update(lifted_at=timezone.now()):
        return  # someone was first
    note_act(room, actor, "unban", target)
    perform(room, None, ban=(target.pk, ""))
    transaction.on_commit(lambda: sign_out_of_room(room_id=room.pk, user_id=target.pk))


@transaction.atomic
def remove_message(*, room: Channel, actor: User, message_id: str) -> None:
    """Take one message away from everyone's eyes."""
    message = find_message(room, message_id)
    author = User.objects.filter(pk=message.user.id).first()
    check_may_act(room, actor, author, own=True)
    ChatMessage.objects.filter(pk=message_id, room=room, removed_at=None).update(removed_at=timezone.now())
    note_act(room, actor, "remove", author, details={"message": message_id})
    perform(room, MessageRemoved(id=message_id, message_seq=message.seq, login=message.user.login))
    pinning.take_down(room, lambda pinned: bool(pinned["id"] == message_id))


@transaction.atomic
def clear_room(*, room: Channel, actor: User) -> None:
    """Take everything that was said away from everyone's eyes."""
    check_moderator(room, actor)
    note_act(room, actor, "clear", None)
    perform(room, RoomCleared())
    pinning.take_down(room, lambda pinned: True)


@transaction.atomic
def change_modes(*, room: Channel, actor: User, changes: dict[str, Any]) -> RoomPolicy:
    """Run the room differently. `changes` are fields of RoomPolicy."""
    check_moderator(room, actor)
    _check_changes(changes)
    modes = _lock_modes(room)
    now, saved, before = modes.shield, modes.shield_set, modes.before_shield
    changes, switched_on = with_shield(changes, now=now, saved=saved, before=before)
    if switched_on:
        modes.before_shield = {name: getattr(modes, name) for name in saved}
    for name, value in changes.items():
        setattr(modes, name, value)
    modes.version += 1
    modes.save()
    note_act(room, actor, "modes", None, details=changes)
    policy = modes.policy()
    perform(room, RoomState(policy), version=str(policy.version))
    return policy


@transaction.atomic
def save_shield(*, room: Channel, actor: User) -> dict[str, Any]:
    """From now on shield mode turns on the modes as they are now, besides what it always does."""
    check_moderator(room, actor)
    modes = _lock_modes(room)
    if modes.shield:
        raise Conflict("End shield mode first; then set the modes that it is to turn on.")
    ordinary = RoomPolicy()
    names = RoomPolicy.__dataclass_fields__.keys() - {"version", "shield"}
    saved = {name: value for name in names if (value := getattr(modes, name)) != getattr(ordinary, name)}
    modes.shield_set = saved
    modes.save(update_fields=["shield_set"])
    note_act(room, actor, "shieldset", None, details=saved)
    return saved


@transaction.atomic
def block_term(*, room: Channel, actor: User, text: str) -> BlockedTerm:
    """Refuse messages with this term from now on; nothing happens where it is blocked already."""
    check_moderator(room, actor)
    text = " ".join(storable(text).split()).lower()
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
    check_moderator(room, actor)
    text = " ".join(storable(text).split()).lower()
    deleted, _ = BlockedTerm.objects.filter(room=room, text=text).delete()
    if deleted:
        note_act(room, actor, "unblock", None, details={"term": text})
        renew_policy(room=room)


@transaction.atomic
def grant_role(*, room: Channel, actor: User, login: str, role: Role) -> None:
    """Make someone moderator or VIP. Only the broadcaster and staff may."""
    check_broadcaster(room, actor)
    target = user_called(login)
    if role not in {Role.VIP, Role.MODERATOR}:
        raise InvalidInput("One can be made moderator or VIP.")
    if role_in_room(room=room, user=target) > Role.MODERATOR:
        raise Conflict(f"{target} is more than that already.")
    if Ban.objects.in_force().filter(room=room, user=target, warning=False).exists():
        raise Conflict(f"{target} is banned here. Lift the ban first.")
    if RoomRole.objects.filter(room=room).count() >= MODERATORS_MAX:
        raise Conflict(f"A room can have {MODERATORS_MAX} moderators and VIPs.")
    RoomRole.objects.update_or_create(room=room, user=target, defaults={"role": role})
    note_act(room, actor, role.name.lower(), target)
    transaction.on_commit(lambda: sign_out_of_room(room_id=room.pk, user_id=target.pk))


@transaction.atomic
def revoke_role(*, room: Channel, actor: User, login: str, role: Role) -> None:
    """The person is moderator or VIP no longer; nothing happens where he was not."""
    target = user_called(login)
    if target.pk != actor.pk:  # everyone may lay down his own
        check_broadcaster(room, actor)
    deleted, _ = RoomRole.objects.filter(room=room, user=target, role=role).delete()
    if deleted:
        note_act(room, actor, f"un{role.name.lower()}", target)
        transaction.on_commit(lambda: sign_out_of_room(room_id=room.pk, user_id=target.pk))


def read_bans(*, room_id: int) -> dict[int, int]:
    """Who may not speak in the room, until when (Unix milliseconds, 0: for good, WARNED: until he acknowledges it)."""
    bans = Ban.objects.in_force().filter(room_id=room_id)
    return {ban.user_id: WARNED if ban.warning else _until_ms(ban) for ban in bans}


def renew_policy(*, room: Channel) -> None:
    """What the room's messages are decided by has changed: gateways read it again before the next one."""
    perform(room, None, version=_next_version(room))


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
    target = user_called(login)
    check_may_act(room, actor, target)
    reason = reason.strip()[:REASON_MAX]
    now = timezone.now()
    until = None if seconds is None else now + timedelta(seconds=seconds)
    ban = _put_on_record(room, actor, target, reason, until=until)
    RoomRole.objects.filter(room=room, user=target).delete()
    note_act(room, actor, "ban" if seconds is None else "timeout", target, reason, {"seconds": seconds})
    perform(room, UserRemoved(target.pk, target.login, seconds), ban=(target.pk, str(_until_ms(ban))))
    pinning.take_down(room, lambda pinned: bool(pinned["user"]["id"] == target.pk))
    transaction.on_commit(lambda: sign_out_of_room(room_id=room.pk, user_id=target.pk))
    return ban


def _put_on_record(
    room: Channel, actor: User, target: User, reason: str, *, until: datetime | None, warning: bool = False
) -> Ban:
    """In place of what was in force before."""
    Ban.objects.filter(room=room, user=target, lifted_at=None).update(lifted_at=timezone.now())
    try:
        with transaction.atomic():
            return Ban.objects.create(room=room, user=target, by=actor, reason=reason, until=until, warning=warning)
    except IntegrityError:  # two moderators at the same moment
        raise Conflict(f"Someone else is dealing with {target} right now.") from None


def _until_ms(ban: Ban) -> int:
    return round(ban.until.timestamp() * 1000) if ban.until else 0


def _check_changes(changes: dict[str, Any]) -> None:
    known = RoomPolicy.__dataclass_fields__
    for name, value in changes.items():
        if name not in known or name == "version":
            raise InvalidInput(f"There is no mode called {name[:40]}.")
        if type(value) is not type(getattr(RoomPolicy(), name)):
            raise InvalidInput(f"{name} is not set like that.")
        if isinstance(value, int) and not 0 <= value <= UPPER_BOUNDS.get(name, 1):
            raise InvalidInput(f"{name} can be 0 to {UPPER_BOUNDS[name]}.")
