"""The player alone, for other people's pages to frame. It knows no session and sets no cookie: anyone may see it."""

from collections.abc import Callable
from typing import Any, cast

from csp.decorators import csp_replace
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from common.api import status_of
from common.errors import DomainError
from streaming.lookup import get_channel
from streaming.playback import recording_playback
from streaming.services import watch_state
from streaming.views.shared import PLAYER_MODULES
from vod.cold_storage import check_at_hand
from vod.models import Vod
from vod.services import vod_for_viewer
from vod.sharing import share_channel, share_recording

Page = Callable[..., HttpResponse]
STRANGER = AnonymousUser()


def framed_anywhere(view: Page) -> Page:
    """For the only pages that may stand in frames; the edge goes by `frame-ancestors` too."""
    return cast(Page, xframe_options_exempt(csp_replace({"frame-ancestors": ["*"]})(view)))


@require_safe
@cache_control(private=True, max_age=0)
@framed_anywhere
def embed_channel(request: HttpRequest, login: str) -> HttpResponse:
    """What is on air on a channel, or that nothing is."""
    try:
        channel = get_channel(login)
    except DomainError as error:
        return _nothing(request, error)
    state = watch_state(channel=channel)
    context = {
        "mode": "live",
        "channel": channel,
        "shared": share_channel(channel, state),
        "latest_vod": Vod.objects.listed().filter(channel=channel).first(),
        "initial": state.as_event(),
        "screen": "loading" if state.state == "live" else state.state,
        "playback_api": f"/api/v1/streams/{channel.owner.login}/playback",
    }
    return _player(request, context)


@require_safe
@cache_control(private=True, max_age=0)
@framed_anywhere
def embed_video(request: HttpRequest, video_id: str) -> HttpResponse:
    """A recording that is public or unlisted."""
    try:
        vod = vod_for_viewer(public_id=video_id, viewer=STRANGER)
        check_at_hand(vod=vod)
    except DomainError as error:
        return _nothing(request, error)
    context = {
        "mode": "recording",
        "channel": vod.channel,
        "shared": share_recording(vod),
        "initial": recording_playback(vod.broadcast.public_id).for_page(),
        "screen": "loading",
        "playback_api": f"/api/v1/videos/{vod.public_id}/playback",
        "views_api": f"/api/v1/videos/{vod.public_id}/views",
    }
    return _player(request, context)


def _player(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return render(request, "vod/embed.html", {**context, "player_modules": PLAYER_MODULES})


def _nothing(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Said in the frame: the browser's own words for a page that may not be framed would mislead."""
    return render(request, "vod/embed_nothing.html", {"text": error.text}, status=status_of(error))
