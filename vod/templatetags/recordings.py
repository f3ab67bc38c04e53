"""Recordings for pages of other apps: templates stand above all of them."""

from datetime import datetime

from django import template
from django.contrib.auth.models import AnonymousUser
from django.template import Context

from streaming.models import Channel
from vod import retention
from vod.models import Vod, VodQuerySet

register = template.Library()


@register.simple_tag(takes_context=True)
def recent_recordings(context: Context, limit: int) -> list[Vod]:
    """The newest public recordings of all channels."""
    return list(_listed(context)[:limit])


@register.filter
def kept_until(vod: Vod) -> datetime | None:
    """When it is deleted by itself; None: never."""
    return retention.kept_until(vod)


@register.simple_tag(takes_context=True)
def recordings_of(context: Context, channel: Channel, limit: int) -> list[Vod]:
    """The newest public recordings of one channel."""
    return list(_listed(context).filter(channel=channel)[:limit])


def _listed(context: Context) -> VodQuerySet:
    """With how far the viewer was in each."""
    request = context.get("request")
    return Vod.objects.listed().with_position_of(request.user if request else AnonymousUser())
