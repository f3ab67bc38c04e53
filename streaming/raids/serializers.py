"""What the API shows of raids and hosting, and what it takes."""

from typing import Any

from rest_framework import serializers

from streaming.limits import HOST_ENTRIES_MAX, RAID_SECONDS_MAX, RAID_SECONDS_MIN
from streaming.models import AudienceSettings, Raid


class RaidSerializer(serializers.ModelSerializer[Raid]):
    channel = serializers.CharField(source="source.owner.login")
    to = serializers.CharField(source="target.owner.login")

    class Meta:
        model = Raid
        fields = ("id", "channel", "to", "state", "created_at", "ends_at", "viewers", "arrived")


class NewRaidSerializer(serializers.Serializer[Any]):
    to = serializers.CharField(max_length=26, help_text="Login of the channel.")
    seconds = serializers.IntegerField(
        required=False,
        min_value=RAID_SECONDS_MIN,
        max_value=RAID_SECONDS_MAX,
        help_text="How long it counts down; the site's default otherwise.",
    )


class AudienceSerializer(serializers.ModelSerializer[Any]):
    hosts = serializers.ListField(
        child=serializers.CharField(max_length=26),
        required=False,
        max_length=HOST_ENTRIES_MAX,
        help_text="Logins, in the order in which they are shown.",
    )

    class Meta:
        model = AudienceSettings
        fields = ("raids_from", "raid_min_account_days", "raid_min_followers", "may_be_hosted", "host_order", "hosts")
