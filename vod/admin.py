"""Recordings in the admin."""

from django.contrib import admin

from vod.models import Vod
from vod.services import update_vod


@admin.register(Vod)
class VodAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "channel", "visibility", "duration_seconds", "view_count", "created_at")
    list_filter = ("visibility", "created_at")
    list_select_related = ("channel__owner",)
    search_fields = ("title", "channel__owner__login", "public_id", "broadcast__public_id")
    readonly_fields = (
        "public_id",
        "broadcast",
        "channel",
        "duration_seconds",
        "renditions",
        "view_count",
        "created_at",
    )

    def save_model(self, request: object, obj: Vod, form: object, change: bool) -> None:
        super().save_model(request, obj, form, change)  # type: ignore[arg-type]
        update_vod(vod=obj, title=obj.title, visibility=obj.visibility)  # its channel's pages are told

    def has_add_permission(self, request: object) -> bool:
        return False  # recordings come from broadcasts
