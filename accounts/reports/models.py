"""What was reported, as it was then, and what became of it."""

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from accounts.reports.limits import KEY_MAX, PATH_MAX, TEXT_MAX, TITLE_MAX
from accounts.reports.rules import OUTCOMES, REASONS, State, reason_label

STATE_CHOICES = [(state.value, state.value.capitalize()) for state in State]
REASON_CHOICES = [(reason.value, label) for reason, (label, _) in REASONS.items()]
OPEN = Q(state=State.OPEN.value)


class ReportQuerySet(models.QuerySet["Report"]):
    def open(self) -> "ReportQuerySet":
        """Those nobody has decided on."""
        return self.filter(OPEN)

    def of_subject(self, kind: str, key: str) -> "ReportQuerySet":
        return self.filter(kind=kind, key=key)

    def same_as(self, reports: "models.QuerySet[Report]") -> "ReportQuerySet":
        """These, and all others of the same subjects."""
        return self.filter(Exists(reports.order_by().filter(kind=OuterRef("kind"), key=OuterRef("key"))))

    def with_open_count(self) -> "ReportQuerySet":
        """With `same`: how many open ones there are of the same subject."""
        same = Report.objects.open().filter(kind=OuterRef("kind"), key=OuterRef("key"))
        counted = same.order_by().values("key").annotate(number=Count("pk")).values("number")
        return self.annotate(same=Coalesce(Subquery(counted), 0))

    def queue(self) -> "ReportQuerySet":
        """As the staff works on them: what most people report first, then the newest."""
        return self.with_open_count().order_by(F("same").desc(), "-created_at", "-pk")

    def outdated(self) -> "ReportQuerySet":
        """Those that were decided on so long ago that they are no longer kept."""
        before = timezone.now() - timedelta(days=settings.REPORTS_KEEP_DAYS)
        return self.exclude(OPEN).filter(handled_at__lte=before).order_by("handled_at")


class Report(models.Model):
    """One person told the staff of one subject, and why. Its snapshots outlive the subject.

    While it is open, telling of the same again changes it: the count of a subject is that of people.
    """

    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=KEY_MAX, help_text="Names the subject among its kind.")
    title = models.CharField(max_length=TITLE_MAX)
    path = models.CharField(max_length=PATH_MAX, help_text="The page where it is seen.")
    staff_path = models.CharField(max_length=PATH_MAX, help_text="Its page in the admin.")
    snapshots = models.JSONField(default=list, help_text="How it was when it was reported first, and last.")
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="reports_made"
    )
    reported = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="reports_about"
    )
    reason = models.CharField(max_length=14, choices=REASON_CHOICES)
    text = models.TextField(max_length=TEXT_MAX, blank=True)
    state = models.CharField(max_length=10, choices=STATE_CHOICES, default=State.OPEN.value)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(null=True, blank=True, help_text="When the reporter told of it again.")
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="reports_handled"
    )

    objects = ReportQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["reporter", "kind", "key"], condition=OPEN, name="one_open_report_per_reporter_and_subject"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "key"], name="report_of_subject"),
            models.Index(fields=["handled_at"], condition=~OPEN, name="report_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.title}: {reason_label(self.reason)}"

    def get_absolute_url(self) -> str:
        """Of its reporter: what he said, and what became of it. The same for all who reported the subject."""
        return reverse("report_sent", args=[self.kind, self.key])

    @property
    def is_open(self) -> bool:
        return self.state == State.OPEN

    @property
    def outcome(self) -> str:
        """As its reporter is told; nothing while it is open."""
        return OUTCOMES.get(State(self.state), "")
