"""All recordings and all clips of a channel, page by page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from streaming.discovery.keyset import Cursor, moment_of, number_of
from streaming.limits import BROWSE_PAGE
from streaming.models import Channel
from streaming.views.shared import channel_or_404, relation_to, viewer_of
from vod.models import Clip, ClipQuerySet, Vod, VodQuerySet

SORTS = {"newest": "Newest", "watched": "Most watched"}


@require_safe
@cache_control(private=True, max_age=0)
def channel_videos(request: HttpRequest, login: str) -> HttpResponse:
    """Its public recordings."""
    if login != login.lower():
        return redirect("channel_videos", login.lower(), permanent=True)
    channel = channel_or_404(login, viewer_of(request))
    sort = _sort(request, "newest")
    return _page(
        request, channel, "videos", sort, Vod.objects.listed().filter(channel=channel).with_position_of(request.user)
    )


@require_safe
@cache_control(private=True, max_age=0)
def channel_clips(request: HttpRequest, login: str) -> HttpResponse:
    """Its public clips."""
    if login != login.lower():
        return redirect("channel_clips", login.lower(), permanent=True)
    channel = channel_or_404(login, viewer_of(request))
    sort = _sort(request, "watched")
    return _page(request, channel, "clips", sort, Clip.objects.listed().filter(channel=channel))


def _sort(request: HttpRequest, default: str) -> str:
    sort = request.GET.get("sort", "")
    return sort if sort in SORTS else default


def _page(
    request: HttpRequest, channel: Channel, tab: str, sort: str, rows: VodQuerySet | ClipQuerySet
) -> HttpResponse:
    column = "created_at" if sort == "newest" else "view_count"
    ordered = rows.order_by(f"-{column}", "-id")
    after = Cursor.read(request.GET.get("after"))
    if after is not None:
        ordered = after.of(ordered, column, value=moment_of(after.value) if sort == "newest" else None)
    found: list[Vod | Clip] = list(ordered[: BROWSE_PAGE + 1])
    following = None
    if len(found) > BROWSE_PAGE:
        last = found[BROWSE_PAGE - 1]
        following = Cursor(number_of(getattr(last, column)), last.pk)
    context = {
        "channel": channel,
        "tab": tab,
        "rows": found[:BROWSE_PAGE],
        "next": following,
        "sort": sort,
        "sorts": SORTS,
        **relation_to(request.user, channel),
    }
    return render(request, "vod/channel_videos.html", context)
