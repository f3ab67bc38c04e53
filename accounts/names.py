"""Who may have which login, and what becomes of those that were given up."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.limits import FORMER_LOGIN_DAYS, RENAME_EVERY_DAYS
from accounts.models import LOOKS_ALIKE, FormerLogin, User
from accounts.signals import user_renamed
from accounts.validators import validate_login
from common.errors import Conflict, InvalidInput


def check_login(*, login: str, user: User | None = None) -> None:
    """Whether somebody new, or `user`, may have this login. Raises InvalidInput or Conflict."""
    try:
        validate_login(login)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), code="login_form") from None
    own = 0 if user is None else user.pk
    if User.objects.filter(login=login.lower()).exclude(pk=own).exists():
        raise Conflict(f"The login “{login}” is taken.", code="login_taken")
    if User.objects.looking_like(login).exclude(pk=own).exists():
        raise Conflict(LOOKS_ALIKE, code="login_looks_alike")
    kept = FormerLogin.objects.reserved().looking_like(login)
    if (kept.exclude(user_id=own) if own else kept).exists():
        raise Conflict(f"The login “{login}” is taken.", code="login_taken")


def current_login(former: str) -> str | None:
    """What the user who had this login is called now; None where there is nobody to lead to."""
    row = FormerLogin.objects.reserved().select_related("user").filter(login=former.lower()).first()
    return row.user.login if row is not None and row.user is not None and row.user.is_active else None


def rename_allowed_at(*, user: User) -> datetime | None:
    """When this user may take another login; None: now."""
    last = user.former_logins.order_by("-given_up_at").values_list("given_up_at", flat=True).first()
    allowed_at = None if last is None else last + timedelta(days=RENAME_EVERY_DAYS)
    return allowed_at if allowed_at is not None and allowed_at > timezone.now() else None


def rename_user(*, user: User, login: str) -> None:
    """Give a user another login; the old one is kept for a while, and leads to it. Raises InvalidInput, Conflict.

    Everything hangs on the id: tokens, keys and recordings stay, and so does what was said under the old name.
    """
    if login.lower() == user.login:
        change_display_name(user=user, display_name=login)
        return
    check_login(login=login, user=user)
    old = user.login
    try:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)  # two at once: the second meets the wait
            if rename_allowed_at(user=user) is not None:
                raise Conflict(f"You can change your login every {RENAME_EVERY_DAYS} days.", code="renamed_lately")
            FormerLogin.objects.filter(login=login.lower(), user=user).delete()  # back to a name of his own
            User.objects.filter(pk=user.pk).update(login=login.lower(), display_name=login, may_look_alike=False)
            keep_login(login=old, user=user, days=FORMER_LOGIN_DAYS)
    except IntegrityError:  # someone took it since we looked
        raise Conflict(f"The login “{login}” is taken.", code="login_taken") from None
    user.login, user.display_name = login.lower(), login
    transaction.on_commit(lambda: _send_renamed(user.pk, old))


def keep_login(*, login: str, user: User | None, days: int) -> None:
    """Nobody else gets this login for so long."""
    now = timezone.now()
    kept = {"user": user, "given_up_at": now, "reserved_until": now + timedelta(days=days)}
    FormerLogin.objects.update_or_create(login=login, defaults=kept)


def change_display_name(*, user: User, display_name: str) -> None:
    """Write the login with other capitals. Raises InvalidInput."""
    if display_name.lower() != user.login:
        raise InvalidInput("The display name is your login, with the capitals you like.", code="display_name")
    User.objects.filter(pk=user.pk).update(display_name=display_name)
    user.display_name = display_name
    transaction.on_commit(lambda: _send_renamed(user.pk, user.login))


def _send_renamed(user_id: int, former: str) -> None:
    user_renamed.send(sender=User, user_id=user_id, former=former)
