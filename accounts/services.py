"""Everything that changes an account."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.api_tokens import has_token_form, new_api_token, token_digest
from accounts.limits import LAST_USED_SECONDS, MAX_TOKENS_PER_USER, TOKEN_SHOWN_CHARACTERS
from accounts.models import ApiToken, User
from accounts.signals import user_suspended
from accounts.validators import validate_login
from common.errors import Conflict, InvalidInput, NotThere


def create_user(*, login: str, password: str | None = None, email: str | None = None) -> User:
    """Create a user; without a password nobody can sign in with one. Raises InvalidInput or Conflict."""
    try:
        validate_login(login)
        if User.objects.filter(login=login.lower()).exists():
            raise Conflict(f"The login “{login}” is taken.", code="login_taken")
        if email and User.objects.filter(email=email.lower()).exists():
            raise Conflict("This e-mail address is in use.", code="email_taken")
        with transaction.atomic():
            return User.objects.create_user(login, email, password)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages)) from None
    except IntegrityError:  # someone took it since we looked
        raise Conflict(f"The login “{login}” or the e-mail address is taken.", code="login_taken") from None


def has_verified_email(*, user: User) -> bool:
    """Whether he answered a mail to his address."""
    return bool(EmailAddress.objects.filter(user=user, verified=True).exists())


def suspend_user(*, user: User) -> None:
    """No sign-in, no API, no going live from now on."""
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        user.is_active = False
        transaction.on_commit(lambda: _send_suspended(user.pk))


def _send_suspended(user_id: int) -> None:
    user_suspended.send(sender=User, user_id=user_id)


def reinstate_user(*, user: User) -> None:
    """Undo a suspension."""
    User.objects.filter(pk=user.pk).update(is_active=True)
    user.is_active = True


def create_api_token(*, user: User, name: str) -> str:
    """Create a token and return it: the only time it is seen."""
    name = name.strip()
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise InvalidInput("Give the token a name of 1 to 60 characters.")
    if user.api_tokens.filter(revoked_at=None).count() >= MAX_TOKENS_PER_USER:
        raise Conflict(f"You have {MAX_TOKENS_PER_USER} tokens. Revoke one first.", code="too_many_tokens")
    token = new_api_token()
    ApiToken.objects.create(
        user=user,
        name=name,
        digest=token_digest(settings.API_TOKEN_PEPPER, token),
        prefix=token[:TOKEN_SHOWN_CHARACTERS],
    )
    return token


def revoke_api_token(*, user: User, token_id: int) -> None:
    """End one of the user's own tokens. Raises NotThere for anyone else's."""
    tokens = ApiToken.objects.filter(pk=token_id, user=user, revoked_at=None)
    if not tokens.update(revoked_at=timezone.now()):
        raise NotThere("You have no such token.")


def user_for_api_token(token: str) -> User | None:
    """Whom this token stands for, or None when it is malformed, unknown, revoked, or its user is suspended."""
    if not has_token_form(token):
        return None
    digest = token_digest(settings.API_TOKEN_PEPPER, token)
    found = ApiToken.objects.select_related("user").filter(digest=digest, revoked_at=None, user__is_active=True).first()
    if found is None:
        return None
    stale_at = timezone.now() - timedelta(seconds=LAST_USED_SECONDS)
    if found.last_used_at is None or found.last_used_at < stale_at:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=timezone.now())
    return found.user
