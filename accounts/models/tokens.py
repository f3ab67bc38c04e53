"""API tokens: only their keyed hash is stored."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.limits import SCOPES_LENGTH
from accounts.models.users import User
from accounts.scopes import MODERATE, SCOPES


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
    scopes = models.CharField(max_length=SCOPES_LENGTH, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def allows(self, scope: str) -> bool:
        """Whether it may do what asks for this scope."""
        return not self.scopes or scope in self.scopes.split()

    @property
    def may_chat(self) -> bool:
        """Whether it signs in to chat at all."""
        return self.allows("chat:read") or self.may_write

    @property
    def may_write(self) -> bool:
        """Whether it may say something in chat."""
        return self.allows("chat:edit")

    @property
    def may_moderate(self) -> bool:
        """Whether slash commands of moderators are for it."""
        return self.allows(MODERATE)

    @property
    def in_words(self) -> list[str]:
        """What it may do, for its owner; nothing where it may do everything."""
        return [SCOPES[scope] for scope in self.scopes.split() if scope in SCOPES]
