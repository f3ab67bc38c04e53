"""Chat in Django's admin: read only, what was said stays said."""

from django.contrib import admin
from django.http import HttpRequest

from chat.models import ChatMessage


@admin.register(ChatMessage)
class ChatMessageAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ("sent_at", "room", "display_name", "text")
    list_select_related = ("room__owner",)
    list_filter = ("sent_at",)
    search_fields = ("=login",)
    ordering = ("-id",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ChatMessage | None = None) -> bool:
        return False
