"""What the API shows of channels and broadcasts, and what it takes: explicit fields only."""

from typing import Any

from django.core.files.storage import default_storage
from rest_framework import serializers

from streaming.limits import ABOUT_MAX, TAG_MAX, TAGS_MAX, TITLE_MAX
from streaming.models import Broadcast, Category, Channel


class CategorySerializer(serializers.ModelSerializer[Category]):
    class Meta:
        model = Category
        fields = ("slug", "name")


class ChannelSerializer(serializers.ModelSerializer[Channel]):
    """A channel as anyone sees it."""

    channel_id = serializers.IntegerField(source="pk")
    login = serializers.CharField(source="owner.login")
    display_name = serializers.CharField(source="owner.display_name")
    category = CategorySerializer(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Channel
        fields = (
            "channel_id",
            "login",
            "display_name",
            "title",
            "about",
            "category",
            "tags",
            "language",
            "is_live",
            "viewer_count",
            "follower_count",
        )


class StreamSerializer(serializers.ModelSerializer[Broadcast]):
    """A broadcast as anyone sees it."""

    id = serializers.CharField(source="public_id")
    channel = ChannelSerializer()
    category = CategorySerializer(allow_null=True)
    viewers = serializers.SerializerMethodField()
    preview_url = serializers.SerializerMethodField()

    class Meta:
        model = Broadcast
        fields = (
            "id",
            "channel",
            "title",
            "category",
            "state",
            "started_at",
            "ended_at",
            "viewers",
            "peak_viewers",
            "preview_url",
        )

    def get_viewers(self, broadcast: Broadcast) -> int:
        return 0 if broadcast.ended_at else broadcast.channel.viewer_count

    def get_preview_url(self, broadcast: Broadcast) -> str | None:
        return default_storage.url(broadcast.preview_path) if broadcast.preview_path else None


class ChannelChangesSerializer(serializers.Serializer[Any]):
    """What an owner may change."""

    title = serializers.CharField(required=False, allow_blank=True, max_length=TITLE_MAX)
    about = serializers.CharField(required=False, allow_blank=True, max_length=ABOUT_MAX)
    category = serializers.SlugField(required=False, allow_null=True, help_text="Slug of a category.")
    tags = serializers.ListField(
        required=False, max_length=TAGS_MAX, child=serializers.CharField(max_length=TAG_MAX), allow_empty=True
    )
    language = serializers.CharField(required=False, max_length=8)


class StreamKeySerializer(serializers.Serializer[Any]):
    stream_key = serializers.CharField(help_text="Shown this once.")


class FollowSerializer(serializers.Serializer[Any]):
    following = serializers.BooleanField()
    follower_count = serializers.IntegerField()


class FollowWishSerializer(serializers.Serializer[Any]):
    notify = serializers.BooleanField(help_text="Hear that the channel is live.")


class PlaybackSerializer(serializers.Serializer[Any]):
    hls = serializers.URLField()
    dash = serializers.URLField(allow_null=True)
    dvr = serializers.URLField(allow_null=True, help_text="HLS of all that may be rewound to; null when it is off.")
    dvr_seconds = serializers.IntegerField(help_text="How far back `dvr` goes.")
    storyboard = serializers.URLField(allow_null=True, help_text="Small pictures as JSON; 404 until there are some.")
    expires_at = serializers.DateTimeField()


class WatchingSerializer(serializers.Serializer[Any]):
    """A heartbeat of someone who watches."""

    viewer = serializers.CharField(required=False, help_text="Who watches: empty at first, then that of the answer.")
    viewers = serializers.IntegerField(read_only=True)
    counted = serializers.BooleanField(read_only=True, help_text="False: too many watch it from your address.")
    again_in = serializers.FloatField(read_only=True, help_text="Seconds.")


class NoticeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()
    created_at = serializers.DateTimeField()


class HealthSerializer(serializers.Serializer[Any]):
    """What the owner may know of the running broadcast and of attempts to go live."""

    state = serializers.CharField()
    stream_id = serializers.CharField(allow_null=True)
    status = serializers.DictField(allow_null=True, help_text="Measured in the last two seconds.")
    encoder = serializers.DictField(help_text="What it sends: codec, size, frame rate.")
    warnings = serializers.ListField(child=serializers.DictField())
    notices = NoticeSerializer(many=True)
