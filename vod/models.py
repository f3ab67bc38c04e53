"""Recordings, and clips of broadcasts."""

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from streaming.models import Broadcast, Channel, new_public_id
from vod.chapters import Chapter
from vod.clip_states import ClipState
from vod.limits import CLIP_TITLE_MAX, DESCRIPTION_MAX, UNDO_DAYS, UPLOADS_LISTED
from vod.upload_states import OPEN_STATES, UploadState


class Visibility(models.TextChoices):
    PUBLIC = "public"
    UNLISTED = "unlisted"
    SUBSCRIBERS = "subscribers"
    PRIVATE = "private"


class Kind(models.TextChoices):
    BROADCAST = "broadcast"
    HIGHLIGHT = "highlight"


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

    def unmade_highlights(self) -> "VodQuerySet":
        """Highlights whose media are not copied yet."""
        return self.kept().filter(kind=Kind.HIGHLIGHT, duration_seconds=0)

    def for_pages(self) -> "VodQuerySet":
        """What is kept, with all that cards and page headers show, in one query."""
        return self.kept().select_related("channel__owner", "broadcast__category")

    def listed(self) -> "VodQuerySet":
        """Recordings anyone may find, the newest first."""
        public = self.filter(visibility=Visibility.PUBLIC, channel__owner__is_active=True)
        return public.for_pages().order_by("-created_at", "-pk")

    def with_position_of(self, viewer: Any) -> "VodQuerySet":
        """With `watched_seconds`, how far this viewer was, where he is signed in; still one query."""
        if not viewer.is_authenticated:
            return self
        his = WatchPosition.objects.filter(vod=OuterRef("pk"), user=viewer)
        return self.annotate(watched_seconds=Subquery(his.values("seconds")))


class Vod(models.Model):
    """The recording of a broadcast: its segments, played from the start."""

    # Unguessable and not the broadcast's own id, which everyone saw while it was live: unlisted stays unlisted.
    public_id = models.CharField(max_length=24, unique=True, default=new_public_id)
    broadcast = models.OneToOneField(Broadcast, on_delete=models.CASCADE, related_name="vod")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="vods")
    title = models.CharField(max_length=140, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.BROADCAST)
    # Of a highlight: what it is cut from and where, in seconds of that.
    cut_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="highlights")
    cut_begin = models.FloatField(default=0)
    cut_end = models.FloatField(default=0)
    description = models.TextField(max_length=DESCRIPTION_MAX, blank=True)
    # [{seconds, title, category}] in order, the first at 0; empty when there is nothing to choose from.
    chapters = models.JSONField(default=list, blank=True)
    duration_seconds = models.FloatField(default=0)
    renditions = models.JSONField(default=list, blank=True)
    visibility = models.CharField(max_length=12, choices=Visibility.choices, default=Visibility.PUBLIC)
    downloads_allowed = models.BooleanField(default=False, help_text="For viewers; the owner always may.")
    download_asked_at = models.DateTimeField(null=True, blank=True, help_text="The file lies there for a day after.")
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
                F("created_at").desc(),
                F("id").desc(),
                condition=Q(visibility="public", deleted_at=None),
                name="vod_newest",
            ),
            models.Index(
                fields=["deleted_at"],
                condition=models.Q(deleted_at__isnull=False, purged_at=None),
                name="vod_to_purge",
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"Recording {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("video", args=[self.public_id])

    @property
    def chapter_list(self) -> list[Chapter]:
        return [Chapter.from_json(stored) for stored in self.chapters]


class WatchPosition(models.Model):
    """How far a viewer was in a recording. POSITIONS_PER_USER."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watch_positions")
    vod = models.ForeignKey(Vod, on_delete=models.CASCADE, related_name="watch_positions")
    seconds = models.PositiveIntegerField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "vod"], name="one_position_per_recording")]
        indexes: ClassVar = [models.Index("user", F("updated_at").desc(), name="watch_position_latest")]

    def __str__(self) -> str:
        return f"{self.user} at {self.seconds} s of {self.vod_id}"


class ChannelUsage(models.Model):
    """What a channel's recordings, highlights, uploads and clips take, as it was counted last."""

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="usage")
    bytes = models.BigIntegerField(default=0)
    counted_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.channel_id}: {self.bytes} bytes"


