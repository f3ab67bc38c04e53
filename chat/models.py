"""What was said, kept."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from streaming.models import Channel


class ChatMessageQuerySet(models.QuerySet["ChatMessage"]):
    def in_room(self, room: Channel) -> "ChatMessageQuerySet":
        """One room's messages in the order everyone saw them."""
        return self.filter(room=room).order_by("seq")

    def said_by(self, user_id: int) -> "ChatMessageQuerySet":
        return self.filter(sender_id=user_id).order_by("-id")


class ChatMessage(models.Model):
    """One message as it was shown: later changes of the sender's name do not change it.

    The id is ordered by time (UUID version 7), so the table can be partitioned by ranges of its primary key. Room and
    sender have no database constraint: rows come in batches, seconds late, and one deleted account must not cost
    the others their messages.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    room = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="chat_messages", db_constraint=False)
    seq = models.BigIntegerField()
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="chat_messages",
        db_constraint=False,
    )
    login = models.CharField(max_length=25)
    display_name = models.CharField(max_length=25)
    text = models.CharField(max_length=2000)
    sent_at = models.DateTimeField()

    objects = ChatMessageQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["room", "seq"], name="chat_message_in_room"),
            models.Index(fields=["sender", "-id"], name="chat_message_by_sender"),
        ]

    def __str__(self) -> str:
        return f"{self.display_name}: {self.text[:60]}"
