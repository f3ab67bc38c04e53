"""What the API shows of what was found."""

from typing import Any

from django.core.files.storage import default_storage
from rest_framework import serializers

from streaming.discovery_models import SearchEntry
from streaming.templatetags.pages import picture_of


class FoundChannelSerializer(serializers.Serializer[SearchEntry]):
    login = serializers.CharField(source="channel.owner.login")
    display_name = serializers.CharField(source="channel.owner.display_name")
    title = serializers.CharField(source="channel.title")
    category = serializers.CharField(source="channel.category.name", default=None, allow_null=True)
    is_live = serializers.BooleanField(source="channel.is_live")
    viewer_count = serializers.IntegerField(source="channel.viewer_count")
    follower_count = serializers.IntegerField(source="channel.follower_count")
    path = serializers.CharField(source="get_absolute_url")


class FoundCategorySerializer(serializers.Serializer[SearchEntry]):
    slug = serializers.CharField(source="category.slug")
    name = serializers.CharField(source="category.name")
    viewer_count = serializers.IntegerField(source="category.viewer_count")
    live_count = serializers.IntegerField(source="category.live_count")
    art_url = serializers.SerializerMethodField()
    path = serializers.CharField(source="get_absolute_url")

    def get_art_url(self, entry: SearchEntry) -> str | None:
        art_path = entry.category.art_path if entry.category else ""
        return default_storage.url(art_path) if art_path else None


class FoundVideoSerializer(serializers.Serializer[SearchEntry]):
    """A recording or a clip."""

    title = serializers.CharField()
    login = serializers.CharField(source="channel.owner.login")
    display_name = serializers.CharField(source="channel.owner.display_name")
    category = serializers.CharField(source="category.name", default=None, allow_null=True)
    duration_seconds = serializers.FloatField()
    views = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    picture_url = serializers.SerializerMethodField()
    path = serializers.CharField()

    def get_picture_url(self, entry: SearchEntry) -> str | None:
        return picture_of(entry) or None


class ResultsSerializer(serializers.Serializer[Any]):
    channels = FoundChannelSerializer(many=True)
    categories = FoundCategorySerializer(many=True)
    videos = FoundVideoSerializer(many=True)
    clips = FoundVideoSerializer(many=True)
    guessed = serializers.BooleanField(help_text="Nothing is called so; these names look like it.")


class SearchPageSerializer(serializers.Serializer[Any]):
    results = ResultsSerializer()
    next = serializers.CharField(allow_null=True, help_text="What to give as `after` for the next page of the kind.")
