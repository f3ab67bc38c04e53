"""Chat in Django's admin: read only. What was said stays said, and acts go through chat.moderation."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from chat.models import Ban, ChatMessage, ModeratorAct


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class RecordAdmin(ReadOnlyAdmin):
    """Nobody takes away the record of what was done."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(ChatMessage)
class ChatMessageAdmin(ReadOnlyAdmin):
    list_display = ("sent_at", "room", "display_name", "text", "removed_at")
    list_select_related = ("room__owner",)
    list_filter = ("sent_at",)
    search_fields = ("=login",)
    ordering = ("-id",)


@admin.register(Ban)
class BanAdmin(RecordAdmin):
    list_display = ("created_at", "room", "user", "until", "by", "reason", "lifted_at")
    list_select_related = ("room__owner", "user", "by")
    search_fields = ("=user__login", "=room__owner__login")
    ordering = ("-id",)


@admin.register(ModeratorAct)
class ModeratorActAdmin(RecordAdmin):
    list_display = ("at", "room", "actor", "act", "target", "reason")
    list_select_related = ("room__owner", "actor", "target")
    search_fields = ("=actor__login", "=target__login", "=room__owner__login")
    ordering = ("-id",)
