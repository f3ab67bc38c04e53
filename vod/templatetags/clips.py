"""Clips for pages of other apps: templates stand above all of them."""

from django import template

from streaming.models import Channel
from streaming.playback import clip_addresses
from vod.models import Clip

register = template.Library()


@register.simple_tag
def clips_of(channel: Channel, limit: int) -> list[Clip]:
    """The most watched public clips of one channel."""
    return list(Clip.objects.listed().filter(channel=channel).most_watched()[:limit])


@register.filter
def poster_of(clip: Clip) -> str:
    """Address of its picture."""
    return clip_addresses(clip.public_id).poster
