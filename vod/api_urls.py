"""Routes of recordings in the API."""

from django.urls import path

from vod import api, upload_api

urlpatterns = [
    # /api/v1/videos…
    path("videos", api.videos, name="api_videos"),
    path("videos/<str:video_id>", api.video, name="api_video"),
    path("videos/<str:video_id>/restore", api.video_restore, name="api_video_restore"),
    path("videos/<str:video_id>/playback", api.video_playback, name="api_video_playback"),
    # /api/v1/uploads…
    path("uploads", upload_api.upload_list, name="api_uploads"),
    path("uploads/<str:upload_id>", upload_api.upload_item, name="api_upload"),
]
