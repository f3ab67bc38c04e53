"""Sessions: whose they are, whether they still stand, and how they are ended."""

from collections.abc import Collection
from functools import partial
from importlib import import_module
from typing import Any

from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.signals import session_ended
from common.errors import NotThere


def session_is_current(*, session_key: str | None, user_id: int) -> bool:
    """False once the user signed out, was suspended, or changed the password."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not session_key:
        return False
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    content = store.load()
    return str(content.get(SESSION_KEY)) == str(user_id) and constant_time_compare(
        str(content.get(HASH_SESSION_KEY, "")), user.get_session_auth_hash()
    )


def users_of_sessions(session_keys: Collection[str]) -> dict[str, User]:
    """Who is signed in in the browsers that sent these cookies: Django's own checks, in two queries for all of them."""
    if not session_keys:
        return {}
    rows = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    contents = {row.session_key: SessionStore().decode(row.session_data) for row in rows}
    ids = {key: int(content[SESSION_KEY]) for key, content in contents.items() if SESSION_KEY in content}
    users = User.objects.filter(is_active=True).in_bulk(set(ids.values()))
    return {key: users[pk] for key, pk in ids.items() if pk in users and _is_sound(contents[key], users[pk])}


def _is_sound(content: dict[str, Any], user: User) -> bool:
    """Signed in by a way that still counts, and the password has not changed since."""
    shown = str(content.get(HASH_SESSION_KEY, ""))
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    known_way = content.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
    return known_way and any(constant_time_compare(shown, one) for one in hashes)


class SessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]  # allauth is untyped
    """Sockets that were opened with an ended session end as well."""

    def end_sessions(self, sessions: Collection[UserSession]) -> None:
        super().end_sessions(sessions)
        for user_id in {session.user_id for session in sessions}:
            transaction.on_commit(partial(session_ended.send, sender=UserSession, user_id=user_id))


def end_session(*, user: User, session_id: int) -> None:
    """End one of the user's own sessions. Raises NotThere."""
    rows = list(UserSession.objects.filter(user=user, pk=session_id))
    if not rows:
        raise NotThere("You have no such session. It may have ended already.")
    SessionsAdapter().end_sessions(rows)


def end_every_session(*, user: User, but: str | None = None) -> int:
    """End all of the user's sessions, but the one with this key. How many there were."""
    rows = list(UserSession.objects.filter(user=user).exclude(session_key=but or ""))
    SessionsAdapter().end_sessions(rows)
    return len(rows)
