"""Recordings."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from streaming.models import Broadcast, Channel, new_public_id
from vod.limits import UNDO_DAYS, UPLOADS_LISTED
from vod.upload_states import OPEN_STATES, UploadState


class Visibility(models.TextChoices):
    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


class VodQuerySet(models.QuerySet["Vod"]):
    def kept(self) -> "VodQuerySet":
        """All but the deleted ones."""
        return self.filter(deleted_at=None)

    def deleted_lately(self) -> "VodQuerySet":
        """Those that can be brought back, the last deleted first."""
        since = timezone.now() - timedelta(days=UNDO_DAYS)
        return self.filter(deleted_at__gte=since).order_by("-deleted_at", "-pk")

    def to_purge(self) -> "VodQuerySet":
        """Those whose time to be brought back is over and whose files are still there, the oldest first."""
        before = timezone.now() - timedelta(days=UNDO_DAYS)
        return self.filter(deleted_at__lt=before, purged_at=None).order_by("deleted_at")

    def for_pages(self) -> "VodQuerySet":
        """What is kept, with all that cards and page headers show, in one query."""
        return self.kept().select_related("channel__owner", "broadcast__category")

    def listed(self) -> "VodQuerySet":
        """Recordings anyone may find, the newest first."""
        public = self.filter(visibility=Visibility.PUBLIC, channel__owner__is_active=True)
        return public.for_pages().order_by("-created_at", "-pk")


class Vod(models.Model):
    """The recording of a broadcast: its segments, played from the start."""

    # Unguessable and not the broadcast's own id, which everyone saw while it was live: unlisted stays unlisted.
    public_id = models.CharField(max_length=24, unique=True, default=new_public_id)
    broadcast = models.OneToOneField(Broadcast, on_delete=models.CASCADE, related_name="vod")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="vods")
    title = models.CharField(max_length=140, blank=True)
    duration_seconds = models.FloatField(default=0)
    renditions = models.JSONField(default=list, blank=True)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC)
    preview_path = models.CharField(max_length=200, blank=True)
    view_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    # The row stays: it tells that the broadcast had a recording, so that none is made again.
    deleted_at = models.DateTimeField(null=True, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True, help_text="Its files are gone.")

    objects = VodQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index("channel", F("created_at").desc(), name="vod_of_channel"),
            models.Index("visibility", F("view_count").desc(), name="vod_most_watched"),
            models.Index(
                "deleted_at", condition=models.Q(deleted_at__isnull=False, purged_at=None), name="vod_to_purge"
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"Recording {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("video", args=[self.public_id])


class UploadQuerySet(models.QuerySet["Upload"]):
    def open(self) -> "UploadQuerySet":
        """Those that have not come to an end."""
        return self.filter(state__in=OPEN_STATES)

    def of(self, owner: User) -> "UploadQuerySet":
        """A user's own, the newest first."""
        found = self.filter(channel__owner=owner).exclude(state=UploadState.CANCELLED)
        return found.select_related("vod").order_by("-created_at", "-pk")[:UPLOADS_LISTED]


class Upload(models.Model):
    """A video file on its way to be a recording. How much of it has come is the size of its file (`upload_spool`)."""

    public_id = models.CharField(max_length=24, unique=True, default=new_public_id)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="uploads")
    filename = models.CharField(max_length=200)
    title = models.CharField(max_length=140, blank=True)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE)
    length = models.BigIntegerField(help_text="Bytes.")
    state = models.CharField(
        max_length=12,
        choices=[(state.value, state.value) for state in UploadState],
        default=UploadState.RECEIVING.value,
    )
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was refused.")
    done_seconds = models.FloatField(default=0)
    total_seconds = models.FloatField(default=0, help_text="0: the file does not say.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Workers that began with it.")
    broadcast = models.OneToOneField(Broadcast, null=True, blank=True, on_delete=models.SET_NULL, related_name="upload")
    vod = models.OneToOneField(Vod, null=True, blank=True, on_delete=models.SET_NULL, related_name="upload")
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(default=timezone.now, help_text="The last byte, or the last picture made of it.")

    objects = UploadQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index("channel", F("created_at").desc(), name="upload_of_channel"),
            models.Index(fields=["state", "touched_at"], name="upload_in_state"),
        ]

    def __str__(self) -> str:
        return self.title or self.filename