class ViewBatch(models.Model):
    """Views that are in the counts, by the name of the batch in which they came: none is added twice."""

    name = models.CharField(max_length=24, unique=True)
    written_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.name


class Wish(models.TextChoices):
    WATCH = "watch"
    FILE = "file"


class Waiter(models.Model):
    """Somebody who is to be told when a recording is back from cold storage, or is there as a file."""

    vod = models.ForeignKey(Vod, on_delete=models.CASCADE, related_name="waiters")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    wish = models.CharField(max_length=5, choices=Wish.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["vod", "user", "wish"], name="one_waiter_per_user_and_wish")
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="waiter_by_age")]

    def __str__(self) -> str:
        return f"{self.user_id} waits for {self.vod_id} ({self.wish})"


class ClipQuerySet(models.QuerySet["Clip"]):
    def kept(self) -> "ClipQuerySet":
        """All but the deleted ones."""
        return self.filter(deleted_at=None)

    def for_pages(self) -> "ClipQuerySet":
        """What is kept, with all that cards and pages show, in one query."""
        return self.kept().select_related("channel__owner", "clipper", "broadcast__vod")

    def listed(self) -> "ClipQuerySet":
        """Clips anyone may find."""
        public = self.filter(visibility=Visibility.PUBLIC, state=ClipState.READY, channel__owner__is_active=True)
        return public.for_pages()

    def most_watched(self) -> "ClipQuerySet":
        return self.order_by("-view_count", "-created_at", "-pk")

    def newest(self) -> "ClipQuerySet":
        return self.order_by("-created_at", "-pk")

    def unmade(self) -> "ClipQuerySet":
        """Those still to be made, the oldest first."""
        return self.kept().filter(state=ClipState.MAKING).order_by("created_at", "pk")


class Clip(models.Model):
    """A few seconds of a broadcast, kept for themselves: they outlive the recording."""

    public_id = models.CharField(max_length=24, unique=True, default=new_public_id)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="clips")
    broadcast = models.ForeignKey(Broadcast, null=True, on_delete=models.SET_NULL, related_name="clips")
    clipper = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="clips_made"
    )
    title = models.CharField(max_length=CLIP_TITLE_MAX, blank=True)
    starts_at = models.DateTimeField(help_text="When its first picture was on air.")
    duration_seconds = models.FloatField()
    # [[second of the clip, Unix time]]: where an absence of the encoder's is left out, and when it goes on.
    joins = models.JSONField(default=list, blank=True)
    # As that of the recording, which it follows; a recording that is deleted leaves it as it is.
    visibility = models.CharField(max_length=12, choices=Visibility.choices, default=Visibility.PUBLIC)
    state = models.CharField(max_length=8, choices=ClipState.choices(), default=ClipState.MAKING.value)
    problem = models.CharField(max_length=200, blank=True, help_text="Why it could not be made.")
    tries = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True, help_text="A worker makes it until then.")
    has_files = models.BooleanField(default=False, help_text="Something of it may be in storage.")
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0, help_text="Bytes of its file.")
    view_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = ClipQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index("channel", F("view_count").desc(), name="clip_of_channel"),
            models.Index("visibility", F("view_count").desc(), name="clip_most_watched"),
            models.Index("clipper", F("created_at").desc(), name="clip_of_clipper"),
            models.Index(fields=["created_at"], condition=Q(state="making", deleted_at=None), name="clip_unmade"),
            models.Index(
                fields=["deleted_at"], condition=Q(has_files=True, deleted_at__isnull=False), name="clip_files"
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"Clip {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("clip", args=[self.public_id])

    @property
    def spans(self) -> list[tuple[float, float]]:
        """From which second of it on it shows what was on air from which time (Unix seconds) on."""
        return [(0.0, self.starts_at.timestamp()), *((float(seconds), float(at)) for seconds, at in self.joins)]

    @property
    def recording(self) -> Vod | None:
        """The recording that it is of, while there is one."""
        vod: Vod | None = getattr(self.broadcast, "vod", None)
        return vod if vod is not None and vod.deleted_at is None else None


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
    visibility = models.CharField(max_length=12, choices=Visibility.choices, default=Visibility.PRIVATE)
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
