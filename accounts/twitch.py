"""What Twitch's libraries ask about a token and its owner: `/oauth2/validate` and `/helix/users`, in Twitch's words.

Clients written for Twitch ask here before they speak in chat. Any page may ask: only the token counts, no cookie.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from accounts.avatars import avatar_url
from accounts.limits import HELIX_REQUESTS, HELIX_USERS_MAX, LASTING_TOKEN_SECONDS
from accounts.models import ApiToken, User
from accounts.scopes import EVERY_SCOPE
from accounts.services import find_token, token_client_id
from common.addresses import absolute
from common.rate_limit import RateLimit

WINDOW_SECONDS = 60
REQUESTS = RateLimit("helix", limit=HELIX_REQUESTS, seconds=WINDOW_SECONDS)
SCHEMES = {"oauth", "bearer"}
View = Callable[[HttpRequest], HttpResponse]


def for_any_page(view: View) -> Callable[..., HttpResponseBase]:
    """GET from pages of any origin: no cookie counts, so nobody is asked for more than he sends himself."""

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        if request.method == "OPTIONS":
            response = HttpResponse(status=204)
        elif request.method in {"GET", "HEAD"}:
            response = view(request)
        else:
            response = refusal(405, "Method Not Allowed")
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Allow-Headers"] = "Authorization, Client-Id, Content-Type"
        response["Access-Control-Expose-Headers"] = "Ratelimit-Limit, Ratelimit-Remaining, Ratelimit-Reset"
        return response

    return never_cache(csrf_exempt(answer))


@for_any_page
@sensitive_variables("token")
def validate(request: HttpRequest) -> HttpResponse:
    """`GET /oauth2/validate`: whose token this is, what it may do and for how long."""
    token = _token(request)
    if not token:
        return JsonResponse({"status": 401, "message": "missing authorization token"}, status=401)
    found = find_token(token)
    if found is None:
        return JsonResponse({"status": 401, "message": "invalid access token"}, status=401)
    return JsonResponse(
        {
            "client_id": token_client_id(found),
            "login": found.user.login,
            "scopes": found.scopes.split() or list(EVERY_SCOPE),
            "user_id": str(found.user_id),
            "expires_in": _seconds_left(found),
        }
    )


@for_any_page
@sensitive_variables("token")
def helix_users(request: HttpRequest) -> HttpResponse:
    """`GET /helix/users`: people by `id` and `login`, or the token's owner."""
    token = _token(request)
    found = find_token(token) if token else None
    if found is None:
        return refusal(401, "Invalid OAuth token" if token else "OAuth token is missing")
    if not request.headers.get("Client-Id"):
        return refusal(401, "Client ID is missing")
    left = REQUESTS.left(str(found.pk))
    response = refusal(429, "Too many requests") if left < 0 else _users(request, found)
    response["Ratelimit-Limit"] = str(HELIX_REQUESTS)
    response["Ratelimit-Remaining"] = str(max(left, 0))
    response["Ratelimit-Reset"] = str(int(timezone.now().timestamp()) + WINDOW_SECONDS)
    return response


def refusal(status: int, message: str) -> JsonResponse:
    """An error as Helix answers it."""
    names = {400: "Bad Request", 401: "Unauthorized", 405: "Method Not Allowed", 429: "Too Many Requests"}
    return JsonResponse({"error": names[status], "status": status, "message": message}, status=status)


def _users(request: HttpRequest, token: ApiToken) -> JsonResponse:
    ids, logins = request.GET.getlist("id"), [login.lower() for login in request.GET.getlist("login")]
    if len(ids) + len(logins) > HELIX_USERS_MAX or not all(_is_id(one) for one in ids):
        return refusal(400, f"Ask for at most {HELIX_USERS_MAX} users by id (a number) or login.")
    if not ids and not logins:
        return JsonResponse({"data": [_user(token.user)]})
    people = User.objects.filter(is_active=True)
    people = people.filter(pk__in=ids) | people.filter(login__in=logins)
    return JsonResponse({"data": [_user(user) for user in people.order_by("pk")]})


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18  # fits the database's 64 bits


def _user(user: User) -> dict[str, Any]:
    return {
        "id": str(user.pk),
        "login": user.login,
        "display_name": user.display_name or user.login,
        "type": "",
        "broadcaster_type": "",
        "description": "",
        "profile_image_url": absolute(avatar_url(user)) if user.avatar else "",
        "offline_image_url": "",
        "view_count": 0,
        "created_at": user.created_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }


def _token(request: HttpRequest) -> str:
    """From `OAuth <token>` or `Bearer <token>`; nothing for anything else."""
    scheme, _, token = " ".join(request.headers.get("Authorization", "").split()).partition(" ")
    return token if scheme.lower() in SCHEMES else ""


def _seconds_left(token: ApiToken) -> int:
    if token.expires_at is None:
        return LASTING_TOKEN_SECONDS
    return max(0, int((token.expires_at - timezone.now()).total_seconds()))
