"""When a channel means to be on air."""

from datetime import date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q

from streaming.limits import TITLE_MAX
from streaming.schedule.rules import Slot

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Schedule(models.Model):
    """A channel's plan: the clock that all its entries go by. Without a row there is none."""

    channel = models.OneToOneField(
        "streaming.Channel", primary_key=True, on_delete=models.CASCADE, related_name="schedule"
    )
    time_zone = models.CharField(max_length=64, help_text="By its name in the IANA database.")

    def __str__(self) -> str:
        return f"{self.channel} ({self.time_zone})"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class ScheduleEntryQuerySet(models.QuerySet["ScheduleEntry"]):
    def of_channel(self, channel_id: int) -> "ScheduleEntryQuerySet":
        """With all that pages show of them, in one query."""
        return self.filter(schedule=channel_id).select_related("schedule", "category")


class ScheduleEntry(models.Model):
    """A planned stream: every week, or once on a date."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="entries")
    weekday = models.PositiveSmallIntegerField(null=True, blank=True, choices=list(enumerate(WEEKDAYS)))
    on = models.DateField(null=True, blank=True, help_text="Of one that is not weekly.")
    start = models.TimeField(help_text="By the schedule's clock.")
    minutes = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=TITLE_MAX)
    category = models.ForeignKey(
        "streaming.Category", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    skipped_on = models.DateField(null=True, blank=True, help_text="The day on which a weekly one is cancelled.")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = ScheduleEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "schedule entries"
        ordering: ClassVar = ["weekday", "on", "start", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(weekday__isnull=True, on__isnull=False)
                # Without "is not null" NULL would do: it is in no range, and in none it is not.
                | Q(weekday__isnull=False, weekday__range=(0, 6), on__isnull=True),
                name="schedule_weekly_or_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id}: {self.title}"

    @property
    def weekly(self) -> bool:
        return self.on is None

    @property
    def end(self) -> time:
        """What the clock shows at its end, unless it was put forward or back meanwhile."""
        return (datetime.combine(date.min, self.start) + timedelta(minutes=self.minutes)).time()

    @property
    def when(self) -> str:
        """Every Friday, 20:00–22:00."""
        day = f"{self.on:%A} {self.on.day} {self.on:%B %Y}" if self.on else f"Every {WEEKDAYS[self.weekday or 0]}"
        return f"{day}, {self.start:%H:%M}–{self.end:%H:%M}"

    @property
    def slot(self) -> Slot:
        """As the rules know it."""
        return Slot(self.pk, self.start, self.minutes, self.weekday, self.on, self.skipped_on)
