"""Routes of chat moderation in the API."""

from django.urls import path, re_path

from chat import api

urlpatterns = [
    # /api/v1/channels/<login>/chat…
    path("channels/<str:login>/chat", api.chat_modes, name="api_chat_modes"),
    path("channels/<str:login>/chat/bans", api.chat_bans, name="api_chat_bans"),
    path("channels/<str:login>/chat/bans/<str:user>", api.chat_ban, name="api_chat_ban"),
    path("channels/<str:login>/chat/messages/<str:message_id>", api.chat_message, name="api_chat_message"),
    path("channels/<str:login>/chat/terms", api.chat_terms, name="api_chat_terms"),
    path("channels/<str:login>/chat/clear", api.chat_clear, name="api_chat_clear"),
    path("channels/<str:login>/chat/acts", api.chat_acts, name="api_chat_acts"),
    re_path(r"^channels/(?P<login>[^/]+)/chat/(?P<roles>moderators|vips)$", api.chat_roles, name="api_chat_roles"),
    re_path(
        r"^channels/(?P<login>[^/]+)/chat/(?P<roles>moderators|vips)/(?P<user>[^/]+)$",
        api.chat_role,
        name="api_chat_role",
    ),
]
