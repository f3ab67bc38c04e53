"""What the API shows and takes of emotes and badges: explicit fields only."""

from typing import Any

from rest_framework import serializers

from chat.limits import BADGE_MONTHS, EMOTE_CODE_MAX, EMOTE_PREFIX_MAX
from chat.models import Emote, SubscriberBadge
from chat.picture_store import picture_url


class EmoteSerializer(serializers.ModelSerializer[Emote]):
    """A word that is shown as a picture. `id` names the picture, also in messages; `url` is its middle size."""

    id = serializers.CharField(source="picture")
    url = serializers.SerializerMethodField()

    class Meta:
        model = Emote
        fields = ("code", "id", "animated", "url")

    def get_url(self, emote: Emote) -> str:
        return picture_url(emote.picture)


class RoomEmotesSerializer(serializers.Serializer[Any]):
    """What can be written in a channel's chat."""

    prefix = serializers.CharField(
        help_text="What the codes of this channel's own emotes begin with; empty before the first."
    )
    channel = EmoteSerializer(many=True)
    common = EmoteSerializer(many=True)


class NewEmoteSerializer(serializers.Serializer[Any]):
    """A PNG, GIF, WebP or JPEG file and what follows the channel's prefix in its code."""

    name = serializers.CharField(max_length=EMOTE_CODE_MAX)
    picture = serializers.FileField()


class NewCommonEmoteSerializer(serializers.Serializer[Any]):
    """A picture and its whole code."""

    code = serializers.CharField(max_length=EMOTE_CODE_MAX)
    picture = serializers.FileField()


class EmotePrefixSerializer(serializers.Serializer[Any]):
    prefix = serializers.CharField(max_length=EMOTE_PREFIX_MAX)


class ChatLookSerializer(serializers.Serializer[Any]):
    """How you are seen in chats. `color`: #RRGGBB, one of Twitch's names of colours, or empty."""

    color = serializers.CharField(max_length=20, allow_blank=True)


class SubscriberBadgeSerializer(serializers.ModelSerializer[SubscriberBadge]):
    """What is beside the names of those who have subscribed for so many months."""

    id = serializers.CharField(source="picture")
    url = serializers.SerializerMethodField()

    class Meta:
        model = SubscriberBadge
        fields = ("months", "id", "url")

    def get_url(self, badge: SubscriberBadge) -> str:
        return picture_url(badge.picture)


class NewBadgeSerializer(serializers.Serializer[Any]):
    picture = serializers.FileField(help_text=f"For {', '.join(map(str, BADGE_MONTHS))} months.")
