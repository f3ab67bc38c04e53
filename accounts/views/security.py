"""How one signs in, and where one is signed in."""

from typing import cast

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import sessions
from accounts.limits import SESSIONS_SHOWN
from accounts.models import User
from accounts.user_agents import browser_name
from common.errors import NotThere
from common.posting import posted_from


@never_cache
@login_required
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Password, second step, sessions."""
    user = cast(User, request.user)
    UserSession.objects.create_from_request(request)  # this one is always in the list
    rows = UserSession.objects.purge_and_list(user)
    rows.sort(key=lambda row: (not row.is_current(), -row.last_seen_at.timestamp()))
    for row in rows:
        row.browser = browser_name(row.user_agent)
    context = {"sessions": rows[:SESSIONS_SHOWN], "authenticators": _authenticators(user)}
    return render(request, "accounts/security.html", context)


@posted_from("account_security")
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """End one: what was opened in it is signed out at once."""
    try:
        sessions.end_session(user=cast(User, request.user), session_id=session_id)
    except NotThere as error:
        messages.error(request, error.text)
    else:
        messages.success(request, "Ended.")
    return redirect("account_security")


@posted_from("account_security")
@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End all but this one."""
    sessions.end_every_session(user=cast(User, request.user), but=request.session.session_key)
    messages.success(request, "Your other sessions have ended.")
    return redirect("account_security")


def _authenticators(user: User) -> dict[str, object]:
    """By kind, as allauth's own page has them."""
    found: dict[str, object] = {}
    for row in Authenticator.objects.filter(user=user):
        if row.type == Authenticator.Type.WEBAUTHN:
            found.setdefault("webauthn", []).append(row.wrap())  # type: ignore[attr-defined]
        else:
            found[row.type] = row.wrap()
    return found
