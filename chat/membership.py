"""Who someone is in a room, from the database."""

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from accounts.services import has_verified_email
from chat.core.badges import badges_of
from chat.core.roles import Role
from chat.core.rules import Speaker
from chat.looks import color_of
from chat.models import RoomRole, SubscriberBadge
from streaming.models import Channel, Follow


def role_in_room(*, room: Channel, user: User | AnonymousUser) -> Role:
    if not user.is_authenticated:
        return Role.VIEWER
    if user.is_staff:
        return Role.STAFF
    if user.pk == room.owner_id:
        return Role.BROADCASTER
    role = RoomRole.objects.filter(room=room, user_id=user.pk).values_list("role", flat=True).first()
    return Role(role) if role is not None else Role.VIEWER


def speaker_in_room(*, room: Channel, user: User) -> Speaker:
    """The user with everything that the room's rules ask about him."""
    role, months = role_in_room(room=room, user=user), subscribed_months(room=room, user=user)
    uploaded = SubscriberBadge.objects.filter(room=room).values_list("months", flat=True) if months else ()
    followed_at = Follow.objects.filter(user=user, channel=room).values_list("created_at", flat=True).first()
    return Speaker(
        user_id=user.pk,
        login=user.login,
        display_name=user.display_name or user.login,
        role=role,
        account_created_at=user.created_at.timestamp(),
        email_verified=has_verified_email(user=user),
        followed_at=followed_at.timestamp() if followed_at else None,
        months=months,
        badges=badges_of(role, months, uploaded),
        color=color_of(user=user),
    )


def subscribed_months(*, room: Channel, user: User) -> int:
    """For how many months he has subscribed to the channel: where subscriptions will answer. Until then nobody has."""
    return 0
