"""Recordings in the admin."""

from typing import Any

from django.contrib import admin

from vod.models import Vod
from vod.services import update_vod


@admin.register(Vod)
class VodAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "channel", "visibility", "duration_seconds", "view_count", "created_at")
    list_filter = ("visibility", "kind", "created_at")
    list_select_related = ("channel__owner",)
    search_fields = ("title", "channel__owner__login", "public_id", "broadcast__public_id")
    fields = (
        ("title", "visibility", "downloads_allowed"),
        "description",
        ("public_id", "broadcast", "channel", "created_at"),
        ("duration_seconds", "renditions", "view_count"),
        ("kind", "cut_from", "cut_begin", "cut_end"),
        ("deleted_at", "purged_at", "download_asked_at"),
    )
    readonly_fields = (
        "public_id",
        "broadcast",
        "channel",
        "created_at",
        "duration_seconds",
        "renditions",
        "view_count",
        "kind",
        "cut_from",
        "cut_begin",
        "cut_end",
        "deleted_at",
        "purged_at",
        "download_asked_at",
    )

    def save_model(self, request: object, obj: Vod, form: Any, change: bool) -> None:
        """By the service, which tells its channel's pages and takes permissions back where fewer may watch now."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        update_vod(vod=Vod.objects.get(pk=obj.pk), **changes)

    def has_add_permission(self, request: object) -> bool:
        return False  # recordings come from broadcasts
