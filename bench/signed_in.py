"""People with sessions of their own, made without the work of signing in."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import User


def sign_in(people: int) -> list[str]:
    """That many new users, each signed in in a browser of his own: the session keys."""
    from accounts.models import User

    logins = [f"visitor{number}" for number in range(people)]
    users = User.objects.bulk_create(User(login=login, display_name=login, password="!") for login in logins)  # noqa: S106  nobody's
    return [session_of(user) for user in users]


def session_of(user: "User") -> str:
    """The key of a new session in which this user is signed in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session.create()
    return str(session.session_key)
