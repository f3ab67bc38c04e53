"""Chat in Django's admin. What was said stays said; only emotes of all chats are made here, by their service."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from chat.emotes import add_common_emote, erase_emotes, remove_emote
from chat.models import Ban, ChatMessage, Emote, EmoteQuerySet, ModeratorAct
from chat.picture_store import picture_url
from chat.uploads import read_upload
from common.errors import DomainError


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


class NewEmoteForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """An emote of all chats; those of a channel are made by its streamer."""

    upload = forms.FileField(label="Picture", help_text="PNG, GIF, WebP or JPEG.")

    class Meta:
        model = Emote
        fields = ("code",)

    def clean(self) -> dict[str, Any]:
        """The service makes it, and what it refuses stands beside the form."""
        fields: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                picture = read_upload(fields["upload"])
                self.instance = add_common_emote(actor=self.actor, code=fields["code"], picture=picture)
            except DomainError as error:
                raise ValidationError(error.text) from None
        return fields

    actor: User  # set by the admin


@admin.register(Emote)
class EmoteAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("code", "shown", "room", "animated", "by", "created_at", "deleted_at")
    list_select_related = ("room__owner", "by")
    list_filter = (
        ("room", admin.EmptyFieldListFilter),
        "animated",
        "created_at",
        ("deleted_at", admin.EmptyFieldListFilter),
    )
    search_fields = ("code", "=room__owner__login", "=picture")
    ordering = ("-created_at",)
    actions = ("remove", "erase")

    @admin.display(description="picture")
    def shown(self, emote: Emote) -> SafeString:
        return format_html('<img src="{}" alt="{}" width="28" height="28">', picture_url(emote.picture), emote.code)

    def get_form(self, request: HttpRequest, obj: Emote | None = None, change: bool = False, **kwargs: Any) -> Any:
        return type("NewEmoteForm", (NewEmoteForm,), {"actor": cast(User, request.user)})

    def save_model(self, request: HttpRequest, obj: Emote, form: object, change: bool) -> None:
        """The form has done it."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.action(description="Remove: a word again, restorable for a week", permissions=["view"])
    def remove(self, request: HttpRequest, queryset: EmoteQuerySet) -> None:
        for emote in queryset.kept():
            remove_emote(room=emote.room, actor=cast(User, request.user), code=emote.code)

    @admin.action(description="Erase with its picture, also where it was used", permissions=["view"])
    def erase(self, request: HttpRequest, queryset: EmoteQuerySet) -> None:
        count = erase_emotes(emotes=queryset, actor=cast(User, request.user))
        self.message_user(request, f"{count} erased.", messages.SUCCESS)
