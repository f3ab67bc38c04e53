"""The site's routes, and the preview pictures that nginx would send."""

from django.conf import settings
from django.urls import include, path, re_path
from django.views.static import serve

urlpatterns = [
    re_path(r"^(?P<path>previews/.*)$", serve, {"document_root": settings.MEDIA_ROOT}),
    path("", include("config.urls")),
]
