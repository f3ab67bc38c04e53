"""What pages about a channel share, here and in the apps above."""

from typing import Any

from django.http import Http404, HttpRequest

from accounts.models import User
from common.errors import NotThere
from streaming.lookup import get_channel
from streaming.models import Channel, Follow

# In the order a page needs them, so that the browser fetches all at once instead of one after the other.
PLAYER_MODULES = [
    "player/player", "player/engine", "player/controls", "player/settings_menu", "player/keyboard", "player/stats",
    "player/screens", "player/stall", "player/preferences", "player/watching", "player/live_place", "player/chapters",
    "player/live_abr", "player/level_choice", "player/bandwidth", "player/pace", "player/prompt_sound",
    "player/seek_bar", "player/timelines", "player/storyboard", "player/wall_clock", "player/cover",
    "player/clip_editor", "player/clip_span",
    "shared/live_socket", "shared/channel_events", "shared/api", "shared/format", "shared/storage", "shared/follow",
    "shared/toasts", "shared/single_keys", "shared/elsewhere", "shared/raid_banner", "shared/raid_panel",
    "shared/local_times",
]  # fmt: skip


def relation_to(user: Any, channel: Channel) -> dict[str, Any]:
    """What the follow button of a page needs to know; `channel` is from `get_channel` for this user."""
    told: bool | None = getattr(channel, "followed", None)
    return {"own_channel": channel.owner_id == user.pk, "following": None if told is None else Follow(notify=told)}


def viewer_of(request: HttpRequest) -> User | None:
    """Who looks at the page; None for strangers."""
    return request.user if isinstance(request.user, User) else None


def channel_or_404(login: str, viewer: User | None = None) -> Channel:
    try:
        return get_channel(login, viewer)
    except NotThere as error:
        raise Http404(error.text) from None
