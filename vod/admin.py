"""Recordings and clips in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from vod.clip_services import delete_clip
from vod.models import Clip, Vod
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


@admin.register(Clip)
class ClipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = (
        "title",
        "channel",
        "clipper",
        "state",
        "duration_seconds",
        "view_count",
        "created_at",
        "deleted_at",
    )
    list_filter = ("state", "created_at")
    list_select_related = ("channel__owner", "clipper")
    search_fields = ("title", "channel__owner__login", "clipper__login", "public_id", "broadcast__public_id")
    fields = ("public_id", "title", "channel", "clipper", "broadcast", "starts_at", "duration_seconds", "visibility")
    readonly_fields = ("public_id", "channel", "clipper", "broadcast", "starts_at", "duration_seconds", "visibility")

    def delete_model(self, request: object, obj: Clip) -> None:
        delete_clip(clip=obj)  # the row stays until its files are gone

    def delete_queryset(self, request: object, queryset: "QuerySet[Clip]") -> None:
        for clip in queryset:
            delete_clip(clip=clip)

    def has_add_permission(self, request: object) -> bool:
        return False  # clips are cut from broadcasts
