"""Users and their API tokens."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.api_tokens import MODERATE
from accounts.signals import user_created
from accounts.validators import validate_login


class UserManager(BaseUserManager["User"]):
    """Creates users; `createsuperuser` needs these two methods."""

    def create_user(self, login: str, email: str | None = None, password: str | None = None, **fields: Any) -> "User":
        user = self.model(login=login.lower(), email=(email or "").lower() or None, **fields)
        user.display_name = user.display_name or login
        user.set_password(password)
        user.full_clean(exclude=["password"])
        # Together, so that nobody exists without what the listeners make for them.
        with transaction.atomic(using=self._db):
            user.save(using=self._db)
            user_created.send(sender=User, user_id=user.pk)
        return user

    def create_superuser(
        self, login: str, email: str | None = None, password: str | None = None, **fields: Any
    ) -> "User":
        return self.create_user(login, email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(login=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """Someone with a login. `login` is lower case and names the channel's page; `display_name` differs in case only."""

    login = models.CharField(max_length=25, unique=True, validators=[validate_login])
    display_name = models.CharField(max_length=25, blank=True)
    email = models.EmailField(unique=True, null=True, blank=True)  # NULL keeps "no e-mail" out of the unique index
    is_active = models.BooleanField(default=True, help_text="Cleared to suspend: no sign-in, no going live.")
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "login"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]
    objects = UserManager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(login=Lower("login")), name="user_login_is_lower_case"),
            models.CheckConstraint(
                condition=models.Q(display_name="") | models.Q(login=Lower("display_name")),
                name="user_display_name_differs_in_case_only",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.login


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def current(self) -> "ApiTokenQuerySet":
        """Tokens that were not revoked and are not over."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


class ApiToken(models.Model):
    """A bearer token; only its keyed hash is stored, the token is shown once.

    `scopes` are Twitch's names with a space between; without any the token may do all its owner may.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=16)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    scopes = models.CharField(max_length=200, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def may_moderate(self) -> bool:
        """Whether slash commands of moderators are for it."""
        return not self.scopes or MODERATE in self.scopes.split()


# Their models, where Django looks for them. At the end: they speak of users.
from accounts.notifications.models import (  # noqa: E402, F401
    Happening,
    MailItem,
    Notification,
    NotificationPreference,
    PushSubscription,
)
