"""Carries out what was typed after a slash; answers in one sentence."""

from functools import singledispatch

from django.utils import timezone

from accounts.models import User
from chat import held, markers, moderation, people, pinning, polls
from chat.core.commands import (
    Acknowledge,
    BanUser,
    Block,
    CancelRaid,
    Clear,
    Command,
    DecideHeld,
    EndPoll,
    Grant,
    Help,
    ListRole,
    Mark,
    PinMessage,
    Remove,
    SaveShield,
    SetColor,
    SetModes,
    StartPoll,
    StartRaid,
    TakeNote,
    Timeout,
    Unban,
    Unpin,
    Warn,
    help_text,
)
from chat.core.roles import Role
from chat.core.rules import spoken_duration
from chat.looks import set_color
from chat.membership import role_in_room
from chat.models import RoomRole
from streaming.models import Channel
from streaming.raids.services import cancel_raid, start_raid


def carry_out(*, room_id: int, user_id: int, command: Command) -> str:
    """Do what the user ordered. Raises DomainError when he may not, or when it cannot be done."""
    return _do(command, Channel.objects.select_related("owner").get(pk=room_id), User.objects.get(pk=user_id))


@singledispatch
def _do(command: Command, room: Channel, actor: User) -> str:
    raise NotImplementedError(command)


@_do.register
def _(command: Timeout, room: Channel, actor: User) -> str:
    moderation.time_out_user(
        room=room, actor=actor, login=command.login, seconds=command.seconds, reason=command.reason
    )
    return f"{command.login} cannot write for {spoken_duration(command.seconds)}."


@_do.register
def _(command: BanUser, room: Channel, actor: User) -> str:
    moderation.ban_user(room=room, actor=actor, login=command.login, reason=command.reason)
    return f"{command.login} is banned. /unban {command.login} lifts it."


@_do.register
def _(command: Warn, room: Channel, actor: User) -> str:
    moderation.warn_user(room=room, actor=actor, login=command.login, reason=command.reason)
    return f"{command.login} is warned, and writes again once he has read it."


@_do.register
def _(_command: Acknowledge, room: Channel, actor: User) -> str:
    moderation.acknowledge_warning(room=room, user=actor)
    return "You can write again."


@_do.register
def _(command: TakeNote, room: Channel, actor: User) -> str:
    people.add_note(room=room, actor=actor, login=command.login, text=command.text)
    return f"Noted about {command.login}, for moderators only."


@_do.register
def _(_command: SaveShield, room: Channel, actor: User) -> str:
    saved = moderation.save_shield(room=room, actor=actor)
    return f"/shield turns on {len(saved)} mode{'' if len(saved) == 1 else 's'} as they are now."


@_do.register
def _(command: DecideHeld, room: Channel, actor: User) -> str:
    held.decide_held(room=room, actor=actor, message_id=command.message_id, approve=command.approve)
    return "The message is said." if command.approve else "The message is not said."


@_do.register
def _(command: Unban, room: Channel, actor: User) -> str:
    moderation.unban_user(room=room, actor=actor, login=command.login)
    return f"{command.login} can write again."


@_do.register
def _(command: Remove, room: Channel, actor: User) -> str:
    moderation.remove_message(room=room, actor=actor, message_id=command.message_id)
    return "The message is removed."


@_do.register
def _(_command: Clear, room: Channel, actor: User) -> str:
    moderation.clear_room(room=room, actor=actor)
    return "The chat is cleared."


@_do.register
def _(command: SetModes, room: Channel, actor: User) -> str:
    moderation.change_modes(room=room, actor=actor, changes=dict(command.changes))
    return "The chat's modes are changed."


@_do.register
def _(command: Grant, room: Channel, actor: User) -> str:
    if command.taken is not None:
        moderation.revoke_role(room=room, actor=actor, login=command.login, role=command.taken)
        return f"{command.login} is no {_spoken(command.taken)} any more."
    moderation.grant_role(room=room, actor=actor, login=command.login, role=command.role)
    return f"{command.login} is a {_spoken(command.role)} now."


@_do.register
def _(command: Block, room: Channel, actor: User) -> str:
    if command.wanted:
        term = moderation.block_term(room=room, actor=actor, text=command.text)
        return f"“{term.text}” is blocked."
    moderation.unblock_term(room=room, actor=actor, text=command.text)
    return f"“{command.text}” is allowed."


@_do.register
def _(command: PinMessage, room: Channel, actor: User) -> str:
    pinning.pin_message(room=room, actor=actor, message_id=command.message_id, seconds=command.seconds)
    return f"The message is pinned for {spoken_duration(command.seconds)}."


@_do.register
def _(_command: Unpin, room: Channel, actor: User) -> str:
    pinning.unpin_message(room=room, actor=actor)
    return "Nothing is pinned."


@_do.register
def _(command: StartPoll, room: Channel, actor: User) -> str:
    polls.start_poll(
        room=room, actor=actor, question=command.question, choices=list(command.choices), seconds=command.seconds
    )
    return f"The poll runs for {spoken_duration(command.seconds)}. /endpoll ends it."


@_do.register
def _(_command: EndPoll, room: Channel, actor: User) -> str:
    polls.end_poll(room=room, actor=actor)
    return "The poll is over."


@_do.register
def _(command: Mark, room: Channel, actor: User) -> str:
    marker = markers.mark_moment(room=room, actor=actor, text=command.text)
    return f"Marked: {marker.text}. It is a chapter of the recording."


@_do.register
def _(command: StartRaid, room: Channel, actor: User) -> str:
    raid = start_raid(source=room, actor=actor, login=command.login)
    left = round((raid.ends_at - timezone.now()).total_seconds())
    return f"Your viewers go to {raid.target.owner} in {spoken_duration(left)}. /unraid cancels it."


@_do.register
def _(_command: CancelRaid, room: Channel, actor: User) -> str:
    cancel_raid(source=room, actor=actor)
    return "The raid is cancelled."


@_do.register
def _(command: SetColor, room: Channel, actor: User) -> str:
    color = set_color(user=actor, color=command.color)
    return f"Your name is {color} now." if color else "Your name has no colour of your own any more."


@_do.register
def _(command: ListRole, room: Channel, actor: User) -> str:
    helpers = RoomRole.objects.filter(room=room, role=command.role).order_by("user__login")
    logins = list(helpers.values_list("user__login", flat=True))
    spoken = f"{_spoken(command.role)}s"
    if not logins:
        return f"There are no {spoken} here."
    return f"The {spoken} here are: {', '.join(logins)}"  # tmi.js splits at ": " and ", "


@_do.register
def _(command: Help, room: Channel, actor: User) -> str:
    return help_text(command.name, role_in_room(room=room, user=actor))


def _spoken(role: Role) -> str:
    return {Role.MODERATOR: "moderator", Role.VIP: "VIP"}[role]
