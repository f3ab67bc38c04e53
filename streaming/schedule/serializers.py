"""What the API shows of schedules."""

from typing import Any

from rest_framework import serializers

from streaming.serializers import CategorySerializer


class PlannedStreamSerializer(serializers.Serializer[Any]):
    entry_id = serializers.IntegerField(source="entry.pk", help_text="The same for all occurrences of a weekly one.")
    starts_at = serializers.DateTimeField(source="when.starts_at")
    ends_at = serializers.DateTimeField(source="when.ends_at")
    title = serializers.CharField(source="entry.title")
    category = CategorySerializer(source="entry.category", allow_null=True)
    weekly = serializers.BooleanField(source="entry.weekly")
    cancelled = serializers.BooleanField(source="when.cancelled")


class ScheduleSerializer(serializers.Serializer[Any]):
    """What a channel plans: weekly streams of the next two weeks, and all single ones."""

    time_zone = serializers.CharField(help_text="The streamer's, by its IANA name; empty while nothing is planned.")
    streams = PlannedStreamSerializer(many=True)
