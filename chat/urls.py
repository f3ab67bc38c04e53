"""Routes of what chat shows."""

from django.urls import path, re_path

from chat import emote_views, moderation_views, views

_NAME, _SCALE = "(?P<name>[0-9a-f]{24})", "(?P<scale>[123])"
_CODE = "(?P<code>[A-Za-z0-9]{1,40})"
_MODERATION = "dashboard/moderation/<slug:login>"

urlpatterns = [
    # /pictures/<name>/… /emoticons/v2/<name>/…
    re_path(rf"^pictures/{_NAME}/{_SCALE}x\.(?P<extension>webp|png|gif)$", views.picture, name="chat_picture"),
    re_path(
        rf"^emoticons/v2/{_NAME}/(?P<kind>default|static|animated)/(?:light|dark)/{_SCALE}\.0$",
        views.twitch_picture,
        name="twitch_picture",
    ),
    # /dashboard/emotes/…
    path("dashboard/emotes/", emote_views.dashboard_emotes, name="dashboard_emotes"),
    path("dashboard/emotes/prefix", emote_views.dashboard_emote_prefix, name="dashboard_emote_prefix"),
    path("dashboard/emotes/badges", emote_views.dashboard_badge, name="dashboard_badge"),
    path(
        "dashboard/emotes/badges/<int:months>/remove", emote_views.dashboard_badge_remove, name="dashboard_badge_remove"
    ),
    re_path(rf"^dashboard/emotes/{_CODE}/remove$", emote_views.dashboard_emote_remove, name="dashboard_emote_remove"),
    re_path(
        rf"^dashboard/emotes/{_CODE}/restore$", emote_views.dashboard_emote_restore, name="dashboard_emote_restore"
    ),
    # /dashboard/moderation/… of one's own chat, and of those one helps in
    path("dashboard/moderation/", moderation_views.own_moderation, name="own_moderation"),
    path(f"{_MODERATION}/", moderation_views.moderation_held, name="moderation"),
    path(f"{_MODERATION}/log", moderation_views.moderation_log, name="moderation_log"),
    path(f"{_MODERATION}/bans", moderation_views.moderation_bans, name="moderation_bans"),
    path(f"{_MODERATION}/acts", moderation_views.moderation_acts, name="moderation_acts"),
    path(f"{_MODERATION}/held/<uuid:message_id>", moderation_views.moderation_decide, name="moderation_decide"),
    path(f"{_MODERATION}/bans/<slug:user>/lift", moderation_views.moderation_unban, name="moderation_unban"),
    path(
        f"{_MODERATION}/messages/<uuid:message_id>/remove", moderation_views.moderation_remove, name="moderation_remove"
    ),
]
