"""Channels, broadcasts and what the ingest server saw, in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.services import suspend_user
from common.errors import InvalidInput
from streaming.discovery import categories
from streaming.limits import CATEGORY_ART_BYTES_MAX
from streaming.models import (
    Broadcast,
    Category,
    Channel,
    Follow,
    IngestNotice,
    IngestSession,
    ScheduleEntry,
    StreamKey,
)
from streaming.services import end_broadcast


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """For rows only the machinery writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]
    """With a picture to upload, and a category to become part of."""

    art = forms.FileField(required=False, help_text="A still picture; its middle is shown at 3:4.")
    merge_into = forms.ModelChoiceField(
        Category.objects.all(), required=False, help_text="All that is in this one goes there, and so do its addresses."
    )

    class Meta:
        model = Category
        fields = ("name", "slug")

    def clean(self) -> dict[str, Any]:
        """What the services refuse is said beside the field."""
        cleaned = super().clean() or {}
        if cleaned.get("slug") in categories.RESERVED_SLUGS:
            self.add_error("slug", "A page of the site has this address. Choose another one.")
        if cleaned.get("merge_into") and cleaned["merge_into"].pk == self.instance.pk:
            self.add_error("merge_into", "A category cannot become part of itself.")
        if cleaned.get("art"):
            try:
                cleaned["picture"] = categories.read_art(cleaned["art"].read(CATEGORY_ART_BYTES_MAX + 1))
            except InvalidInput as error:
                self.add_error("art", error.text)
        return cleaned


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "slug", "live_count", "viewer_count")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    form = CategoryForm
    fields = ("name", "slug", "art", "merge_into")

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        """By the services, which keep its old addresses and tell the search."""
        categories.save_category(category=obj)
        if form.cleaned_data.get("picture"):
            categories.set_art(category=obj, picture=form.cleaned_data["picture"])
        if form.cleaned_data.get("merge_into"):
            categories.merge_categories(source=obj, target=form.cleaned_data["merge_into"])

    def response_change(self, request: HttpRequest, obj: Category) -> HttpResponse:
        """One that is part of another has no page any more."""
        if obj.pk is not None and Category.objects.filter(pk=obj.pk).exists():
            return super().response_change(request, obj)
        return redirect("admin:streaming_category_changelist")

    def delete_model(self, request: HttpRequest, obj: Category) -> None:
        categories.delete_category(category=obj)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Category]") -> None:
        for category in queryset:
            categories.delete_category(category=category)


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


@admin.register(ScheduleEntry)
class ScheduleEntryAdmin(ReadOnlyAdmin):
    list_display = ("schedule", "title", "when", "category")
    list_select_related = ("schedule__channel__owner", "category")
    search_fields = ("schedule__channel__owner__login", "title")
