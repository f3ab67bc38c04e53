"""Who a viewer is, as far as counting needs it: an account, or a browser that carries a name we gave it.

Nothing about the browser or its owner goes into that name, and nobody can make one up: it is random and signed. How
many an address may use of them is bounded where they are noted (`viewers`).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse

from common.network import neighbourhood
from streaming.limits import VIEWER_COOKIE_SECONDS, VIEWER_TOKEN_MAX

VIEWER_COOKIE = "viewer"
_signer = Signer(salt="streaming.viewer")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Someone who watches. `address` is where an anonymous one comes from; empty for an account."""

    name: str
    address: str = ""


def new_token() -> str:
    """A name for a browser that has none, signed."""
    return _signer.sign(secrets.token_urlsafe(16))


def is_ours(token: str) -> bool:
    """Whether we made this name."""
    try:
        return len(token) <= VIEWER_TOKEN_MAX and bool(_signer.unsign(token))
    except BadSignature:
        return False


def viewer_of(*, user_id: int | None, token: str, address: str) -> Viewer:
    """The viewer an account or a token stands for; without either he is a new one."""
    if user_id is not None:
        return Viewer(f"user-{user_id}")
    known = token if is_ours(token) else new_token()
    return Viewer(f"page-{known.partition(':')[0]}", neighbourhood(address))


def viewer_of_scope(scope: Mapping[str, object]) -> Viewer:
    """The viewer behind a page's socket."""
    user, cookies, headers = scope["user"], scope["cookies"], scope["headers"]
    forwarded = [value for name, value in headers if name == b"x-forwarded-for"]  # type: ignore[attr-defined]
    return viewer_of(
        user_id=user.pk if user.is_authenticated else None,  # type: ignore[attr-defined]
        token=cookies.get(VIEWER_COOKIE, ""),  # type: ignore[attr-defined]
        address=forwarded[-1].decode("latin-1") if forwarded else "",
    )


def name_browser(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give an anonymous browser its name with a page on which it may watch."""
    if not request.user.is_authenticated and not is_ours(request.COOKIES.get(VIEWER_COOKIE, "")):
        response.set_cookie(
            VIEWER_COOKIE,
            new_token(),
            max_age=VIEWER_COOKIE_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response
