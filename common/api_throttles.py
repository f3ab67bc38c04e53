"""How often one may ask the API."""

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle

if TYPE_CHECKING:  # it imports this module, by its setting
    from rest_framework.views import APIView


class ReadThrottle(AnonRateThrottle):
    """Reading without signing in, per address."""

    scope = "read"
    rate = "600/min"


class WriteThrottle(UserRateThrottle):
    """Changing things, per user."""

    scope = "write"
    rate = "60/min"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        return request.method in SAFE_METHODS or super().allow_request(request, view)


class SecretThrottle(UserRateThrottle):
    """Making new keys and tokens, per user."""

    scope = "secret"
    rate = "10/min"
