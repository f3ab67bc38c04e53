"""oEmbed 1.0 (oembed.com): what a page of ours looks like in somebody else's."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import resolve
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from common.addresses import absolute
from common.api import status_of
from common.errors import DomainError, InvalidInput, NotThere
from streaming.lookup import get_channel
from streaming.services import watch_state
from vod.limits import EMBED_HEIGHT, EMBED_WIDTH, EMBED_WIDTH_MAX, OEMBED_LIVE_SECONDS, OEMBED_SECONDS
from vod.services import vod_for_viewer
from vod.sharing import Picture, Shared, iframe, share_channel, share_recording

_SIZE = re.compile(r"[1-9][0-9]{0,5}")


def _recording(video_id: str) -> Shared:
    return share_recording(vod_for_viewer(public_id=video_id, viewer=AnonymousUser()))


def _channel(login: str) -> Shared:
    channel = get_channel(login)
    return share_channel(channel, watch_state(channel=channel))


# By the name of the page's route; each gets what the route finds in the address.
RESOLVERS: dict[str, Callable[..., Shared]] = {
    "video": _recording,
    "embed_video": _recording,
    "watch": _channel,
    "embed_channel": _channel,
}


@require_safe
def oembed(request: HttpRequest) -> HttpResponse:
    """`?url=…&format=json&maxwidth=…&maxheight=…` of a channel's or a recording's page."""
    if request.GET.get("format", "json") != "json":
        return _answer({"detail": "Only format=json is answered."}, status=501)
    try:
        most = _size(request, "maxwidth"), _size(request, "maxheight")
        shared = _shared(request.GET.get("url", ""))
    except DomainError as error:
        return _answer({"detail": error.text}, status=status_of(error))
    answer = _answer(describe(shared, *most))
    patch_cache_control(answer, public=True, max_age=_kept_seconds(shared))
    return answer


def describe(shared: Shared, max_width: int | None, max_height: int | None) -> dict[str, Any]:
    """The answer for a page; player and picture are no larger than asked for."""
    width, height = fit(max_width, max_height)
    answer = {
        "version": "1.0",
        "type": "video",
        "provider_name": settings.SITE_NAME,
        "provider_url": absolute("/"),
        "title": shared.title,
        "author_name": shared.author,
        "author_url": shared.author_page,
        "cache_age": _kept_seconds(shared),
        "html": iframe(shared, width, height),
        "width": width,
        "height": height,
    }
    if shared.picture and _is_within(shared.picture, max_width, max_height):
        answer["thumbnail_url"] = shared.picture.url
        answer["thumbnail_width"], answer["thumbnail_height"] = shared.picture.width, shared.picture.height
    return answer


def fit(max_width: int | None, max_height: int | None) -> tuple[int, int]:
    """Width and height of a 16:9 player: the usual size, or as large as the limits that were given allow."""
    if max_width is None and max_height is None:
        return EMBED_WIDTH, EMBED_HEIGHT
    width = min(max_width or EMBED_WIDTH_MAX, EMBED_WIDTH_MAX)
    height = max(width * 9 // 16, 1)
    if max_height is None or height <= max_height:
        return width, height
    return max(max_height * 16 // 9, 1), max_height


def _kept_seconds(shared: Shared) -> int:
    return OEMBED_LIVE_SECONDS if shared.is_live else OEMBED_SECONDS


def _is_within(picture: Picture, max_width: int | None, max_height: int | None) -> bool:
    return picture.width <= (max_width or picture.width) and picture.height <= (max_height or picture.height)


def _size(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    if text and not _SIZE.fullmatch(text):
        raise InvalidInput(f"{name} must be a whole number of pixels above 0.")
    return int(text) if text else None


def _shared(url: str) -> Shared:
    """What one of our own addresses shows to a stranger. Raises NotThere for any other."""
    try:
        parts = urlsplit(url)
        match = resolve(parts.path)
    except (ValueError, Http404):
        raise NotThere("That is no page of this site that can be embedded.") from None
    resolver = RESOLVERS.get(match.url_name or "")
    ours = parts.scheme in {"http", "https"} and parts.netloc == urlsplit(settings.SITE_URL).netloc
    if not ours or resolver is None:
        raise NotThere("That is no page of this site that can be embedded.")
    return resolver(**match.kwargs)


def _answer(answer: dict[str, Any], *, status: int = 200) -> HttpResponse:
    # Nothing in it depends on who asks, so pages of any site may.
    return JsonResponse(answer, status=status, headers={"Access-Control-Allow-Origin": "*"})
