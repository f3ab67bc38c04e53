"""What happened, who was told of it, and how each person wants to be told."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.notifications.kinds import RULES, Kind, Way
from accounts.notifications.limits import DETAIL_MAX, ONCE_KEY_MAX, PATH_MAX, TEXT_MAX, UNREAD_SHOWN_MAX

KIND_CHOICES = [(kind.value, kind.value.capitalize()) for kind in Kind]
WAY_CHOICES = [(way.value, way.value.replace("_", "-")) for way in Way]


class Happening(models.Model):
    """Something worth telling, once, however many are told of it."""

    kind = models.CharField(max_length=10, choices=KIND_CHOICES)
    text = models.CharField(max_length=TEXT_MAX)
    detail = models.CharField(max_length=DETAIL_MAX, blank=True)
    path = models.CharField(max_length=PATH_MAX, help_text="The page of this site that it leads to.")
    once_key = models.CharField(
        max_length=ONCE_KEY_MAX, unique=True, null=True, blank=True, help_text="What has one is told once."
    )
    collapse_key = models.CharField(max_length=ONCE_KEY_MAX, blank=True)
    names = models.JSONField(default=list, blank=True, help_text="The newest people of a collapsed one.")
    count = models.PositiveIntegerField(default=1, help_text="How many people a collapsed one stands for.")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.text


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, user_id: int) -> "NotificationQuerySet":
        """Somebody's, the newest first, each with what happened."""
        return self.filter(user_id=user_id).select_related("happening").order_by("-happening_id")

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None)

    def count_up_to(self, most: int = UNREAD_SHOWN_MAX + 1) -> int:
        """How many, counted no further than anybody is told."""
        return self.order_by()[:most].count()


class Notification(models.Model):
    """One person was told of one happening. Narrow: a channel's start makes one for each of its followers.

    The database does not check its two keys: that was half of what a row costs, and a lock on every follower's row. Who
    tells reads both first; a row of someone who leaves at that moment goes with its happening, and is shown to nobody.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notifications",
        db_index=False,
        db_constraint=False,
    )
    happening = models.ForeignKey(
        Happening, on_delete=models.CASCADE, related_name="notifications", db_constraint=False
    )
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            # Also the order of the list: a later happening has a higher number.
            models.UniqueConstraint(fields=["user", "happening"], name="told_once")
        ]
        indexes: ClassVar = [models.Index(fields=["user"], condition=Q(read_at=None), name="notification_unread")]

    def __str__(self) -> str:
        return f"{self.user_id} was told of {self.happening_id}"

    @property
    def icon(self) -> str:
        return RULES[Kind(self.happening.kind)].icon


class NotificationPreference(models.Model):
    """What somebody said about one kind and one way. Without a row the default of the kind holds."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preferences", db_index=False
    )
    kind = models.CharField(max_length=10, choices=KIND_CHOICES)
    way = models.CharField(max_length=6, choices=WAY_CHOICES)
    wanted = models.BooleanField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "kind", "way"], name="one_word_on_each_way")]

    def __str__(self) -> str:
        return f"{self.kind} by {self.way}: {'yes' if self.wanted else 'no'}"


class PushSubscription(models.Model):
    """A browser that may be pushed to: an address at its maker's push service, and keys only it can read with."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_subscriptions")
    endpoint = models.TextField()
    endpoint_digest = models.CharField(max_length=64, unique=True)
    p256dh = models.CharField(max_length=100, help_text="The browser's public key.")
    auth = models.CharField(max_length=32, help_text="What browser and site both know.")
    label = models.CharField(max_length=60, blank=True, help_text="Which browser it is, for its owner's list.")
    created_at = models.DateTimeField(auto_now_add=True)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row.")

    class Meta:
        indexes: ClassVar = [models.Index("user", F("created_at").desc(), name="push_of_user")]

    def __str__(self) -> str:
        return self.label or f"browser {self.pk}"


class MailItem(models.Model):
    """A happening that waits for somebody's next e-mail."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_items", db_index=False
    )
    happening = models.ForeignKey(Happening, on_delete=models.CASCADE, related_name="mail_items")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "happening"], name="mailed_once")]

    def __str__(self) -> str:
        return f"{self.user_id} will read of {self.happening_id}"
