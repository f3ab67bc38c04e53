"""Routes of recordings and clips, and of what other sites are told of them and of channels."""

from django.urls import path, re_path

from vod import channel_views, clip_views, embeds, feeds, manage_views, oembed, playlists, sitemaps, upload_views, views

LOGIN = "(?P<login>[A-Za-z0-9_]{3,25})"

urlpatterns = [
    # /videos/…
    path("videos/<slug:video_id>", views.video, name="video"),
    path("videos/<slug:video_id>/playlist.m3u8", playlists.video_playlist, name="video_playlist"),
    path("videos/<slug:video_id>/prepare", views.video_prepare, name="video_prepare"),
    path("videos/<slug:video_id>/chapters.vtt", views.video_chapters, name="video_chapters"),
    path("videos/<slug:video_id>/thumbnails.vtt", views.video_thumbnails, name="video_thumbnails"),
    path("videos/<slug:video_id>/download", views.video_download, name="video_download"),
    # /clips/…
    path("clips/new", clip_views.clip_new, name="clip_new"),
    path("clips/<slug:clip_id>", clip_views.clip, name="clip"),
    path("clips/<slug:clip_id>/embed", clip_views.clip_embed, name="clip_embed"),
    path("clips/<slug:clip_id>/clip.mp4", clip_views.clip_file, {"name": "clip.mp4"}, name="clip_file"),
    path("clips/<slug:clip_id>/poster.jpg", clip_views.clip_file, {"name": "poster.jpg"}, name="clip_poster"),
    path("clips/<slug:clip_id>/delete", clip_views.clip_delete, name="clip_delete"),
    # /dashboard/clips/
    path("dashboard/clips/", clip_views.dashboard_clips, name="dashboard_clips"),
    # /dashboard/videos/…
    path("dashboard/videos/", manage_views.dashboard_videos, name="dashboard_videos"),
    path("dashboard/videos/upload", upload_views.dashboard_upload, name="dashboard_upload"),
    path("dashboard/videos/change", manage_views.videos_change, name="videos_change"),
    path("dashboard/videos/<slug:video_id>/", manage_views.video_edit, name="video_edit"),
    path("dashboard/videos/<slug:video_id>/highlight", manage_views.video_highlight, name="video_highlight"),
    path("dashboard/videos/<slug:video_id>/poster", manage_views.video_poster, name="video_poster"),
    path("dashboard/videos/<slug:video_id>/visibility", manage_views.video_visibility, name="video_visibility"),
    path("dashboard/videos/<slug:video_id>/delete", manage_views.video_delete, name="video_delete"),
    path("dashboard/videos/<slug:video_id>/restore", manage_views.video_restore, name="video_restore"),
    # /embed/…
    path("embed/videos/<slug:video_id>", embeds.embed_video, name="embed_video"),
    re_path(rf"^embed/{LOGIN}$", embeds.embed_channel, name="embed_channel"),
    # /oembed /sitemap… /robots.txt
    path("oembed", oembed.oembed, name="oembed"),
    path("sitemap.xml", sitemaps.sitemap_index, name="sitemap_index"),
    path("sitemap-<slug:section>.xml", sitemaps.sitemap_section, name="sitemap_section"),
    path("robots.txt", sitemaps.robots, name="robots"),
    # /<login>/…: no page of the site has these last names
    re_path(rf"^{LOGIN}/videos$", channel_views.channel_videos, name="channel_videos"),
    re_path(rf"^{LOGIN}/clips$", channel_views.channel_clips, name="channel_clips"),
    re_path(rf"^{LOGIN}/playlist\.m3u8$", playlists.channel_playlist, name="channel_playlist"),
    re_path(rf"^{LOGIN}/videos\.rss$", feeds.videos_rss, name="videos_rss"),
    re_path(rf"^{LOGIN}/videos\.atom$", feeds.videos_atom, name="videos_atom"),
]
