"""What becomes of what somebody said, and of the room he had, when he leaves."""

from typing import Any

from django.db.models import Q

from accounts.models import User
from chat.models import ChatMessage, Emote, SubscriberBadge
from chat.picture_store import erase_picture
from streaming.models import Channel

NOBODY_LOGIN, NOBODY = "left", "Someone who left"  # the login is reserved


def forget_words_of_user(*, user_id: int) -> None:
    """Others' conversations keep their sense: what he said stays, said by nobody. Safe to repeat."""
    user = User.objects.get(pk=user_id)
    said = ChatMessage.objects.filter(sender_id=user_id)
    rooms = list(said.order_by().values_list("room_id", flat=True).distinct())
    answers = ChatMessage.objects.filter(
        Q(reply__login=user.login) | Q(reply__thread_login=user.login), room_id__in=rooms
    )
    for message in answers.only("id", "reply").iterator(chunk_size=1000):
        ChatMessage.objects.filter(pk=message.pk).update(reply=_without_name(message.reply or {}, user.login))
    said.update(sender=None, login=NOBODY_LOGIN, display_name=NOBODY, badges=[], color="")


def erase_pictures_of_user(*, user_id: int) -> None:
    """Emotes and badges of his room. A picture that somebody else uses as well stays."""
    rooms = Channel.objects.filter(owner_id=user_id)
    own: list[Any] = [Emote.objects.filter(room__in=rooms), SubscriberBadge.objects.filter(room__in=rooms)]
    names = {name for rows in own for name in rows.values_list("picture", flat=True)}
    for rows in own:
        rows.delete()
    for name in names:
        elsewhere = Emote.objects.filter(picture=name).exists()
        if not elsewhere and not SubscriberBadge.objects.filter(picture=name).exists():
            erase_picture(name)


def _without_name(reply: dict[str, Any], login: str) -> dict[str, Any]:
    left = dict(reply)
    if left.get("login") == login:
        left |= {"user_id": 0, "login": NOBODY_LOGIN, "display_name": NOBODY}
    if left.get("thread_login") == login:
        left["thread_login"] = NOBODY_LOGIN
    return left
