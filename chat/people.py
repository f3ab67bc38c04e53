"""What a room's moderators know of someone: who he is, what became of him here, what they noted."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from chat.acts import check_moderator, note_act, user_called
from chat.core.text import clean_text
from chat.limits import NOTE_MAX, NOTES_MAX
from chat.membership import role_in_room
from chat.models import Ban, ChatMessage, ChatMessageQuerySet, UserNote
from common.errors import Conflict, InvalidInput, NotThere
from streaming.models import Channel, Follow


@dataclass(frozen=True, slots=True)
class Record:
    """Someone as the moderators of a room see him. `silence` is what keeps him from writing."""

    user: User
    role: str
    followed_at: datetime | None
    silence: Ban | None
    timeouts: int
    bans: int
    warnings: int
    messages: int
    notes: list[UserNote]


def record_of(*, room: Channel, actor: User, login: str) -> Record:
    """What is known of him in this room."""
    check_moderator(room, actor)
    user = user_called(login)
    bans = Ban.objects.filter(room=room, user=user)
    return Record(
        user=user,
        role=role_in_room(room=room, user=user).name.lower(),
        followed_at=Follow.objects.filter(user=user, channel=room).values_list("created_at", flat=True).first(),
        silence=bans.in_force().select_related("by", "user").first(),
        timeouts=bans.filter(warning=False).exclude(until=None).count(),
        bans=bans.filter(warning=False, until=None).count(),
        warnings=bans.filter(warning=True).count(),
        messages=ChatMessage.objects.filter(room=room, sender=user).count(),
        notes=list(UserNote.objects.filter(room=room, user=user).select_related("by").order_by("-pk")[:NOTES_MAX]),
    )


def messages_of(*, room: Channel, actor: User, login: str) -> ChatMessageQuerySet:
    """What he said in this room, the latest first, with what was removed."""
    check_moderator(room, actor)
    return ChatMessage.objects.said_by(user_called(login).pk).filter(room=room)


@transaction.atomic
def add_note(*, room: Channel, actor: User, login: str, text: str) -> UserNote:
    """Tell the other moderators something about someone."""
    check_moderator(room, actor)
    user, text = user_called(login), clean_text(text)
    if not 1 <= len(text) <= NOTE_MAX:
        raise InvalidInput(f"A note has 1 to {NOTE_MAX} characters.")
    if UserNote.objects.filter(room=room, user=user).count() >= NOTES_MAX:
        raise Conflict(f"There are {NOTES_MAX} notes about {user} already. Remove one first.")
    note_act(room, actor, "note", user)
    return UserNote.objects.create(room=room, user=user, by=actor, text=text)


@transaction.atomic
def remove_note(*, room: Channel, actor: User, note_id: int) -> None:
    """Take a note back."""
    check_moderator(room, actor)
    found = UserNote.objects.filter(room=room, pk=note_id).select_related("user").first()
    if found is None:
        raise NotThere("There is no such note.")
    note_act(room, actor, "unnote", found.user)
    found.delete()
