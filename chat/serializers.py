"""What the API shows and takes of a room's moderation: explicit fields only."""

from typing import Any

from rest_framework import serializers

from chat.limits import (
    NOTE_MAX,
    PIN_MAX_SECONDS,
    PIN_SECONDS,
    POLL_CHOICE_MAX,
    POLL_CHOICES_MAX,
    POLL_MAX_SECONDS,
    POLL_MIN_SECONDS,
    POLL_QUESTION_MAX,
    POLL_SECONDS,
    REASON_MAX,
    TIMEOUT_MAX_SECONDS,
)
from chat.models import Ban, BlockedTerm, ChatMessage, HeldMessage, ModeratorAct, Poll, RoomModes, RoomRole, UserNote
from chat.people import Record
from chat.polls import votes_of


class RoomModesSerializer(serializers.ModelSerializer[RoomModes]):
    """How a room is run."""

    class Meta:
        model = RoomModes
        fields = (
            "slow_seconds",
            "followers_only",
            "followers_seconds",
            "subscribers_only",
            "unique_chat",
            "links_allowed",
            "verified_email",
            "account_seconds",
            "shield",
            "emote_only",
            "automod_level",
            "delay_seconds",
        )


class BanSerializer(serializers.ModelSerializer[Ban]):
    """Someone who may not write. `until` is null for good; a `warning` ends when he has acknowledged it."""

    login = serializers.CharField(source="user.login")
    by = serializers.CharField(source="by.login", allow_null=True)

    class Meta:
        model = Ban
        fields = ("login", "by", "reason", "created_at", "until", "warning")


class NewBanSerializer(serializers.Serializer[Ban]):
    """Whom to silence, for how long (without `seconds` for good), and why."""

    login = serializers.CharField(max_length=25)
    seconds = serializers.IntegerField(min_value=1, max_value=TIMEOUT_MAX_SECONDS, required=False)
    reason = serializers.CharField(max_length=REASON_MAX, required=False, allow_blank=True, default="")


class NewWarningSerializer(serializers.Serializer[Ban]):
    """Whom to warn, and what for."""

    login = serializers.CharField(max_length=25)
    reason = serializers.CharField(max_length=REASON_MAX)


class HeldMessageSerializer(serializers.ModelSerializer[HeldMessage]):
    """A message that waits for a moderator. `score`: how much it looks like spam, from 0 to 1."""

    class Meta:
        model = HeldMessage
        fields = ("id", "message", "score", "created_at")


class DecisionSerializer(serializers.Serializer[HeldMessage]):
    """Whether to let a message through."""

    approve = serializers.BooleanField()


class UserNoteSerializer(serializers.ModelSerializer[UserNote]):
    """What a moderator noted about someone."""

    by = serializers.CharField(source="by.login", allow_null=True)

    class Meta:
        model = UserNote
        fields = ("id", "text", "by", "created_at")


class NewNoteSerializer(serializers.Serializer[UserNote]):
    """What to note."""

    text = serializers.CharField(max_length=NOTE_MAX)


class SaidSerializer(serializers.ModelSerializer[ChatMessage]):
    """What someone said, as it was shown. `removed_at` is null while it is."""

    class Meta:
        model = ChatMessage
        fields = ("id", "text", "sent_at", "removed_at")


class RecordSerializer(serializers.Serializer[Record]):
    """Someone as a chat's moderators see him. `silence` is what keeps him from writing, or null."""

    login = serializers.CharField(source="user.login")
    display_name = serializers.CharField(source="user.display_name")
    role = serializers.CharField()
    account_created_at = serializers.DateTimeField(source="user.created_at")
    followed_at = serializers.DateTimeField(allow_null=True)
    silence = BanSerializer(allow_null=True)
    timeouts = serializers.IntegerField()
    bans = serializers.IntegerField()
    warnings = serializers.IntegerField()
    messages = serializers.IntegerField()
    notes = UserNoteSerializer(many=True)


class PinSerializer(serializers.Serializer[Any]):
    """What is pinned above the messages. `until` is null without an end."""

    message = serializers.JSONField()
    by = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)


class NewPinSerializer(serializers.Serializer[Any]):
    """Which message to pin, and for how long."""

    message_id = serializers.CharField(max_length=36)
    seconds = serializers.IntegerField(min_value=1, max_value=PIN_MAX_SECONDS, default=PIN_SECONDS)


class PollSerializer(serializers.ModelSerializer[Poll]):
    """A poll; `votes` has a number for each choice. `ended_at` is null while it runs."""

    by = serializers.CharField(source="by.login", allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())
    votes = serializers.SerializerMethodField()

    class Meta:
        model = Poll
        fields = ("id", "question", "choices", "votes", "by", "started_at", "ends_at", "ended_at")

    def get_votes(self, poll: Poll) -> list[int]:
        return votes_of(poll)


class NewPollSerializer(serializers.Serializer[Poll]):
    """What to ask, and for how long."""

    question = serializers.CharField(max_length=4 * POLL_QUESTION_MAX)
    choices = serializers.ListField(
        child=serializers.CharField(max_length=4 * POLL_CHOICE_MAX), min_length=2, max_length=POLL_CHOICES_MAX
    )
    seconds = serializers.IntegerField(min_value=POLL_MIN_SECONDS, max_value=POLL_MAX_SECONDS, default=POLL_SECONDS)


class VoteSerializer(serializers.Serializer[Any]):
    """A vote; choices count from 1."""

    choice = serializers.IntegerField(min_value=1, max_value=POLL_CHOICES_MAX)


class CommandSerializer(serializers.Serializer[Any]):
    """What may be typed after a slash."""

    name = serializers.CharField()
    usage = serializers.CharField()
    says = serializers.CharField()


class PresentSerializer(serializers.Serializer[Any]):
    """Someone signed in who has the chat open. `role`: viewer, vip, moderator, broadcaster or staff."""

    login = serializers.CharField()
    display_name = serializers.CharField()
    role = serializers.CharField()


class BlockedTermSerializer(serializers.ModelSerializer[BlockedTerm]):
    """A word or a few that nobody may write; `*` at an end stands for the rest of the word."""

    class Meta:
        model = BlockedTerm
        fields = ("text",)


class RoomRoleSerializer(serializers.ModelSerializer[RoomRole]):
    """Someone who helps in a room."""

    login = serializers.CharField(source="user.login")
    display_name = serializers.CharField(source="user.display_name")
    role = serializers.SerializerMethodField()

    class Meta:
        model = RoomRole
        fields = ("login", "display_name", "role", "created_at")

    def get_role(self, role: RoomRole) -> str:
        return role.get_role_display().lower()


class ModeratorActSerializer(serializers.ModelSerializer[ModeratorAct]):
    """What a moderator did."""

    actor = serializers.CharField(source="actor.login", allow_null=True)
    target = serializers.CharField(source="target.login", allow_null=True)

    class Meta:
        model = ModeratorAct
        fields = ("at", "actor", "act", "target", "reason", "details")
