"""Recordings."""

from typing import ClassVar

from django.db import models
from django.db.models import F

from streaming.models import Broadcast, Channel


class VodQuerySet(models.QuerySet["Vod"]):
    def listed(self) -> "VodQuerySet":
        """Recordings anyone may find, the newest first."""
        return self.filter(visibility=Visibility.PUBLIC).select_related("channel__owner").order_by("-created_at")


class Visibility(models.TextChoices):
    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


class Vod(models.Model):
    """The recording of a broadcast: its segments, played from the start."""

    broadcast = models.OneToOneField(Broadcast, on_delete=models.CASCADE, related_name="vod")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="vods")
    title = models.CharField(max_length=140, blank=True)
    duration_seconds = models.FloatField(default=0)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC)
    preview_path = models.CharField(max_length=200, blank=True)
    view_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = VodQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index("channel", F("created_at").desc(), name="vod_of_channel"),
            models.Index("visibility", F("view_count").desc(), name="vod_most_watched"),
        ]

    def __str__(self) -> str:
        return self.title or f"Recording {self.pk}"
