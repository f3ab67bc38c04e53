"""Addresses of HLS that stay: each answers with the signed one of this moment, for players that are no page of ours."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from common.refusals import as_page_errors
from streaming.lookup import get_channel, playback_of
from streaming.playback import Playback, recording_playback
from vod.cold_storage import InColdStorage, check_at_hand
from vod.models import Visibility
from vod.services import vod_for_viewer


@require_safe
@cache_control(no_store=True)
@as_page_errors()
def video_playlist(request: HttpRequest, video_id: str) -> HttpResponse:
    """A recording; a private one for its owner alone."""
    vod = vod_for_viewer(public_id=video_id, viewer=request.user)
    try:
        check_at_hand(vod=vod)
    except InColdStorage as error:
        return HttpResponse(error.text, status=409, content_type="text/plain; charset=utf-8")
    answer = _redirect(recording_playback(vod.broadcast.public_id))
    if vod.visibility in {Visibility.PUBLIC, Visibility.UNLISTED}:
        answer["Access-Control-Allow-Origin"] = "*"  # players on other pages, which send no cookies with it
    return answer


@require_safe
@cache_control(no_store=True)
@as_page_errors()
def channel_playlist(request: HttpRequest, login: str) -> HttpResponse:
    """What is on air on a channel; nothing once it has ended, though a recording may be there."""
    answer = _redirect(playback_of(get_channel(login).broadcasts.on_air().first()))
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def _redirect(playback: Playback) -> HttpResponse:
    return HttpResponseRedirect(playback.hls)
