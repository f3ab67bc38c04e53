"""Tells people what concerns the safety of their account: who else is in it, and what was changed.

The e-mails about changes are allauth's (ACCOUNT_EMAIL_NOTIFICATIONS); the one about a new sign-in is ours.
"""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from accounts.models import User
from accounts.notifications.kinds import Kind
from accounts.notifications.services import notify_user
from accounts.services import with_verified_email
from accounts.tasks import send_letter
from accounts.user_agents import browser_name
from common.addresses import absolute

KNOWN_COOKIE = "known_to"  # signed: who has signed in in this browser before
KNOWN_SECONDS = 365 * 86_400
KNOWN_MAX = 8  # people of one browser; the longest away is forgotten
_SALT = "accounts.notifications.known_to"
IF_NOT_YOU = "If that was not you, change your password and end the other sessions."


def tell_of_change(*, user_id: int, what: str) -> None:
    """Something by which one signs in is another now: `Your password was changed`."""
    notify_user(user_id=user_id, kind=Kind.SECURITY, text=what, detail=IF_NOT_YOU, path=reverse("account_security"))


def greet_browser(*, request: HttpRequest, response: HttpResponseBase, user: User, new_account: bool) -> None:
    """Somebody signed in: tell them when it is a browser they never used, and know it from now on."""
    known = _known_to(request)
    if user.pk not in known and not new_account:
        _tell_of_sign_in(user, browser_name(request.headers.get("User-Agent", "")))
    known = [user.pk, *(one for one in known if one != user.pk)][:KNOWN_MAX]
    response.set_cookie(
        KNOWN_COOKIE,
        signing.dumps(known, salt=_SALT),
        max_age=KNOWN_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known_to(request: HttpRequest) -> list[int]:
    try:
        known: list[int] = signing.loads(request.COOKIES.get(KNOWN_COOKIE, ""), salt=_SALT, max_age=KNOWN_SECONDS)
    except signing.BadSignature:
        return []
    return known


def _tell_of_sign_in(user: User, browser: str) -> None:
    text, path = f"New sign-in: {browser}", reverse("account_security")
    notify_user(user_id=user.pk, kind=Kind.SECURITY, text=text, detail=IF_NOT_YOU, path=path)
    if user.email and with_verified_email(user_ids=[user.pk]):
        letter = (
            f"Hello {user},\n\nsomebody signed in to your account in a browser that was not used before: {browser}."
        )
        letter += f"\n\n{IF_NOT_YOU}\n\nLook at your sessions:\n{absolute(path)}"
        send_letter.delay(user.email, f"{text} · {settings.SITE_NAME}", letter)
