"""Routes of recordings and clips in the API."""

from django.urls import path

from vod import api, clip_api

urlpatterns = [
    # /api/v1/videos…
    path("videos", api.videos, name="api_videos"),
    path("videos/<str:video_id>", api.video, name="api_video"),
    path("videos/<str:video_id>/restore", api.video_restore, name="api_video_restore"),
    path("videos/<str:video_id>/playback", api.video_playback, name="api_video_playback"),
    # /api/v1/clips…
    path("clips", clip_api.clips, name="api_clips"),
    path("clips/<str:clip_id>", clip_api.clip, name="api_clip"),
]
