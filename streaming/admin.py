"""Channels, broadcasts and what the ingest server saw, in the admin."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.services import suspend_user
from streaming.models import Broadcast, Category, Channel, Follow, IngestNotice, IngestSession, StreamKey
from streaming.services import end_broadcast


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """For rows only the machinery writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "slug")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("owner", "title", "category", "tier", "is_live", "viewer_count", "follower_count", "last_live_at")
    list_filter = ("is_live", "tier", "category", "language")
    list_select_related = ("owner", "category")
    search_fields = ("owner__login", "title")
    readonly_fields = ("owner", "is_live", "last_live_at", "viewer_count", "follower_count", "created_at")
    actions = ("suspend_owner",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # everyone gets one by signing up

    @admin.action(description="Suspend the owner: end the broadcast, no sign-in", permissions=["change"])
    def suspend_owner(self, request: HttpRequest, queryset: "QuerySet[Channel]") -> None:
        for channel in queryset.select_related("owner"):
            suspend_user(user=channel.owner)


@admin.register(Broadcast)
class BroadcastAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "channel", "state", "title", "started_at", "ended_at", "peak_viewers", "end_reason")
    list_filter = ("state", "created_at", "category")
    list_select_related = ("channel__owner",)
    search_fields = ("public_id", "channel__owner__login", "title")
    date_hierarchy = "created_at"
    actions = ("end",)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("streaming.change_broadcast")

    @admin.action(description="End the broadcast and disconnect its encoder", permissions=["end"])
    def end(self, request: HttpRequest, queryset: "QuerySet[Broadcast]") -> None:
        ended = [end_broadcast(broadcast=broadcast, reason="Ended by the staff.") for broadcast in queryset]
        self.message_user(request, f"{sum(ended)} ended.")


@admin.register(IngestSession)
class IngestSessionAdmin(ReadOnlyAdmin):
    list_display = ("broadcast", "client_id", "address", "started_at", "last_seen_at", "ended_at", "end_cause")
    list_filter = ("end_cause", "started_at")
    list_select_related = ("broadcast__channel__owner",)
    search_fields = ("broadcast__public_id", "broadcast__channel__owner__login", "address")


@admin.register(IngestNotice)
class IngestNoticeAdmin(ReadOnlyAdmin):
    list_display = ("channel", "code", "text", "created_at")
    list_filter = ("code", "created_at")
    list_select_related = ("channel__owner",)
    search_fields = ("channel__owner__login", "text")


@admin.register(StreamKey)
class StreamKeyAdmin(ReadOnlyAdmin):
    list_display = ("channel", "prefix", "created_at", "revoked_at")
    list_filter = ("revoked_at",)
    list_select_related = ("channel__owner",)
    search_fields = ("channel__owner__login",)
    exclude = ("digest",)


@admin.register(Follow)
class FollowAdmin(ReadOnlyAdmin):
    list_display = ("user", "channel", "created_at")
    list_select_related = ("user", "channel__owner")
    search_fields = ("user__login", "channel__owner__login")
