"""`Authorization: Bearer <api token>` for the API, and what a token with limits may do there."""

from collections.abc import Callable
from typing import Any, TypeVar

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.models import ApiToken, User
from accounts.scopes import SCOPES
from accounts.services import find_token
from common.errors import NotAllowed

View = TypeVar("View", bound=Callable[..., Any])


def needs_scope(scope: str, *, changes: str = "") -> Callable[[View], View]:
    """The scope that a token with limits needs for this API view; `changes`: another one for methods that change."""
    for name in (scope, changes or scope):
        if name not in SCOPES:
            raise ValueError(f"There is no scope {name}.")

    def state(view: View) -> View:
        view.cls.required_scopes = {"safe": scope, "unsafe": changes or scope}  # type: ignore[attr-defined]
        return view

    return state


def scope_for(view: Any, method: str) -> str | None:
    """What `needs_scope` stated of the view; None where it stated nothing."""
    scopes: dict[str, str] = getattr(view, "required_scopes", {})
    return scopes.get("safe" if method in SAFE_METHODS else "unsafe")


class ApiTokenAuthentication(BaseAuthentication):
    """Signs a request in by its bearer token; a wrong one is refused, not ignored.

    Scopes are checked here and not by a permission class: a view that names permissions of its own would lose that
    one, but no token comes in except by this door. A view that states no scope is for no token with limits.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).decode("latin-1").split()
        if not words or words[0].lower() != "bearer":
            return None
        token = find_token(words[1]) if len(words) == 2 else None
        if token is None:
            raise AuthenticationFailed("This API token is unknown or has been revoked.")
        _check_scope(token, request)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ApiTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its registry is untyped
    """Describes the token in the OpenAPI document."""

    target_class = ApiTokenAuthentication
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def signed_in_user(request: Request) -> User:
    """The user behind an API request; anonymous ones are told to sign in."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


def check_reauthenticated(request: Request) -> None:
    """A session must have shown its owner's password or second step lately, as pages ask; a token has its scopes.

    Raises NotAllowed.
    """
    if request.auth is None and is_reauthentication_required(request._request, app=""):
        text = "Confirm that it is you first, at /accounts/reauthenticate/, then try again."
        raise NotAllowed(text, code="reauthenticate")


def _check_scope(token: ApiToken, request: Request) -> None:
    if not token.scopes:
        return
    scope = scope_for(request.parser_context["view"], str(request.method))
    if scope is None:
        raise PermissionDenied("Only a token for everything may do this.", code="missing_scope")
    if not token.allows(scope):
        text = f"This API token lacks the scope {scope} ({SCOPES[scope][0].lower()}{SCOPES[scope][1:]})."
        raise PermissionDenied(text, code="missing_scope")
