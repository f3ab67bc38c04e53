"""`Authorization: Bearer <api token>` for the API."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from accounts.models import User
from accounts.services import user_for_api_token


class ApiTokenAuthentication(BaseAuthentication):
    """Signs a request in by its bearer token; a wrong one is refused, not ignored."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        words = get_authorization_header(request).decode("latin-1").split()
        if not words or words[0].lower() != "bearer":
            return None
        user = user_for_api_token(words[1]) if len(words) == 2 else None
        if user is None:
            raise AuthenticationFailed("This API token is unknown or has been revoked.")
        return user, None

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
