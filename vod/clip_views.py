"""The pages of clips: watching one, alone or framed, making and deleting one, and the list in the dashboard."""

from typing import cast

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from common.errors import DomainError, NotAllowed, NotThere
from streaming.lookup import get_channel
from streaming.models import Channel
from streaming.playback import clip_addresses
from vod import clip_services, services
from vod.clip_states import ClipState
from vod.cold_storage import check_at_hand
from vod.forms import ClipForm
from vod.models import Clip, Visibility, Vod

MORE_SHOWN = 8
CLIPS_PER_PAGE = 24


@require_safe
@cache_control(private=True, max_age=0)
def clip(request: HttpRequest, clip_id: str) -> HttpResponse:
    """A clip, playing over and over; or that it is still being made."""
    found = _clip_or_404(request, clip_id)
    recording = found.recording
    may_see = recording is not None and (
        recording.visibility != Visibility.PRIVATE or found.channel.owner_id == request.user.pk
    )
    viewer = request.user if request.user.is_authenticated else None
    context = {
        **_played(found),
        "recording": recording if may_see else None,
        "may_delete": clip_services.may_delete(found, request.user),
        "own_channel": viewer is not None and found.channel.owner_id == viewer.pk,
        "following": viewer and found.channel.follows.filter(user=viewer).first(),
        "more": found.channel.clips.listed().exclude(pk=found.pk).most_watched()[:MORE_SHOWN],
    }
    return render(request, "vod/clip.html", context)


@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]  # its types know no view with arguments
@cache_control(private=True, max_age=0)
def clip_embed(request: HttpRequest, clip_id: str) -> HttpResponse:
    """The player alone, for any page to frame."""
    return render(request, "vod/clip_embed.html", _played(_clip_or_404(request, clip_id)))


@require_safe
@never_cache
def clip_file(request: HttpRequest, clip_id: str, name: str) -> HttpResponse:
    """An address that stays, for other sites: it leads to the signed one."""
    found = _clip_or_404(request, clip_id)
    if found.state != ClipState.READY:
        raise Http404("The clip is not made.")
    addresses = clip_addresses(found.public_id)
    return redirect(addresses.poster if name == "poster.jpg" else addresses.video)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def clip_new(request: HttpRequest) -> HttpResponse:
    """Make one where no script shows handles: by times, or of the last seconds of what is on air."""
    channel, vod = _source_or_404(request)
    form = ClipForm(request.POST or None, live=vod is None)
    if request.method == "POST" and (made := _made(form, cast(User, request.user), channel, vod)):
        return redirect("clip", made.public_id)
    return render(request, "vod/clip_new.html", {"channel": channel, "vod": vod, "form": form})


def _source_or_404(request: HttpRequest) -> tuple[Channel, Vod | None]:
    """Of what: a video by its id, or a channel by its login."""
    video_id = request.GET.get("video", "")
    try:
        if not video_id:
            return get_channel(request.GET.get("channel", "")), None
        vod = services.vod_for_viewer(public_id=video_id, viewer=request.user)
    except NotThere as error:
        raise Http404(error.text) from None
    return vod.channel, vod


def _made(form: ClipForm, clipper: User, channel: Channel, vod: Vod | None) -> Clip | None:
    if not form.is_valid():
        return None
    wanted = form.cleaned_data
    try:
        if vod is not None:
            check_at_hand(vod=vod)
        return clip_services.create_clip(
            clipper=clipper,
            channel=channel,
            vod=vod,
            title=wanted["title"],
            offset=wanted.get("begin"),
            duration=float(wanted["seconds"]),
        )
    except DomainError as error:
        form.add_error(None, error.text)
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def clip_delete(request: HttpRequest, clip_id: str) -> HttpResponse:
    """Ask, then delete it."""
    try:
        found = clip_services.clip_to_delete(public_id=clip_id, user=cast(User, request.user))
    except NotAllowed as error:
        messages.error(request, error.text)
        return redirect("clip", clip_id)
    except DomainError as error:
        raise Http404(error.text) from None
    if request.method == "POST":
        clip_services.delete_clip(clip=found)
        messages.success(request, f"“{found}” is deleted.")
        return redirect("dashboard_clips")
    return render(request, "vod/clip_delete.html", {"clip": found})


@require_safe
@never_cache
@login_required
def dashboard_clips(request: HttpRequest) -> HttpResponse:
    """Clips of one's own channel, and those one made elsewhere."""
    user = cast(User, request.user)
    # By its key: through a join no index would be of use to both halves of the question.
    own = Channel.objects.filter(owner=user).values_list("pk", flat=True).first()
    mine = Clip.objects.for_pages().filter(Q(channel=own) | Q(clipper=user)).newest()
    page = Paginator(mine, CLIPS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "vod/dashboard_clips.html", {"page": page})


def _played(found: Clip) -> dict[str, object]:
    """What a page needs to play it."""
    if found.state == ClipState.READY:
        clip_services.count_view(clip=found)
    address = f"{settings.SITE_URL}{found.get_absolute_url()}"
    return {
        "clip": found,
        "channel": found.channel,
        "ready": found.state == ClipState.READY,
        "addresses": clip_addresses(found.public_id),
        "address": address,
        "embed_code": (
            f'<iframe src="{address}/embed" width="640" height="360" allow="autoplay; fullscreen" allowfullscreen '
            'title="Clip"></iframe>'
        ),
    }


def _clip_or_404(request: HttpRequest, clip_id: str) -> Clip:
    try:
        return clip_services.clip_for_viewer(public_id=clip_id, viewer=request.user)
    except NotThere as error:
        raise Http404(error.text) from None
