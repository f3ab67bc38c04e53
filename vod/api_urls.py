"""Routes of recordings and clips in the API."""

from django.urls import path

from vod import api, api_manage, clip_api, upload_api, viewing_api

urlpatterns = [
    # /api/v1/videos…
    path("videos", api.videos, name="api_videos"),
    path("videos/<str:video_id>", api.video, name="api_video"),
    path("videos/<str:video_id>/restore", api.video_restore, name="api_video_restore"),
    path("videos/<str:video_id>/views", viewing_api.video_views, name="api_video_views"),
    path("videos/<str:video_id>/position", viewing_api.video_position, name="api_video_position"),
    path("videos/<str:video_id>/prepare", api.video_prepare, name="api_video_prepare"),
    path("videos/<str:video_id>/playback", api.video_playback, name="api_video_playback"),
    path("videos/<str:video_id>/chapters", api_manage.video_chapters, name="api_video_chapters"),
    path("videos/<str:video_id>/download", api_manage.video_download, name="api_video_download"),
    path("videos/<str:video_id>/highlights", api_manage.video_highlights, name="api_video_highlights"),
    path("videos/<str:video_id>/export", api_manage.video_export, name="api_video_export"),
    # /api/v1/clips…
    path("clips", clip_api.clips, name="api_clips"),
    path("clips/<str:clip_id>", clip_api.clip, name="api_clip"),
    # /api/v1/uploads…
    path("uploads", upload_api.upload_list, name="api_uploads"),
    path("uploads/<str:upload_id>", upload_api.upload_item, name="api_upload"),
]
