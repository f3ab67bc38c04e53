"""Channels, their keys and followers, and the broadcasts made on them."""

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from streaming import discovery_models  # noqa: F401  Django looks for models here
from streaming.audience_models import AudienceSettings, HostEntry, Raid
from streaming.broadcast_states import OPEN_STATES, BroadcastState
from streaming.schedule_models import Schedule, ScheduleEntry

if TYPE_CHECKING:
    from accounts.models import User


__all__ = [  # with what stands in a file of its own; Django looks for models here
    "AudienceSettings",
    "Broadcast",
    "BroadcastNote",
    "Category",
    "Channel",
    "ChannelTier",
    "Follow",
    "HostEntry",
    "IngestNotice",
    "IngestSession",
    "NoteKind",
    "Raid",
    "Schedule",
    "ScheduleEntry",
    "SessionEnd",
    "StreamKey",
]
STATE_CHOICES = [(state.value, state.value.capitalize()) for state in BroadcastState]


def new_public_id() -> str:
    """An unguessable name (96 bits) for a broadcast: it stands in media URLs instead of the stream key."""
    return secrets.token_hex(12)


class Category(models.Model):
    """What is being streamed: a game, music, talk. The counts are those of its channels on air, a few seconds old."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    viewer_count = models.PositiveIntegerField(default=0)
    live_count = models.PositiveIntegerField(default=0)
    art_path = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "categories"
        ordering: ClassVar = ["name"]
        indexes: ClassVar = [
            models.Index(F("viewer_count").desc(), F("live_count").desc(), "name", name="category_most_watched")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("category", args=[self.slug])


LIVE = Q(is_live=True)


class ChannelTier(models.TextChoices):
    EVERYONE = "everyone"
    AFFILIATE = "affiliate"
    PARTNER = "partner"


class ChannelQuerySet(models.QuerySet["Channel"]):
    def live(self) -> "ChannelQuerySet":
        """Channels on air, most watched first."""
        return self.filter(is_live=True).order_by("-viewer_count", "id")

    def followed_by(self, user: "User") -> "ChannelQuerySet":
        return self.filter(follows__user=user)

    def lately_live(self) -> "ChannelQuerySet":
        """Channels that are off air now but have been on, the latest first."""
        return self.filter(is_live=False, last_live_at__isnull=False).order_by("-last_live_at", "id")

    def for_pages(self) -> "ChannelQuerySet":
        """With what every card and page header shows, in one query."""
        return self.select_related("owner", "category")


class Channel(models.Model):
    """A streamer's home. The counts and `is_live` are denormalised from broadcasts, follows and heartbeats."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="channel")
    title = models.CharField(max_length=140, blank=True)
    about = models.TextField(max_length=2000, blank=True)
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.SET_NULL, related_name="channels")
    tags = models.JSONField(default=list, blank=True)
    language = models.CharField(max_length=8, default="en")
    # Tags and language as lists are filtered by them: `discovery.tags.facets_of`.
    facets = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    tier = models.CharField(max_length=10, choices=ChannelTier.choices, default=ChannelTier.EVERYONE)
    is_live = models.BooleanField(default=False)
    last_live_at = models.DateTimeField(
        null=True, blank=True, help_text="On air: since when. Off air: when it was last seen on air."
    )
    viewer_count = models.PositiveIntegerField(default=0)
    follower_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            # Whole orders, with what breaks ties: a page of a list reads its rows and no others.
            models.Index("id", condition=LIVE, name="channel_live"),  # which of two thousand followed ones are
            models.Index(F("viewer_count").desc(), "id", condition=LIVE, name="channel_live_watched"),
            models.Index("category", F("viewer_count").desc(), "id", condition=LIVE, name="channel_category_watched"),
            models.Index(F("last_live_at").desc(), "id", condition=LIVE, name="channel_live_newest"),
            models.Index("category", F("last_live_at").desc(), "id", condition=LIVE, name="channel_category_newest"),
            GinIndex(fields=["facets"], condition=LIVE, name="channel_live_facets"),
            models.Index(
                F("last_live_at").desc(), "id", name="channel_lately_live",
                condition=Q(is_live=False, last_live_at__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.owner)

    def get_absolute_url(self) -> str:
        return reverse("watch", args=[self.owner.login])


class StreamKey(models.Model):
    """One stream key of a channel; only a keyed hash is stored. At most one is not revoked."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="stream_keys")
    digest = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=16)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel"], condition=Q(revoked_at=None), name="one_current_key_per_channel"
            )
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"


class BroadcastQuerySet(models.QuerySet["Broadcast"]):
    def open(self) -> "BroadcastQuerySet":
        """Broadcasts that have not ended."""
        return self.filter(state__in=OPEN_STATES)

    def live(self) -> "BroadcastQuerySet":
        return self.filter(state=BroadcastState.LIVE)

    def on_air(self) -> "BroadcastQuerySet":
        """Broadcasts that were announced and have not ended: someone may be watching."""
        return self.open().filter(started_at__isnull=False)

    def for_pages(self) -> "BroadcastQuerySet":
        """With what every card and page header shows, in one query."""
        return self.select_related("channel__owner", "channel__category", "category")

    def most_watched(self) -> "BroadcastQuerySet":
        """What is on air for everyone to find, most watched first."""
        # `is_live` says the same once more: by it the channels' index has the order, and only one page is read.
        listed = self.on_air().filter(channel__owner__is_active=True, channel__is_live=True)
        return listed.for_pages().order_by("-channel__viewer_count", "-started_at", "pk")

    def unannounced(self, after: datetime, before: datetime) -> "BroadcastQuerySet":
        """Those that started in between and whose followers were not told."""
        return self.filter(started_at__range=(after, before), go_live_notice=None)

    def past_grace(self, now: datetime) -> "BroadcastQuerySet":
        """Broadcasts whose encoder did not come back in time."""
        return self.filter(state=BroadcastState.RECONNECTING, reconnect_deadline__lt=now)


class Broadcast(models.Model):
    """One live session of a channel, across encoder reconnects."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="broadcasts")
    public_id = models.CharField(max_length=24, unique=True, default=new_public_id)
    title = models.CharField(max_length=140, blank=True)
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.SET_NULL)
    state = models.CharField(max_length=12, choices=STATE_CHOICES, default=BroadcastState.STARTING.value)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True, help_text="First segment complete: live was announced.")
    ended_at = models.DateTimeField(null=True, blank=True)
    reconnect_deadline = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=200, blank=True)
    source = models.JSONField(default=dict, blank=True, help_text="What the encoder sends: codec, size, frame rate.")
    warnings = models.JSONField(default=list, blank=True, help_text="[{code, text}] for the dashboard.")
    preview_path = models.CharField(max_length=200, blank=True)
    # Written from above by whoever keeps recordings; empty while there is none that anyone may watch.
    recording_path = models.CharField(max_length=200, blank=True, help_text="Page of the public recording.")
    peak_viewers = models.PositiveIntegerField(default=0)
    average_viewers = models.PositiveIntegerField(default=0)
    unique_viewers = models.PositiveIntegerField(default=0)
    viewer_sample_sum = models.PositiveBigIntegerField(default=0, help_text="With the next: the average's two halves.")
    viewer_sample_count = models.PositiveIntegerField(default=0)

    objects = BroadcastQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel"], condition=Q(state__in=OPEN_STATES), name="one_open_broadcast_per_channel"
            )
        ]
        indexes: ClassVar = [
            models.Index("channel", F("created_at").desc(), name="broadcast_of_channel"),
            models.Index(fields=["category", "state"], name="broadcast_in_category"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.public_id}"


class NoteKind(models.TextChoices):
    TITLE = "title"
    CATEGORY = "category"
    MARKER = "marker"


class BroadcastNote(models.Model):
    """A moment of a broadcast that its recording's chapters are made of: a new title or category, or a marker.

    The first change of title or category comes with a note of what was before, as of the broadcast's beginning.
    """

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="notes")
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=NoteKind.choices)
    text = models.CharField(max_length=140, blank=True)

    class Meta:
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class SessionEnd(models.TextChoices):
    DONE = "done"  # the ingest server said so
    LOST = "lost"  # no sign of life; it may speak again
    REPLACED = "replaced"  # a new publisher took its place
    CLOSED = "closed"  # we ended the broadcast


