"""Routes of the ingest server's hooks."""

from django.urls import path

from streaming.views import ingest

urlpatterns = [
    # /internal/ingest/…
    path("<str:event>/<str:secret>/", ingest.hook, name="ingest_hook"),
]
