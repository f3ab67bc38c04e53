"""The page where a streamer uploads videos; its script sends them over the API."""

from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from vod.limits import CHUNK_BYTES, UPLOAD_IDLE_HOURS
from vod.models import Upload, Visibility
from vod.upload_api import UploadSerializer
from vod.uploads import max_bytes


@require_safe
@never_cache
@login_required
def dashboard_upload(request: HttpRequest) -> HttpResponse:
    """Choose a file, and see how far the others are."""
    uploads = Upload.objects.of(cast(User, request.user))
    context = {
        "uploads": UploadSerializer(uploads, many=True).data,
        "visibilities": Visibility.choices,
        "visibility": Visibility.PRIVATE,
        "most_gb": settings.UPLOAD_MAX_GB,
        "most_bytes": max_bytes(),
        "most_hours": settings.UPLOAD_MAX_HOURS,
        "idle_hours": UPLOAD_IDLE_HOURS,
        "chunk_bytes": CHUNK_BYTES,
    }
    return render(request, "vod/dashboard_upload.html", context)