class IngestSessionQuerySet(models.QuerySet["IngestSession"]):
    def open(self) -> "IngestSessionQuerySet":
        return self.filter(ended_at=None)

    def silent_since(self, moment: datetime) -> "IngestSessionQuerySet":
        """Open sessions the ingest server has not mentioned since `moment`."""
        return self.open().filter(last_seen_at__lt=moment)


class IngestSession(models.Model):
    """One publishing connection at the ingest server, named by nginx's `clientid`."""

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="ingest_sessions")
    client_id = models.CharField(max_length=40)
    address = models.GenericIPAddressField(null=True)
    started_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_cause = models.CharField(max_length=10, choices=SessionEnd.choices, blank=True)

    objects = IngestSessionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["broadcast"], condition=Q(ended_at=None), name="one_publisher_per_broadcast"
            ),
            models.UniqueConstraint(
                fields=["client_id"], condition=Q(ended_at=None), name="one_open_session_per_client"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["client_id", "started_at"], name="ingest_session_of_client")]

    def __str__(self) -> str:
        return f"{self.broadcast_id}/{self.client_id}"


class IngestNotice(models.Model):
    """Something the streamer should know about an attempt to go live: a refusal or its reason."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="ingest_notices")
    code = models.CharField(max_length=40)
    text = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [models.Index("channel", F("created_at").desc(), name="ingest_notice_latest")]

    def __str__(self) -> str:
        return self.text


class Follow(models.Model):
    """A viewer follows a channel."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follows")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="follows")
    notify = models.BooleanField(default=True, help_text="Is told when the channel goes live.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "channel"], name="follow_once")]
        indexes: ClassVar = [
            # Whom to tell, in batches by user.
            models.Index(fields=["channel", "user"], condition=Q(notify=True), name="follow_to_be_told"),
            models.Index("user", F("created_at").desc(), name="follow_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.user} follows {self.channel}"


class GoLiveNotice(models.Model):
    """A broadcast that its channel's followers are told of, and how far that has come: a batch moves it on."""

    broadcast = models.OneToOneField(Broadcast, on_delete=models.CASCADE, related_name="go_live_notice")
    happening = models.OneToOneField("accounts.Happening", null=True, on_delete=models.SET_NULL, related_name="+")
    cursor = models.BigIntegerField(default=0, help_text="The last follower's id who was told.")
    told = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["touched_at"], condition=Q(done_at=None), name="go_live_notice_under_way")
        ]

    def __str__(self) -> str:
        return f"{self.broadcast_id}: {self.told} told"
