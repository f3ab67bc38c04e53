"""Routes of chat moderation in the API."""

from django.urls import path, re_path

from chat import api, api_board, api_log, api_markers, api_people, emote_api

CODE = "(?P<code>[A-Za-z0-9]{1,40})"

urlpatterns = [
    # /api/v1/channels/<login>/chat…
    path("channels/<str:login>/chat", api.chat_modes, name="api_chat_modes"),
    path("channels/<str:login>/chat/bans", api.chat_bans, name="api_chat_bans"),
    path("channels/<str:login>/chat/bans/<str:user>", api.chat_ban, name="api_chat_ban"),
    path("channels/<str:login>/chat/messages", api_log.chat_messages, name="api_chat_messages"),
    path("channels/<str:login>/chat/messages/<str:message_id>", api.chat_message, name="api_chat_message"),
    path("channels/<str:login>/chat/terms", api.chat_terms, name="api_chat_terms"),
    path("channels/<str:login>/chat/clear", api.chat_clear, name="api_chat_clear"),
    path("channels/<str:login>/chat/warnings", api_people.chat_warnings, name="api_chat_warnings"),
    path("channels/<str:login>/chat/warnings/acknowledge", api_people.chat_acknowledge, name="api_chat_acknowledge"),
    path("channels/<str:login>/chat/people/<str:user>", api_people.chat_person, name="api_chat_person"),
    path(
        "channels/<str:login>/chat/people/<str:user>/messages",
        api_people.chat_person_messages,
        name="api_chat_person_messages",
    ),
    path(
        "channels/<str:login>/chat/people/<str:user>/notes", api_people.chat_person_notes, name="api_chat_person_notes"
    ),
    path("channels/<str:login>/chat/held", api_people.chat_held, name="api_chat_held"),
    path(
        "channels/<str:login>/chat/held/<str:message_id>", api_people.chat_held_decision, name="api_chat_held_decision"
    ),
    path("channels/<str:login>/chat/notes/<int:note_id>", api_people.chat_note, name="api_chat_note"),
    path("channels/<str:login>/chat/pin", api_board.chat_pin, name="api_chat_pin"),
    path("channels/<str:login>/chat/polls", api_board.chat_polls, name="api_chat_polls"),
    path("channels/<str:login>/chat/polls/end", api_board.chat_poll_end, name="api_chat_poll_end"),
    path("channels/<str:login>/chat/polls/<int:poll_id>/votes", api_board.chat_vote, name="api_chat_vote"),
    path("channels/<str:login>/chat/commands", api_board.chat_commands, name="api_chat_commands"),
    path("channels/<str:login>/chat/chatters", api_board.chat_chatters, name="api_chat_chatters"),
    path("channels/<str:login>/chat/acts", api.chat_acts, name="api_chat_acts"),
    re_path(r"^channels/(?P<login>[^/]+)/chat/(?P<roles>moderators|vips)$", api.chat_roles, name="api_chat_roles"),
    re_path(
        r"^channels/(?P<login>[^/]+)/chat/(?P<roles>moderators|vips)/(?P<user>[^/]+)$",
        api.chat_role,
        name="api_chat_role",
    ),
    # /api/v1/channels/<login>/emotes… /badges…
    path("channels/<str:login>/emotes", emote_api.channel_emotes, name="api_channel_emotes"),
    path("channels/<str:login>/emotes/prefix", emote_api.channel_emote_prefix, name="api_channel_emote_prefix"),
    re_path(rf"^channels/(?P<login>[^/]+)/emotes/{CODE}$", emote_api.channel_emote, name="api_channel_emote"),
    re_path(
        rf"^channels/(?P<login>[^/]+)/emotes/{CODE}/restore$", emote_api.channel_emote_restore, name="api_emote_restore"
    ),
    path("channels/<str:login>/badges", emote_api.channel_badges, name="api_channel_badges"),
    path("channels/<str:login>/badges/<int:months>", emote_api.channel_badge, name="api_channel_badge"),
    # /api/v1/me/chat /api/v1/emotes…
    path("me/chat", emote_api.my_look, name="api_my_chat_look"),
    path("emotes", emote_api.common_emotes, name="api_common_emotes"),
    re_path(rf"^emotes/{CODE}$", emote_api.common_emote, name="api_common_emote"),
    # /api/v1/streams/<id>/chat
    path("streams/<str:name>/chat", api_log.stream_chat, name="api_stream_chat"),
    path("streams/<str:name>/markers", api_markers.stream_markers, name="api_stream_markers"),
]
