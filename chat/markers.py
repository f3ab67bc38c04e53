"""Markers in a running broadcast. Here, because it is the chat that knows who helps on a channel."""

from accounts.models import User
from chat.core.roles import Role
from chat.membership import role_in_room
from common.errors import Conflict, NotAllowed
from streaming.models import Broadcast, BroadcastNote, Channel
from streaming.services import add_marker

UNNAMED = "Marker"  # who marks a moment in a hurry names it later, as a chapter of the recording


def check_may_mark(*, room: Channel, actor: User) -> None:
    """Raises NotAllowed for all but the streamer and the moderators."""
    if role_in_room(room=room, user=actor) < Role.MODERATOR:
        raise NotAllowed("Only the streamer and the moderators of the channel can set markers.")


def mark_moment(*, room: Channel, actor: User, text: str) -> BroadcastNote:
    """A chapter of the recording begins here. Raises NotAllowed, Conflict, InvalidInput, TooMany."""
    check_may_mark(room=room, actor=actor)
    broadcast = Broadcast.objects.on_air().filter(channel=room).first()
    if broadcast is None:
        raise Conflict("Only a broadcast that is on air can be marked.", code="not_on_air")
    return add_marker(broadcast=broadcast, text=text or UNNAMED)
