"""Every route of the site, grouped by prefix."""

from django.contrib import admin
from django.urls import include, path, re_path

from accounts import twitch
from accounts.views.profile import avatar
from common.metrics import metrics
from streaming.urls import channel_urlpatterns

urlpatterns = [
    # /admin/ /accounts/ /notifications /report/ /avatars/ /healthz/
    path("admin/", admin.site.urls),
    path("", include("accounts.notifications.urls")),
    path("", include("accounts.reports.urls")),
    path("accounts/", include("accounts.urls")),
    re_path(r"^avatars/(?P<name>[0-9a-f]{24})/(?P<side>\d{2,3})\.webp$", avatar, name="avatar"),
    path("healthz/", include("common.health")),
    # /api/v1/
    path("api/v1/", include("accounts.api_urls")),
    path("api/v1/", include("streaming.api_urls")),
    path("api/v1/", include("chat.api_urls")),
    path("api/v1/", include("vod.api_urls")),
    # /oauth2/ /helix/ as Twitch's libraries know them; /auth/ and /mock/ are what twurple's mock mode calls them
    path("oauth2/validate", twitch.validate, name="oauth2_validate"),
    path("auth/validate", twitch.validate),
    path("helix/users", twitch.helix_users, name="helix_users"),
    path("mock/users", twitch.helix_users),
    # /metrics /internal/ (the edge answers 404 to everyone outside)
    path("metrics", metrics, name="metrics"),
    path("internal/ingest/", include("streaming.ingest.urls")),
    # /about /terms /rules /privacy /icons/ and what else makes a brand
    path("", include("common.brand.urls")),
    # / /dashboard/ /videos/ /pictures/
    path("", include("streaming.urls")),
    path("", include("vod.urls")),
    path("", include("chat.urls")),
    # /<login>, after everything else
    path("", include(channel_urlpatterns)),
]
