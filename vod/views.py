"""The page of a recording, and what other players take from it."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from common.errors import NotAllowed, NotThere
from common.posting import posted_from
from streaming.playback import recording_playback
from streaming.views.shared import PLAYER_MODULES
from transcode import services as media
from vod import downloads, services
from vod.chapters import render_vtt
from vod.cold_storage import prepare_vod
from vod.models import Vod
from vod.sharing import share_recording
from vod.thumbnails import render_thumbnails
from vod.watch_positions import position_of

MORE_SHOWN = 12
VTT_TYPE = "text/vtt; charset=utf-8"


@require_safe
@cache_control(private=True, max_age=0)
def video(request: HttpRequest, video_id: str) -> HttpResponse:
    """A recording, playing at once; who may not watch it sees what it is and why he may not."""
    try:
        vod = services.vod_for_page(public_id=video_id, viewer=request.user)
    except NotThere as error:
        raise Http404(error.text) from None
    channel = vod.channel
    viewer = request.user if request.user.is_authenticated else None
    allowed = services.may_watch(vod=vod, viewer=request.user)
    cold = media.cold_state(stream_id=vod.broadcast.public_id) if allowed else ""
    plays = allowed and not cold
    context = {
        "vod": vod,
        "channel": channel,
        "shared": share_recording(vod),
        "more": channel.vods.listed().exclude(pk=vod.pk).with_position_of(request.user)[:MORE_SHOWN],
        "own_channel": viewer is not None and channel.owner_id == viewer.pk,
        "following": viewer and channel.follows.filter(user=viewer).first(),
        "locked": not plays,
        "cold": cold,
        "playback": recording_playback(vod.broadcast.public_id).for_page() if plays else None,
        "playback_api": f"/api/v1/videos/{vod.public_id}/playback",
        "resume_key": "" if viewer else vod.public_id,
        "resume_at": position_of(user=viewer, vod=vod) if viewer else 0,
        "player_modules": PLAYER_MODULES,
    }
    return render(request, "vod/video.html", context)


@posted_from("video", "video_id")
def video_prepare(request: HttpRequest, video_id: str) -> HttpResponse:
    """Have a recording brought back from cold storage."""
    prepare_vod(vod=_watchable_or_404(request, video_id), viewer=request.user)
    return redirect("video", video_id)


@require_safe
@cache_control(private=True, max_age=0)
def video_chapters(request: HttpRequest, video_id: str) -> HttpResponse:
    """The chapters as WebVTT, for any player."""
    vod = _watchable_or_404(request, video_id)
    return HttpResponse(render_vtt(vod.chapter_list, duration=vod.duration_seconds), content_type=VTT_TYPE)


@require_safe
@never_cache
def video_thumbnails(request: HttpRequest, video_id: str) -> HttpResponse:
    """The storyboard as WebVTT with signed addresses, for other players."""
    stream_id = _watchable_or_404(request, video_id).broadcast.public_id
    board, playback = media.read_storyboard(stream_id=stream_id), recording_playback(stream_id)
    if board is None or playback.storyboard is None:
        raise Http404("There are no pictures yet.")
    address = request.build_absolute_uri(playback.storyboard)
    track = render_thumbnails(board, media.read_clock(stream_id=stream_id), address)
    return HttpResponse(track, content_type=VTT_TYPE, headers={"Access-Control-Allow-Origin": "*"})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def video_download(request: HttpRequest, video_id: str) -> HttpResponse:
    """The recording as a file: ask for it, see how far it is, fetch it."""
    vod = _watchable_or_404(request, video_id)
    try:
        downloads.check_may_download(vod=vod, viewer=request.user)
    except NotAllowed as error:
        raise Http404(error.text) from None
    if request.method == "POST":
        downloads.ask_for_download(vod=vod, viewer=cast(User, request.user))
        return redirect("video_download", vod.public_id)
    context = {"vod": vod, "channel": vod.channel, "download": downloads.read_download(vod=vod)}
    return render(request, "vod/video_download.html", context)


def _watchable_or_404(request: HttpRequest, video_id: str) -> Vod:
    try:
        return services.vod_for_viewer(public_id=video_id, viewer=request.user)
    except NotThere as error:
        raise Http404(error.text) from None
