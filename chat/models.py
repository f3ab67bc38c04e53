"""What was said, kept; who may speak in which room, and what moderators did."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from chat.core.policy import RoomPolicy
from chat.core.roles import Role
from chat.limits import (
    EMOTE_CODE_MAX,
    EMOTE_PREFIX_MAX,
    HELD_SECONDS,
    NOTE_MAX,
    POLL_QUESTION_MAX,
    REASON_MAX,
    TERM_MAX,
)
from streaming.models import Channel


class ChatMessageQuerySet(models.QuerySet["ChatMessage"]):
    def in_room(self, room: Channel) -> "ChatMessageQuerySet":
        """One room's messages in the order everyone saw them."""
        return self.filter(room=room).order_by("seq")

    def said_by(self, user_id: int) -> "ChatMessageQuerySet":
        return self.filter(sender_id=user_id).order_by("-id")

    def place_at(self, moment: datetime) -> int | None:
        """Of the first message at this time or later."""
        return self.filter(sent_at__gte=moment).order_by("sent_at", "seq").values_list("seq", flat=True).first()


class ChatMessage(models.Model):
    """One message as it was shown: later changes of the sender's name do not change it.

    The id is ordered by time (UUID version 7), and the table partitioned by it (chat.partitions). Room and
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
    emotes = models.JSONField(default=dict, blank=True)  # picture -> places, as the message carried them
    badges = models.JSONField(default=list, blank=True)
    reply = models.JSONField(null=True, blank=True)  # what it answers, as the message carried it
    color = models.CharField(max_length=7, blank=True)
    sent_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)  # by a moderator; only moderators still see it

    objects = ChatMessageQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["room", "seq"], name="chat_message_in_room"),
            models.Index(fields=["room", "sent_at", "seq"], name="chat_message_by_time"),
            models.Index(fields=["sender", "-id"], name="chat_message_by_sender"),
        ]

    def __str__(self) -> str:
        return f"{self.display_name}: {self.text[:60]}"


class RoomModes(models.Model):
    """How a room is run; a room without a row is open to everyone. Every change counts `version` up."""

    room = models.OneToOneField(Channel, primary_key=True, on_delete=models.CASCADE, related_name="chat_modes")
    version = models.PositiveBigIntegerField(default=0)
    slow_seconds = models.PositiveIntegerField(default=0)
    followers_only = models.BooleanField(default=False)
    followers_seconds = models.PositiveIntegerField(default=0)
    subscribers_only = models.BooleanField(default=False)
    unique_chat = models.BooleanField(default=False)
    links_allowed = models.BooleanField(default=True)
    verified_email = models.BooleanField(default=False)
    account_seconds = models.PositiveIntegerField(default=0)
    shield = models.BooleanField(default=False)
    automod_level = models.PositiveSmallIntegerField(default=0)
    delay_seconds = models.PositiveSmallIntegerField(default=0)
    shield_set = models.JSONField(default=dict, blank=True)  # modes that shield mode turns on
    before_shield = models.JSONField(default=dict, blank=True)  # and what they were before
    emote_only = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "room modes"

    def __str__(self) -> str:
        return f"{self.room}, version {self.version}"

    def policy(self) -> RoomPolicy:
        return RoomPolicy(**{name: getattr(self, name) for name in RoomPolicy.__dataclass_fields__})


class EmoteQuerySet(models.QuerySet["Emote"]):
    def kept(self) -> "EmoteQuerySet":
        """All but those taken away."""
        return self.filter(deleted_at=None)

    def common(self) -> "EmoteQuerySet":
        """Everyone's, which staff made."""
        return self.filter(room=None)

    def pictures(self) -> dict[str, str]:
        """Code to picture."""
        return dict(self.kept().values_list("code", "picture"))


class Emote(models.Model):
    """A word that is shown as a picture: in one room, or (no room) in all.

    A row outlives its removal for a while, so that it can be brought back; the picture stays for what was said with it.
    """

    room = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.CASCADE, related_name="emotes")
    code = models.CharField(max_length=EMOTE_CODE_MAX)
    picture = models.CharField(max_length=24)  # names the stored files, after what is in them
    animated = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = EmoteQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code"], condition=Q(deleted_at=None), name="emote_code_once")
        ]
        indexes: ClassVar = [models.Index(fields=["picture"], name="emote_by_picture")]

    def __str__(self) -> str:
        return self.code


class EmotePrefix(models.Model):
    """What a room's emote codes begin with, its own, so that no two rooms have the same code."""

    room = models.OneToOneField(Channel, primary_key=True, on_delete=models.CASCADE, related_name="emote_prefix")
    text = models.CharField(max_length=EMOTE_PREFIX_MAX, unique=True)

    class Meta:
        verbose_name_plural = "emote prefixes"

    def __str__(self) -> str:
        return self.text


