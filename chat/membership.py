"""Who someone is in a room, from the database."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.models import User
from accounts.services import with_verified_email
from chat.core.badges import badges_of
from chat.core.roles import Role
from chat.core.rules import Speaker
from chat.looks import colors_of
from chat.models import RoomRole, SubscriberBadge
from streaming.models import Channel, Follow
from streaming.subscriptions import subscribed_months


def role_in_room(*, room: Channel, user: User | AnonymousUser) -> Role:
    if not user.is_authenticated:
        return Role.VIEWER
    role = RoomRole.objects.filter(room=room, user_id=user.pk).values_list("role", flat=True).first()
    return _role(user, room.owner_id, role)


def moderates_room(user: User, room: Channel) -> bool:
    """Whether he is one of the room's moderators."""
    return RoomRole.objects.moderated_by(user).filter(room=room).exists()


def speaker_in_room(*, room: Channel, user: User) -> Speaker:
    """The user with everything that the room's rules ask about him."""
    return speakers_in_rooms({(room.pk, user)})[room.pk, user.pk]


def speakers_in_rooms(people: Collection[tuple[int, User]]) -> dict[tuple[int, int], Speaker]:
    """Users in rooms by (room, user), however many with the same few queries. A room that is gone has nobody in it."""
    if not people:
        return {}
    rooms, users = {room_id for room_id, _ in people}, {user.pk for _, user in people}
    owners = dict(Channel.objects.filter(pk__in=rooms).values_list("pk", "owner_id"))
    roles = _by_place(RoomRole.objects.filter(room_id__in=rooms, user_id__in=users), "room_id", "role")
    follows = _by_place(Follow.objects.filter(channel_id__in=rooms, user_id__in=users), "channel_id", "created_at")
    colors = colors_of(user_ids=users)
    verified = with_verified_email(user_ids=users)
    months = subscribed_months(places={(room_id, user.pk) for room_id, user in people})
    uploaded = _uploaded_badges({room_id for room_id, _ in months})
    speakers = {}
    for room_id, user in people:
        if room_id not in owners:
            continue
        place = (room_id, user.pk)
        role = _role(user, owners[room_id], roles.get(place))
        speakers[place] = Speaker(
            user_id=user.pk,
            login=user.login,
            display_name=user.display_name or user.login,
            role=role,
            account_created_at=user.created_at.timestamp(),
            email_verified=user.pk in verified,
            followed_at=follows[place].timestamp() if place in follows else None,
            months=months.get(place, 0),
            badges=badges_of(role, months.get(place, 0), uploaded.get(room_id, ())),
            color=colors.get(user.pk, ""),
        )
    return speakers


def _uploaded_badges(rooms: set[int]) -> dict[int, list[int]]:
    """The months for which each of the rooms has a badge of its own."""
    uploaded: dict[int, list[int]] = {}
    for room_id, months in SubscriberBadge.objects.filter(room_id__in=rooms).values_list("room_id", "months"):
        uploaded.setdefault(room_id, []).append(months)
    return uploaded


def _role(user: User, owner_id: int, helps_as: int | None) -> Role:
    if user.is_staff:
        return Role.STAFF
    if user.pk == owner_id:
        return Role.BROADCASTER
    return Role(helps_as) if helps_as is not None else Role.VIEWER


def _by_place(rows: "QuerySet[Any]", room: str, value: str) -> dict[tuple[int, int], Any]:
    return {(room_id, user_id): found for room_id, user_id, found in rows.values_list(room, "user_id", value)}
