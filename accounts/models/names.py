"""Names that people had: kept for them for a while, so that nobody else steps into their shoes."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.lookalikes import skeleton
from accounts.models.users import User, skeleton_of


class FormerLoginQuerySet(models.QuerySet["FormerLogin"]):
    def reserved(self) -> "FormerLoginQuerySet":
        """Those nobody else may have yet."""
        return self.filter(reserved_until__gt=timezone.now())

    def looking_like(self, login: str) -> "FormerLoginQuerySet":
        return self.alias(skeleton=skeleton_of("login")).filter(skeleton=skeleton(login))


class FormerLogin(models.Model):
    """A login its user gave up. While it is reserved, its page leads to the new one; without a user he has left."""

    login = models.CharField(max_length=25, unique=True)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="former_logins")
    given_up_at = models.DateTimeField(default=timezone.now)
    reserved_until = models.DateTimeField()

    objects = FormerLoginQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(skeleton_of("login"), name="former_login_skeleton")]

    def __str__(self) -> str:
        return self.login
