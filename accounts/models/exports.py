"""Copies of their own data that people asked for."""

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.limits import EXPORT_KEPT_DAYS


class DataExportQuerySet(models.QuerySet["DataExport"]):
    def waiting(self) -> "DataExportQuerySet":
        return self.filter(state=DataExport.WAITING).order_by("pk")

    def outdated(self) -> "DataExportQuerySet":
        """Those whose file is no longer kept."""
        return self.filter(created_at__lte=timezone.now() - timedelta(days=EXPORT_KEPT_DAYS))


class DataExport(models.Model):
    """One file with everything that is stored about its user, made in the background and kept for some days."""

    WAITING, READY, FAILED = "waiting", "ready", "failed"
    STATES: ClassVar = [(WAITING, "being made"), (READY, "ready"), (FAILED, "failed")]

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="data_exports")
    state = models.CharField(max_length=10, choices=STATES, default=WAITING)
    name = models.CharField(max_length=80, blank=True)  # in storage, where no address leads to
    size = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DataExportQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "-created_at"], name="data_export_of_user")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(state="waiting"), name="one_data_export_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.created_at:%Y-%m-%d}: {self.state}"
