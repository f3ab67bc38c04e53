"""How pages of other apps are shared: templates stand above all of them."""

from typing import Any

from django import template

from streaming.models import Channel
from streaming.watch_states import WatchState
from vod.sharing import Shared, share_channel

register = template.Library()


@register.inclusion_tag("vod/video_meta.html")
def channel_meta(channel: Channel, state: WatchState) -> dict[str, Any]:
    """For the head of a channel's page."""
    return {"shared": share_channel(channel, state)}


@register.simple_tag
def shared_channel(channel: Channel, state: WatchState) -> Shared:
    """For its share dialog."""
    return share_channel(channel, state)
