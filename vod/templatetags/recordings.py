"""Recordings for pages of other apps: templates stand above all of them."""

from django import template

from streaming.models import Channel
from vod.models import Vod

register = template.Library()


@register.simple_tag
def recent_recordings(limit: int) -> list[Vod]:
    """The newest public recordings of all channels."""
    return list(Vod.objects.listed()[:limit])


@register.simple_tag
def recordings_of(channel: Channel, limit: int) -> list[Vod]:
    """The newest public recordings of one channel."""
    return list(Vod.objects.listed().filter(channel=channel)[:limit])
