"""Everything that changes an account."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.api_tokens import (
    client_id,
    has_token_form,
    new_api_token,
    new_chat_token,
    token_digest,
)
from accounts.limits import LAST_USED_SECONDS, MAX_TOKENS_PER_USER, TOKEN_SHOWN_CHARACTERS
from accounts.models import ApiToken, User
from accounts.names import check_login
from accounts.scopes import CHAT, MODERATE, SCOPES, in_order
from accounts.signals import token_revoked, user_suspended
from common.errors import Conflict, InvalidInput, NotThere


def create_user(*, login: str, password: str | None = None, email: str | None = None) -> User:
    """Create a user; without a password nobody can sign in with one. Raises InvalidInput or Conflict."""
    try:
        check_login(login=login)
        if email and User.objects.filter(email=email.lower()).exists():
            raise Conflict("This e-mail address is in use.", code="email_taken")
        with transaction.atomic():
            return User.objects.create_user(login, email, password)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages)) from None
    except IntegrityError:  # someone took it since we looked
        raise Conflict(f"The login “{login}” or the e-mail address is taken.", code="login_taken") from None


def with_verified_email(*, user_ids: Collection[int]) -> set[int]:
    """Those of them who answered a mail to their address."""
    return set(EmailAddress.objects.filter(user_id__in=user_ids, verified=True).values_list("user_id", flat=True))


def suspend_user(*, user: User) -> None:
    """No sign-in, no API, no going live from now on; who has asked to leave does not come back by signing in either."""
    now = timezone.now()
    if User.objects.filter(pk=user.pk, suspended_at=None).update(is_active=False, suspended_at=now):
        user.is_active, user.suspended_at = False, now
        transaction.on_commit(lambda: _send_suspended(user.pk))


def _send_suspended(user_id: int) -> None:
    user_suspended.send(sender=User, user_id=user_id)


def reinstate_user(*, user: User) -> None:
    """Undo a suspension. Who had asked to leave is still leaving, and may come back by signing in."""
    User.objects.filter(pk=user.pk).update(suspended_at=None, is_active=Q(leaving_at=None, left_at=None))
    user.refresh_from_db(fields=["is_active", "suspended_at"])


def create_api_token(*, user: User, name: str) -> str:
    """Create a token for all that the user may do, and return it: the only time it is seen."""
    return _keep_token(user, name, new_api_token())


def create_chat_token(*, user: User, name: str, may_moderate: bool, days: int | None = None) -> str:
    """Create a token that can read and write chat and nothing else, and return it: the only time it is seen.

    `may_moderate`: it may also do what the user may as a moderator. It ends after `days`, or (None) when it is revoked.
    """
    scopes = (*CHAT, MODERATE) if may_moderate else CHAT
    return create_limited_token(user=user, name=name, scopes=scopes, days=days)


def create_limited_token(*, user: User, name: str, scopes: Collection[str], days: int | None = None) -> str:
    """Create a token for these scopes, and return it: the only time it is seen. `days`: as above."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidInput(f"There is no scope “{unknown[0][:60]}”." if unknown else "Choose at least one scope.")
    expires_at = None if days is None else timezone.now() + timedelta(days=days)
    return _keep_token(user, name, new_chat_token(), scopes=" ".join(in_order(scopes)), expires_at=expires_at)


def revoke_api_token(*, user: User, token_id: int) -> None:
    """End one of the user's own tokens. Raises NotThere for anyone else's."""
    tokens = ApiToken.objects.filter(pk=token_id, user=user, revoked_at=None)
    if not tokens.update(revoked_at=timezone.now()):
        raise NotThere("You have no such token.")
    transaction.on_commit(lambda: _send_token_revoked(user.pk))


def find_token(token: str) -> ApiToken | None:
    """The token with its user, or None when it is malformed, unknown, revoked, over, or its user is suspended."""
    return find_tokens({token}).get(token)


def find_tokens(tokens: Collection[str]) -> dict[str, ApiToken]:
    """Those that are good, with their users."""
    digests = {token_digest(settings.API_TOKEN_PEPPER, token): token for token in tokens if has_token_form(token)}
    if not digests:
        return {}
    current = ApiToken.objects.current().select_related("user").filter(user__is_active=True)
    found = {digests[token.digest]: token for token in current.filter(digest__in=digests)}
    _note_use(found.values())
    return found


def token_client_id(token: ApiToken) -> str:
    """What Twitch's libraries want to know as the application's id."""
    return client_id(settings.API_TOKEN_PEPPER, token.digest)


def _keep_token(user: User, name: str, token: str, **fields: Any) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise InvalidInput("Give the token a name of 1 to 60 characters.")
    if user.api_tokens.current().count() >= MAX_TOKENS_PER_USER:
        raise Conflict(f"You have {MAX_TOKENS_PER_USER} tokens. Revoke one first.", code="too_many_tokens")
    ApiToken.objects.create(
        user=user,
        name=name,
        digest=token_digest(settings.API_TOKEN_PEPPER, token),
        prefix=token[:TOKEN_SHOWN_CHARACTERS],
        **fields,
    )
    return token


def _note_use(tokens: Iterable[ApiToken]) -> None:
    now = timezone.now()
    stale_at = now - timedelta(seconds=LAST_USED_SECONDS)
    stale = [token.pk for token in tokens if token.last_used_at is None or token.last_used_at < stale_at]
    if stale:
        ApiToken.objects.filter(pk__in=stale).update(last_used_at=now)


def _send_token_revoked(user_id: int) -> None:
    token_revoked.send(sender=ApiToken, user_id=user_id)
