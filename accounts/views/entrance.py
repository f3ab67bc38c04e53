"""The way in for who was invited."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.adapter import INVITATION
from accounts.invitations import TOO_LATE, is_open
from common.rate_limit import RateLimit

TRIES = RateLimit("invitation", limit=30, seconds=600)


@never_cache
@require_safe
def invitation(request: HttpRequest, code: str) -> HttpResponse:
    """Remembers the invitation of a link, so that its code leaves the address at once."""
    if request.user.is_authenticated or settings.SIGN_UP == "closed":
        return redirect("/")
    if TRIES.allows(request.META.get("REMOTE_ADDR", "")) and is_open(code):
        request.session[INVITATION] = code
    else:
        messages.error(request, TOO_LATE)
    return redirect("account_signup")