class SubscriberBadge(models.Model):
    """What is beside the name of those who have subscribed to a room for this many months, up to the next badge's."""

    room = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="subscriber_badges")
    months = models.PositiveSmallIntegerField()
    picture = models.CharField(max_length=24)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["room", "months"], name="one_badge_for_a_month")]

    def __str__(self) -> str:
        return f"{self.room}: {self.months} months"


class ChatLook(models.Model):
    """How someone wants to be seen in every chat."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="chat_look"
    )
    color = models.CharField(max_length=7, blank=True)  # #RRGGBB of the name; pages adjust it to what is behind it

    def __str__(self) -> str:
        return f"{self.user}: {self.color}"


class RoomRoleQuerySet(models.QuerySet["RoomRole"]):
    def moderated_by(self, user: AbstractBaseUser) -> "RoomRoleQuerySet":
        """Where this person is a moderator, beside his own room."""
        return self.filter(user_id=user.pk, role=Role.MODERATOR.value, room__owner__is_active=True)


class RoomRole(models.Model):
    """Someone helps in a room: moderator or VIP. Broadcaster and staff need no row."""

    ROLES: ClassVar = [(Role.VIP.value, "VIP"), (Role.MODERATOR.value, "Moderator")]

    room = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="chat_roles")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="chat_roles")
    role = models.PositiveSmallIntegerField(choices=ROLES)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RoomRoleQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["room", "user"], name="one_role_in_a_room")]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} of {self.room}"


class BanQuerySet(models.QuerySet["Ban"]):
    def in_force(self) -> "BanQuerySet":
        """Bans and time-outs that were not lifted and are not over."""
        return self.filter(Q(until=None) | Q(until__gt=timezone.now()), lifted_at=None)


class Ban(models.Model):
    """Someone may not speak in a room, until then or (None) for good. At most one is not lifted.

    A warning is one that he lifts himself, by acknowledging it.
    """

    room = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="chat_bans")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="chat_bans")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=REASON_MAX, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    warning = models.BooleanField(default=False)

    objects = BanQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["room", "user"], condition=Q(lifted_at=None), name="one_ban_at_a_time")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"


class HeldMessageQuerySet(models.QuerySet["HeldMessage"]):
    def waiting(self) -> "HeldMessageQuerySet":
        """Messages that a moderator can still let through."""
        since = timezone.now() - timedelta(seconds=HELD_SECONDS)
        return self.filter(approved=None, created_at__gt=since)


class HeldMessage(models.Model):
    """What waits, or waited, for a moderator. `message` is how it would be told to the room."""

    id = models.UUIDField(primary_key=True, editable=False)
    room = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="held_messages")
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    message = models.JSONField()
    score = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)
    approved = models.BooleanField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = HeldMessageQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["room", "-created_at"], name="held_message_in_room")]

    def __str__(self) -> str:
        return str(self.message.get("text", ""))[:60]


class UserNote(models.Model):
    """What a room's moderators tell each other about someone. He never sees it."""

    room = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="user_notes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.CharField(max_length=NOTE_MAX)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["room", "user"], name="user_note_in_room")]

    def __str__(self) -> str:
        return f"{self.user}: {self.text[:60]}"


class PollQuerySet(models.QuerySet["Poll"]):
    def running(self) -> "PollQuerySet":
        """Polls that were not ended, even if their time is over."""
        return self.filter(ended_at=None).select_related("room")


class Poll(models.Model):
    """What a moderator asked a room, and what came out. While it runs, its votes are in Redis (chat.polls)."""

    room = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="chat_polls")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    question = models.CharField(max_length=4 * POLL_QUESTION_MAX)  # of code points; people count what they see
    choices = models.JSONField()  # list of texts
    votes = models.JSONField(default=list)  # a number for each choice, once it has ended
    started_at = models.DateTimeField(auto_now_add=True)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = PollQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["room"], condition=Q(ended_at=None), name="one_poll_at_a_time")
        ]

    def __str__(self) -> str:
        return self.question


class BlockedTerm(models.Model):
    """A word or a few that viewers of a room cannot write (chat.core.blocked_terms says how it matches)."""

    room = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="blocked_terms")
    text = models.CharField(max_length=TERM_MAX)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["room", "text"], name="blocked_term_once")]

    def __str__(self) -> str:
        return self.text


class ModeratorAct(models.Model):
    """What a moderator did, kept for good: the room's audit log."""

    room = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="moderator_acts")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    act = models.CharField(max_length=20)
    target = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=REASON_MAX, blank=True)
    details = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["room", "-at"], name="moderator_acts_in_room")]

    def __str__(self) -> str:
        return f"{self.actor} {self.act} {self.target or ''}".strip()
