"""Users: who they are, and what they are called."""

from typing import Any, ClassVar, cast

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Lower, Replace
from django.utils import timezone

from accounts.lookalikes import STEPS, skeleton
from accounts.signals import user_created
from accounts.validators import validate_login

LOOKS_ALIKE = "This name looks like that of someone else. Choose another one."


def skeleton_of(field: str) -> models.Expression:
    """What lookalikes.skeleton() makes of it, by the database."""
    expression: Any = F(field)
    for old, new in STEPS:
        expression = Replace(expression, Value(old), Value(new))
    return cast(models.Expression, expression)


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

    def looking_like(self, login: str) -> "models.QuerySet[User]":
        """Whose name could be taken for this one. The filter is that of the index."""
        return self.alias(skeleton=skeleton_of("login")).filter(skeleton=skeleton(login), may_look_alike=False)

    def due_to_leave(self) -> "models.QuerySet[User]":
        """Those who wanted their account deleted and did not come back."""
        return self.filter(leaving_at__lte=timezone.now()).order_by("leaving_at")


class User(AbstractBaseUser, PermissionsMixin):
    """Someone with a login. `login` is lower case and names the channel's page; `display_name` differs in case only."""

    login = models.CharField(max_length=25, unique=True, validators=[validate_login])
    display_name = models.CharField(max_length=25, blank=True)
    email = models.EmailField(unique=True, null=True, blank=True)  # NULL keeps "no e-mail" out of the unique index
    # Not while suspended, nor once somebody has asked to leave: two reasons, and one may end while the other goes on.
    is_active = models.BooleanField(default=True, help_text="Cleared to suspend: no sign-in, no going live.")
    suspended_at = models.DateTimeField(null=True, blank=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    avatar = models.CharField(max_length=24, blank=True, default="", db_default="")  # names the stored files
    leaving_at = models.DateTimeField(null=True, blank=True)  # when the account is deleted; signing in undoes it
    left_at = models.DateTimeField(null=True, blank=True)  # nothing of the person is left but this row, for its id
    # Set for those whose name was there before names had to look different.
    may_look_alike = models.BooleanField(default=False, db_default=False)

    USERNAME_FIELD = "login"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]
    objects = UserManager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["leaving_at"], name="user_leaving", condition=Q(leaving_at__isnull=False))
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(login=Lower("login")), name="user_login_is_lower_case"),
            models.CheckConstraint(
                condition=models.Q(display_name="") | models.Q(login=Lower("display_name")),
                name="user_display_name_differs_in_case_only",
            ),
            models.UniqueConstraint(
                skeleton_of("login"),
                condition=Q(may_look_alike=False),
                name="user_login_looks_like_no_other",
                violation_error_message=LOOKS_ALIKE,
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.login
