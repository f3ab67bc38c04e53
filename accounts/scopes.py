"""What an API token may be limited to: Twitch's names, and words of ours where Twitch has none."""

from collections.abc import Collection

CHAT = ("chat:read", "chat:edit")
MODERATE = "channel:moderate"
SCOPES = {  # in the order in which they are chosen from
    "read": "See channels, videos and clips as you see them, and count as a viewer",  # ours
    "chat:read": "Read chat",
    "chat:edit": "Write in chat, and vote",
    MODERATE: "Moderate chats where you may, and read their logs",
    "clips:edit": "Make and delete clips",
    "user:edit:follows": "Follow channels, and choose what is recommended to you",
    "user:edit:reports": "Report something to the staff",  # ours
    "user:read:email": "See who you are, with your e-mail address",
    "user:manage:chat_color": "Change how you are seen in chat",
    "user:manage:notifications": "See your notifications, and choose what you hear of",  # ours
    "channel:manage:broadcast": "Change title, category and tags, set markers, see the health of a broadcast, end it",
    "channel:manage:raids": "Raid, and choose whose raids and hosting you take",
    "channel:manage:polls": "Start and end polls in chat",
    "channel:manage:moderators": "Make moderators and VIPs, or take that back",
    "channel:manage:emotes": "Change emotes and badges",  # ours
    "channel:manage:videos": "Upload, change, cut, export and delete videos",
    "channel:manage:stream_key": "Replace the stream key",  # ours: Twitch only lets it be read, and here nobody can
}
# Twitch's newer names for the same: its libraries look for them in a token without limits.
SAME_ELSEWHERE = ("user:read:chat", "user:write:chat")
EVERY_SCOPE = (*SCOPES, *SAME_ELSEWHERE)


def in_order(chosen: Collection[str]) -> list[str]:
    """The scopes among `chosen`, each once, as they are listed."""
    return [scope for scope in SCOPES if scope in chosen]
