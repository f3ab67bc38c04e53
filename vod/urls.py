"""Routes of recordings and clips."""

from django.urls import path

from vod import clip_views, views

urlpatterns = [
    # /videos/…
    path("videos/<slug:video_id>", views.video, name="video"),
    # /clips/…
    path("clips/<slug:clip_id>", clip_views.clip, name="clip"),
    path("clips/<slug:clip_id>/embed", clip_views.clip_embed, name="clip_embed"),
    path("clips/<slug:clip_id>/clip.mp4", clip_views.clip_file, {"name": "clip.mp4"}, name="clip_file"),
    path("clips/<slug:clip_id>/poster.jpg", clip_views.clip_file, {"name": "poster.jpg"}, name="clip_poster"),
    path("clips/<slug:clip_id>/delete", clip_views.clip_delete, name="clip_delete"),
    # /dashboard/clips/
    path("dashboard/clips/", clip_views.dashboard_clips, name="dashboard_clips"),
    # /dashboard/videos/…
    path("dashboard/videos/", views.dashboard_videos, name="dashboard_videos"),
    path("dashboard/videos/<slug:video_id>/visibility", views.video_visibility, name="video_visibility"),
    path("dashboard/videos/<slug:video_id>/delete", views.video_delete, name="video_delete"),
    path("dashboard/videos/<slug:video_id>/restore", views.video_restore, name="video_restore"),
]
