"""Users and their API tokens in the admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import ApiToken, User
from accounts.services import reinstate_user, suspend_user
from accounts.signals import user_created


class CreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("login", "email")

    def clean_login(self) -> str:
        typed: str = self.cleaned_data["login"]
        self.instance.display_name = typed
        return typed.lower()


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    list_display = ("login", "display_name", "email", "is_active", "is_staff", "created_at")
    list_filter = ("is_active", "is_staff", "created_at")
    search_fields = ("login", "email")
    ordering = ("-created_at",)
    readonly_fields = ("created_at", "last_login")
    form = UserChangeForm
    add_form = CreationForm
    fieldsets = (
        (None, {"fields": ("login", "display_name", "email", "password")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("created_at", "last_login")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("login", "email", "usable_password", "password1", "password2")}),
    )
    actions = ("suspend", "reinstate")

    def save_model(self, request: HttpRequest, obj: User, form: object, change: bool) -> None:
        was_active = change and User.objects.filter(pk=obj.pk, is_active=True).exists()
        if was_active and not obj.is_active:
            suspend_user(user=obj)  # by the service, so that a running broadcast ends too
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
