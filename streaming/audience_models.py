"""What moves an audience: raids, hosting, and whom a channel lets in."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from streaming.limits import RAID_ARRIVAL_SECONDS
from streaming.raid_states import RUNNING_STATES, RaidState
from streaming.raids.rules import RaidsFrom

RAIDS_FROM_CHOICES = [
    (RaidsFrom.EVERYONE.value, "Everyone"),
    (RaidsFrom.FRIENDS.value, "Channels you follow, your moderators and VIPs"),
    (RaidsFrom.NOBODY.value, "Nobody"),
]


class HostOrder(models.TextChoices):
    LISTED = "listed", "The first on the list that is live"
    RANDOM = "random", "One of those that are live, by chance"


class AudienceSettingsQuerySet(models.QuerySet["AudienceSettings"]):
    def hosting_live(self) -> "AudienceSettingsQuerySet":
        """Those whose choice can be shown: it is on air, visible and allows it, and the host is not on air."""
        allowed = ~Q(hosting__audience_settings__may_be_hosted=False)
        shown = self.filter(allowed, channel__is_live=False, hosting__is_live=True, hosting__owner__is_active=True)
        return shown.select_related("hosting__owner")

    def hosting_in_vain(self) -> "AudienceSettingsQuerySet":
        """Those who have chosen a channel that cannot be shown."""
        return self.exclude(hosting=None).exclude(pk__in=self.model.objects.hosting_live().values("pk"))

    def could_host(self) -> "AudienceSettingsQuerySet":
        """Those off air who show nobody, though somebody of their list is on air."""
        showable = HostEntry.objects.showable().filter(channel=OuterRef("channel"))
        return self.filter(Exists(showable), hosting=None, channel__is_live=False, channel__owner__is_active=True)


class AudienceSettings(models.Model):
    """Whose audience a channel takes, and where its own goes when it is offline. Without a row: as the defaults say."""

    channel = models.OneToOneField(
        "streaming.Channel", primary_key=True, on_delete=models.CASCADE, related_name="audience_settings"
    )
    raids_from = models.CharField(
        "Take raids from", max_length=10, choices=RAIDS_FROM_CHOICES, default=RaidsFrom.EVERYONE.value
    )
    raid_min_account_days = models.PositiveSmallIntegerField("Age of the raider's account, in days", default=0)
    raid_min_followers = models.PositiveIntegerField("Followers of the raider's channel", default=0)
    may_be_hosted = models.BooleanField("Others may host this channel", default=True)
    host_order = models.CharField(
        "Which one is shown", max_length=10, choices=HostOrder.choices, default=HostOrder.LISTED
    )
    hosting = models.ForeignKey(  # chosen by `raids.hosting.choose_hosts`; pages show it only while it holds
        "streaming.Channel", null=True, blank=True, on_delete=models.SET_NULL, related_name="hosted_by"
    )

    objects = AudienceSettingsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "audience settings"

    def __str__(self) -> str:
        return str(self.channel)


class HostEntryQuerySet(models.QuerySet["HostEntry"]):
    def showable(self) -> "HostEntryQuerySet":
        """Entries whose channel is on air and allows it."""
        allowed = ~Q(hosted__audience_settings__may_be_hosted=False)
        return self.filter(allowed, hosted__is_live=True, hosted__owner__is_active=True)


class HostEntry(models.Model):
    """A channel that another one hosts when it is offline."""

    channel = models.ForeignKey("streaming.Channel", on_delete=models.CASCADE, related_name="host_entries")
    hosted = models.ForeignKey("streaming.Channel", on_delete=models.CASCADE, related_name="hosting_entries")
    position = models.PositiveSmallIntegerField()

    objects = HostEntryQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["channel", "hosted"], name="host_once")]

    def __str__(self) -> str:
        return f"{self.channel} hosts {self.hosted}"


class RaidQuerySet(models.QuerySet["Raid"]):
    def running(self) -> "RaidQuerySet":
        return self.filter(state__in=RUNNING_STATES)

    def counting(self) -> "RaidQuerySet":
        return self.filter(state=RaidState.COUNTING)

    def without_target(self) -> "RaidQuerySet":
        """There is nothing to watch where they would go."""
        return self.filter(target__is_live=False)

    def due(self, now: datetime) -> "RaidQuerySet":
        """Their count-down is over."""
        return self.counting().filter(ends_at__lte=now)

    def landed(self, now: datetime) -> "RaidQuerySet":
        """Whoever was to arrive has."""
        since = now - timedelta(seconds=RAID_ARRIVAL_SECONDS)
        return self.filter(state=RaidState.MOVING, moved_at__lte=since)

    def for_pages(self) -> "RaidQuerySet":
        return self.select_related("source__owner", "target__owner")


class Raid(models.Model):
    """One channel sends its viewers to another."""

    source = models.ForeignKey("streaming.Channel", on_delete=models.CASCADE, related_name="raids")
    target = models.ForeignKey("streaming.Channel", on_delete=models.CASCADE, related_name="raids_in")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(
        max_length=10, choices=[(state.value, state.value.capitalize()) for state in RaidState], default="counting"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ends_at = models.DateTimeField(help_text="When its count-down is over.")
    moved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was cancelled.")
    viewers = models.PositiveIntegerField(default=0, help_text="Who watched when they were sent.")
    arrived = models.PositiveIntegerField(default=0)

    objects = RaidQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source"], condition=Q(state__in=RUNNING_STATES), name="one_running_raid_per_channel"
            )
        ]
        indexes: ClassVar = [models.Index("target", F("created_at").desc(), name="raid_into_channel")]

    def __str__(self) -> str:
        return f"{self.source} raids {self.target}"
