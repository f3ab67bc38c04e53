"""Routes of recordings."""

from django.urls import path

from vod import manage_views, views

urlpatterns = [
    # /videos/…
    path("videos/<slug:video_id>", views.video, name="video"),
    path("videos/<slug:video_id>/chapters.vtt", views.video_chapters, name="video_chapters"),
    path("videos/<slug:video_id>/thumbnails.vtt", views.video_thumbnails, name="video_thumbnails"),
    path("videos/<slug:video_id>/download", views.video_download, name="video_download"),
    # /dashboard/videos/…
    path("dashboard/videos/", manage_views.dashboard_videos, name="dashboard_videos"),
    path("dashboard/videos/change", manage_views.videos_change, name="videos_change"),
    path("dashboard/videos/<slug:video_id>/", manage_views.video_edit, name="video_edit"),
    path("dashboard/videos/<slug:video_id>/highlight", manage_views.video_highlight, name="video_highlight"),
    path("dashboard/videos/<slug:video_id>/visibility", manage_views.video_visibility, name="video_visibility"),
    path("dashboard/videos/<slug:video_id>/delete", manage_views.video_delete, name="video_delete"),
    path("dashboard/videos/<slug:video_id>/restore", manage_views.video_restore, name="video_restore"),
]
