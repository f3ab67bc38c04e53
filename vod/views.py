"""The pages of recordings: watching one, and the owner's list."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from common.errors import DomainError, NotThere
from streaming.playback import recording_playback
from streaming.views.pages import PLAYER_MODULES
from vod import services
from vod.limits import UNDO_DAYS
from vod.models import Visibility, Vod
from vod.sharing import share_recording
from vod.watch_positions import position_of

MORE_SHOWN = 12
VIDEOS_PER_PAGE = 25
DELETED_SHOWN = 50


@require_safe
@cache_control(private=True, max_age=0)
def video(request: HttpRequest, video_id: str) -> HttpResponse:
    """A recording, playing at once."""
    try:
        vod = services.vod_for_viewer(public_id=video_id, viewer=request.user)
    except NotThere as error:
        raise Http404(error.text) from None
    channel = vod.channel
    viewer = request.user if request.user.is_authenticated else None
    playback = recording_playback(vod.broadcast.public_id)
    context = {
        "vod": vod,
        "channel": channel,
        "shared": share_recording(vod),
        "more": channel.vods.listed().exclude(pk=vod.pk).with_position_of(request.user)[:MORE_SHOWN],
        "own_channel": viewer is not None and channel.owner_id == viewer.pk,
        "following": viewer is not None and channel.follows.filter(user=viewer).exists(),
        "playback": playback.for_page(),
        "playback_api": f"/api/v1/videos/{vod.public_id}/playback",
        "resume_key": "" if viewer else vod.public_id,
        "resume_at": position_of(user=viewer, vod=vod) if viewer else 0,
        "player_modules": PLAYER_MODULES,
    }
    return render(request, "vod/video.html", context)


@require_safe
@never_cache
@login_required
def dashboard_videos(request: HttpRequest) -> HttpResponse:
    """The owner's recordings."""
    vods = Vod.objects.for_pages().filter(channel__owner=cast(User, request.user)).order_by("-created_at", "-pk")
    context = {
        "page": Paginator(vods, VIDEOS_PER_PAGE).get_page(request.GET.get("page")),
        "visibilities": Visibility.choices,
        "deleted": Vod.objects.deleted_lately().filter(channel__owner=cast(User, request.user))[:DELETED_SHOWN],
        "undo_days": UNDO_DAYS,
    }
    return render(request, "vod/dashboard_videos.html", context)


@require_POST
@login_required
def video_visibility(request: HttpRequest, video_id: str) -> HttpResponse:
    """Who may find it."""
    vod = _own_vod_or_404(request, video_id)
    try:
        services.update_vod(vod=vod, visibility=request.POST.get("visibility", ""))
    except DomainError as error:
        messages.error(request, error.text)
    else:
        messages.success(request, f"“{vod}” is now {vod.get_visibility_display().lower()}.")
    return redirect("dashboard_videos")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def video_delete(request: HttpRequest, video_id: str) -> HttpResponse:
    """Ask, then delete it."""
    vod = _own_vod_or_404(request, video_id)
    if request.method == "POST":
        services.delete_vod(vod=vod)
        messages.success(request, f"“{vod}” is deleted. For {UNDO_DAYS} days you can restore it below.")
        return redirect("dashboard_videos")
    return render(request, "vod/video_delete.html", {"vod": vod, "undo_days": UNDO_DAYS})


@require_POST
@login_required
def video_restore(request: HttpRequest, video_id: str) -> HttpResponse:
    """Bring a deleted one back."""
    try:
        vod = services.restore_vod(public_id=video_id, owner=cast(User, request.user))
    except NotThere as error:
        raise Http404(error.text) from None
    messages.success(request, f"“{vod}” is back. Only you can see it until you change that.")
    return redirect("dashboard_videos")


def _own_vod_or_404(request: HttpRequest, video_id: str) -> Vod:
    try:
        return services.vod_for_owner(public_id=video_id, owner=cast(User, request.user))
    except NotThere as error:
        raise Http404(error.text) from None
