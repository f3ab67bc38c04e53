"""What the API shows and takes of a room's moderation: explicit fields only."""

from rest_framework import serializers

from chat.limits import REASON_MAX, TIMEOUT_MAX_SECONDS
from chat.models import Ban, BlockedTerm, ModeratorAct, RoomModes, RoomRole


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
        )


class BanSerializer(serializers.ModelSerializer[Ban]):
    """Someone who may not write. `until` is null for good."""

    login = serializers.CharField(source="user.login")
    by = serializers.CharField(source="by.login", allow_null=True)

    class Meta:
        model = Ban
        fields = ("login", "by", "reason", "created_at", "until")


class NewBanSerializer(serializers.Serializer[Ban]):
    """Whom to silence, for how long (without `seconds` for good), and why."""

    login = serializers.CharField(max_length=25)
    seconds = serializers.IntegerField(min_value=1, max_value=TIMEOUT_MAX_SECONDS, required=False)
    reason = serializers.CharField(max_length=REASON_MAX, required=False, allow_blank=True, default="")


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
