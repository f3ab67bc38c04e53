"""Users and their API tokens in the admin."""

from typing import cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.invitations import create_invitation
from accounts.limits import FORMER_LOGIN_DAYS, INVITATION_DAYS, INVITATION_DAYS_MAX, INVITATIONS_AT_ONCE
from accounts.models import ApiToken, FormerLogin, Invitation, User
from accounts.names import check_login, keep_login
from accounts.reports import admin as reports_admin  # noqa: F401  Django looks for it here
from accounts.services import reinstate_user, suspend_user
from accounts.signals import user_created
from common.addresses import absolute
from common.errors import DomainError


class CreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("login", "email")

    def clean_login(self) -> str:
        typed: str = self.cleaned_data["login"]
        check_login_as_form(typed)
        self.instance.display_name = typed
        return typed.lower()


def check_login_as_form(login: str, user: User | None = None) -> None:
    """The rules of names, as a form says them."""
    try:
        check_login(login=login, user=user)
    except DomainError as error:
        raise ValidationError(error.text) from None


class ChangeForm(UserChangeForm):  # type: ignore[type-arg]
    """Another login goes the way of everyone's: the old one stays kept."""

    def clean_login(self) -> str:
        typed: str = self.cleaned_data["login"]
        if typed.lower() != self.initial["login"]:
            check_login_as_form(typed, self.instance)
        return typed.lower()


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    list_display = ("login", "display_name", "email", "is_active", "is_staff", "created_at")
    list_filter = ("is_active", "is_staff", "created_at")
    search_fields = ("login", "email")
    ordering = ("-created_at",)
    readonly_fields = ("created_at", "last_login", "suspended_at", "leaving_at", "reports")
    form = ChangeForm
    add_form = CreationForm
    fieldsets = (
        (None, {"fields": ("login", "display_name", "email", "password")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("created_at", "last_login", "suspended_at", "leaving_at")}),
        ("Reports", {"fields": ("reports",)}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("login", "email", "usable_password", "password1", "password2")}),
    )
    actions = ("suspend", "reinstate")

    @admin.display(description="about this user")
    def reports(self, user: User) -> SafeString:
        """All of them, also those that were decided on."""
        address = reverse("admin:accounts_report_changelist") + f"?state=all&reported={user.pk}"
        return format_html('<a href="{}">{}</a>', address, user.reports_about.count())

    def save_model(self, request: HttpRequest, obj: User, form: object, change: bool) -> None:
        was_active = change and User.objects.filter(pk=obj.pk, is_active=True).exists()
        if was_active and not obj.is_active:
            suspend_user(user=obj)  # by the service, so that a running broadcast ends too
        elif change and obj.is_active and not was_active:
            reinstate_user(user=obj)
        former = User.objects.get(pk=obj.pk).login if change else obj.login
        if former != obj.login:
            keep_login(login=former, user=obj, days=FORMER_LOGIN_DAYS)
            if obj.display_name.lower() != obj.login:
                obj.display_name = obj.login
        super().save_model(request, obj, form, change)
        if not change:
            user_created.send(sender=User, user_id=obj.pk)

    @admin.action(description="Suspend: sign out, end the broadcast", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: "QuerySet[User]") -> None:
        for user in queryset:
            suspend_user(user=user)

    @admin.action(description="Reinstate", permissions=["change"])
    def reinstate(self, request: HttpRequest, queryset: "QuerySet[User]") -> None:
        for user in queryset:
            reinstate_user(user=user)


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("prefix", "name", "user", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("revoked_at",)
    search_fields = ("user__login", "name", "prefix")
    readonly_fields = ("user", "name", "prefix", "scopes", "created_at", "last_used_at")
    fields = ("user", "name", "prefix", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a token is shown once, to its owner


@admin.register(FormerLogin)
class FormerLoginAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("login", "user", "given_up_at", "reserved_until")
    search_fields = ("=login", "=user__login")
    fields = readonly_fields = ("login", "user", "given_up_at", "reserved_until")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # made by renaming; deleting one sets the name free


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    days = forms.IntegerField(min_value=1, max_value=INVITATION_DAYS_MAX, initial=INVITATION_DAYS)
    how_many = forms.IntegerField(min_value=1, max_value=INVITATIONS_AT_ONCE, initial=1)

    class Meta:
        model = Invitation
        fields = ("note",)


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Links are shown once, after they were made; deleting an invitation takes it back."""

    list_display = ("note", "by", "created_at", "expires_at", "used_at", "used_by")
    list_filter = ("used_at", "expires_at")
    form = InvitationForm

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Invitation, form: InvitationForm, change: bool) -> None:
        wanted = form.cleaned_data
        for _ in range(wanted["how_many"]):
            try:
                code = create_invitation(by=cast(User, request.user), days=wanted["days"], note=wanted["note"])
            except DomainError as error:
                messages.error(request, error.text)
                return
            link = absolute(reverse("account_invitation", args=[code]))
            messages.success(request, f"Invitation, shown this once: {link}")

    def save_related(self, *_: object) -> None:
        """There is no object here: the service has made them."""

    def log_addition(self, *_: object) -> None:  # type: ignore[override]
        """Their rows say who made them and when."""

    def response_add(self, request: HttpRequest, obj: Invitation, post_url_continue: str | None = None) -> HttpResponse:
        return redirect("admin:accounts_invitation_changelist")
