"""Routes of recordings."""

from django.urls import path

from vod import upload_views, views

urlpatterns = [
    # /videos/…
    path("videos/<slug:video_id>", views.video, name="video"),
    # /dashboard/videos/…
    path("dashboard/videos/", views.dashboard_videos, name="dashboard_videos"),
    path("dashboard/videos/upload", upload_views.dashboard_upload, name="dashboard_upload"),
    path("dashboard/videos/<slug:video_id>/visibility", views.video_visibility, name="video_visibility"),
    path("dashboard/videos/<slug:video_id>/delete", views.video_delete, name="video_delete"),
    path("dashboard/videos/<slug:video_id>/restore", views.video_restore, name="video_restore"),
]
