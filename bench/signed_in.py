"""People with sessions of their own, made without the work of signing in."""


def sign_in(people: int) -> list[str]:
    """That many new users, each signed in in a browser of his own: the session keys."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from accounts.models import User

    logins = [f"visitor{number}" for number in range(people)]
    users = User.objects.bulk_create(User(login=login, display_name=login, password="!") for login in logins)  # noqa: S106  nobody's
    sessions = []
    for user in users:
        session = SessionStore()
        session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session.create()
        sessions.append(str(session.session_key))
    return sessions
