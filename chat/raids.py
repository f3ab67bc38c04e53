"""What chat has to do with raids: whom a room wants nobody from, and what it is told."""

import secrets
import time

from django.utils import timezone

from accounts.models import User
from chat.acts import perform
from chat.core.events import Person, RaidCancelled, Raided
from chat.core.message_ids import message_id
from chat.core.roles import Role
from chat.membership import role_in_room, speaker_in_room
from chat.models import Ban, RoomModes
from chat.services import person
from streaming.models import Channel, Raid


def guard_raid(source: Channel, target: Channel) -> tuple[bool, str]:
    """Whether the raider helps in the target's room, and why that wants nobody from there."""
    helps = role_in_room(room=target, user=source.owner) > Role.VIEWER
    if Ban.objects.in_force().filter(room=target, user_id=source.owner_id, warning=False).exists():
        return helps, "banned"
    # Shield mode is for an attack: who comes with many viewers then is not welcome, but for those who help.
    if not helps and RoomModes.objects.filter(room=target, shield=True).exists():
        return helps, "shield"
    return helps, ""


def tell_arrival(*, raid_id: int) -> None:
    """Tell the target's room that the viewers are there."""
    raid = Raid.objects.for_pages().get(pk=raid_id)
    raider = _as_seen(raid.target, raid.source.owner)
    perform(raid.target, Raided(_new_id(), _now(), raider, raid.arrived))


def tell_cancelled(*, raid_id: int) -> None:
    """Tell the source's room that nobody goes anywhere."""
    raid = Raid.objects.for_pages().get(pk=raid_id)
    perform(raid.source, RaidCancelled(_new_id(), _now(), _as_seen(raid.source, raid.source.owner)))


def _as_seen(room: Channel, user: User) -> Person:
    return person(speaker_in_room(room=room, user=user))


def _now() -> str:
    return timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _new_id() -> str:
    return str(message_id(unix_ms=int(time.time() * 1000), random=secrets.randbits(74)))
