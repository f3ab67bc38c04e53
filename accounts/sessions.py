"""Whether a session that opened a long-lived socket still stands."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.utils.crypto import constant_time_compare

from accounts.models import User


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
