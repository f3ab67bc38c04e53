"""The owner's pages: his recordings, and one to edit. Fetching his own is the permission check."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from common.errors import DomainError, InvalidInput, NotThere
from common.posting import posted_from
from streaming.playback import recording_playback
from streaming.views.shared import PLAYER_MODULES
from transcode import services as media
from vod import highlights, posters, services
from vod.forms import HighlightForm, PosterForm, VodForm, VodSearchForm
from vod.limits import POSTER_BYTES, UNDO_DAYS
from vod.models import Visibility, Vod
from vod.quotas import read_quota

VIDEOS_PER_PAGE = 25
DELETED_SHOWN = 50
QUERY_MAX = 1000  # characters of an address to go back to


@require_safe
@never_cache
@login_required
def dashboard_videos(request: HttpRequest) -> HttpResponse:
    """The owner's recordings."""
    owner = cast(User, request.user)
    own = Vod.objects.for_pages().filter(channel__owner=owner)
    search = VodSearchForm(request.GET)
    context = {
        "page": Paginator(search.narrow(own), VIDEOS_PER_PAGE).get_page(request.GET.get("page")),
        "total": own.count(),
        "search": search,
        "asked": search.cleaned_data,
        "query": request.GET.urlencode(),
        "visibilities": Visibility.choices,
        "quota": read_quota(owner.channel) if hasattr(owner, "channel") else None,
        "deleted": Vod.objects.deleted_lately().filter(channel__owner=owner)[:DELETED_SHOWN],
        "undo_days": UNDO_DAYS,
    }
    return render(request, "vod/dashboard_videos.html", context)


@posted_from("dashboard_videos")
@login_required
def videos_change(request: HttpRequest) -> HttpResponse:
    """Do one thing to all chosen recordings."""
    chosen = set(request.POST.getlist("listed" if request.POST.get("all") else "video"))
    try:
        messages.success(request, _change(cast(User, request.user), request.POST.get("act", ""), chosen))
    except DomainError as error:
        messages.error(request, error.text)
    return _back_to_list(request)


def _back_to_list(request: HttpRequest) -> HttpResponse:
    """As it was searched and sorted before."""
    query = QueryDict(request.POST.get("query", "")[:QUERY_MAX]).urlencode()
    return redirect(f"{reverse('dashboard_videos')}?{query}".removesuffix("?"))


def _change(owner: User, act: str, chosen: set[str]) -> str:
    """Returns what to say about it."""
    if not chosen:
        raise InvalidInput("Choose the recordings first.")
    if act == "delete":
        done = f"deleted. For {UNDO_DAYS} days you can restore"
        count = services.delete_vods(owner=owner, public_ids=chosen)
        return f"{count} recording{pluralize(count)} {done} {pluralize(count, 'it,them')} below."
    if act == "restore":
        count = services.restore_vods(owner=owner, public_ids=chosen)
        return f"{count} recording{pluralize(count)} back. Only you can see {pluralize(count, 'it,them')} so far."
    if act not in Visibility.values:
        raise InvalidInput("Choose what to do with them.")
    count = services.update_vods(owner=owner, public_ids=chosen, visibility=act)
    return f"{count} recording{pluralize(count)} now {Visibility(act).label.lower()}."


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def video_edit(request: HttpRequest, video_id: str) -> HttpResponse:
    """Everything about one recording."""
    vod = _own_vod_or_404(request, video_id)
    form = VodForm(request.POST or None, vod=vod)
    if request.method == "POST" and _saved(form, vod):
        messages.success(request, "Saved.")
        return redirect("video_edit", vod.public_id)
    return _edit_page(request, vod, form=form)


def _edit_page(request: HttpRequest, vod: Vod, **forms: Form) -> HttpResponse:
    """With forms of it that were refused, so that nothing typed is lost."""
    sizes = media.recording_sizes(stream_id=vod.broadcast.public_id)
    context = {
        "vod": vod,
        "channel": vod.channel,
        "form": VodForm(None, vod=vod),
        "highlight_form": HighlightForm(None, vod=vod),
        "poster_form": PosterForm(),
        "sizes": sizes,
        "total_size": sum(one.size for one in sizes),
        "playback": recording_playback(vod.broadcast.public_id).for_page(),
        "playback_api": f"/api/v1/videos/{vod.public_id}/playback",
        "player_modules": PLAYER_MODULES,
        **forms,
    }
    return render(request, "vod/video_edit.html", context)


def _saved(form: VodForm, vod: Vod) -> bool:
    if not form.is_valid():
        return False
    try:
        services.update_vod(vod=vod, **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, error.text)
        vod.refresh_from_db()
        return False
    return True


@posted_from("video_edit", "video_id")
@login_required
def video_highlight(request: HttpRequest, video_id: str) -> HttpResponse:
    """Cut a part out as a recording of its own."""
    vod = _own_vod_or_404(request, video_id)
    form = HighlightForm(request.POST, vod=vod)
    if form.is_valid():
        try:
            highlights.ask_for_highlight(vod=vod, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.text)
        else:
            messages.success(request, "The highlight is being made. It appears here in a moment, for you alone.")
            return redirect("dashboard_videos")
    return _edit_page(request, vod, highlight_form=form)


@posted_from("video_edit", "video_id")
@login_required
def video_poster(request: HttpRequest, video_id: str) -> HttpResponse:
    """Choose the picture that stands for it."""
    vod = _own_vod_or_404(request, video_id)
    form = PosterForm(request.POST, request.FILES)
    if not form.is_valid():
        return _edit_page(request, vod, poster_form=form)
    file, at = form.cleaned_data["picture"], form.cleaned_data["at"]
    try:
        if file:
            posters.choose_picture(vod=vod, data=file.read(POSTER_BYTES + 1))
        else:
            posters.choose_frame(vod=vod, seconds=at)
    except DomainError as error:
        form.add_error("picture" if file else "at", error.text)
        return _edit_page(request, vod, poster_form=form)
    messages.success(request, "The recording has another picture, in a moment on every page.")
    return redirect("video_edit", vod.public_id)


@posted_from("dashboard_videos")
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
    return _back_to_list(request)


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


@posted_from("dashboard_videos")
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
