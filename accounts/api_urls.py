"""Routes of the signed-in user in the API, and of the API's own description."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from accounts import api
from accounts.api_authentication import needs_scope

urlpatterns = [
    # /api/v1/…
    path("schema", needs_scope("read")(SpectacularAPIView.as_view()), name="api_schema"),
    path("me", api.me, name="api_me"),
    path("tokens", api.tokens, name="api_tokens"),
    path("tokens/<int:token_id>", api.token, name="api_token"),
]
