"""The pages viewers see: front page, watch page, and the style page for staff."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required, user_passes_test
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.names import current_login
from common.errors import DomainError, NotThere
from common.posting import posted_from
from streaming import services
from streaming.audience.names import name_browser
from streaming.discovery.browsing import broadcasts_of, top_of_categories
from streaming.discovery.recommendations import on_air_beside
from streaming.discovery.search import recent
from streaming.discovery_models import EntryKind
from streaming.lookup import get_channel
from streaming.models import Category, Channel
from streaming.playback import live_playback
from streaming.schedule.services import read_plan
from streaming.views.context import read_rail
from streaming.views.shared import PLAYER_MODULES, channel_or_404, relation_to, viewer_of
from streaming.views.style_samples import style_samples

FOLLOWED_SHOWN = 8
RECOMMENDED_SHOWN = 8
CATEGORIES_SHOWN = 4
OF_CATEGORY_SHOWN = 4
CLIPS_SHOWN = 8
LATELY_SHOWN = 12
SIMILAR_SHOWN = 6


@require_safe
@cache_control(private=True, max_age=0)
def front(request: HttpRequest) -> HttpResponse:
    """Who is live now: followed, recommended, and of the categories most watched."""
    rail = read_rail(request)
    categories = list(Category.objects.filter(live_count__gt=0).order_by("-viewer_count", "id")[:CATEGORIES_SHOWN])
    tops = top_of_categories(categories, OF_CATEGORY_SHOWN)
    followed = [channel.pk for channel in rail.followed if channel.is_live][:FOLLOWED_SHOWN]
    reasons = {recommended.channel.pk: recommended.reason for recommended in rail.recommended}
    ids = [*reasons, *followed, *(pk for top in tops.values() for pk in top)]
    on_air = {broadcast.channel_id: broadcast for broadcast in broadcasts_of(ids)}
    featured = next((on_air[pk] for pk in ids if pk in on_air), None)
    shown = [pk for pk in reasons if pk in on_air and (featured is None or pk != featured.channel_id)]
    lately = Channel.objects.lately_live().for_pages().filter(owner__is_active=True)[: 0 if featured else LATELY_SHOWN]
    context = {
        "left_rail": rail,
        "featured": featured,
        "featured_reason": reasons.get(featured.channel_id, "") if featured else "",
        "featured_playback": live_playback(featured.public_id) if featured else None,
        "followed": [on_air[pk] for pk in followed if pk in on_air],
        "recommended": [(on_air[pk], reasons[pk]) for pk in shown[:RECOMMENDED_SHOWN]],
        "by_category": [(one, [on_air[pk] for pk in tops.get(one.pk, []) if pk in on_air]) for one in categories],
        "clips": recent(EntryKind.CLIP, CLIPS_SHOWN),
        "lately": lately,
        "new_install": not featured and not lately,
    }
    return render(request, "streaming/front.html", context)


@require_safe
@cache_control(private=True, max_age=0)
def watch(request: HttpRequest, login: str) -> HttpResponse:
    """A channel: its picture and its chat, whatever its state."""
    if login != login.lower():
        return redirect("watch", login.lower(), permanent=True)
    try:
        channel = get_channel(login, viewer_of(request))
    except NotThere as error:
        new_login = current_login(login)
        if new_login is None:
            raise Http404(error.text) from None
        return redirect("watch", new_login)  # not for good: one day somebody else may have the old name
    state = services.watch_state(channel=channel)
    on_air, rail = state.state in ("live", "reconnecting"), read_rail(request)
    context = {
        "left_rail": rail,
        "channel": channel,
        "state": state,
        "initial": state.as_event(),
        "screen": "loading" if state.state == "live" or state.hosting else state.state,
        "on_air": on_air,
        "plan": read_plan(channel=channel),
        "similar": []
        if on_air or state.hosting or state.raid
        else on_air_beside(channel, rail.recommended, SIMILAR_SHOWN),
        **relation_to(request.user, channel),
        "playback_api": f"/api/v1/streams/{channel.owner.login}/playback",
        "player_modules": PLAYER_MODULES,
    }
    return name_browser(request, render(request, "streaming/watch.html", context))


@posted_from("watch", "login")
@login_required
def watch_follow(request: HttpRequest, login: str) -> HttpResponse:
    """Follow or stop following, and whether to be told, for pages without JavaScript."""
    channel = channel_or_404(login)
    user = cast(User, request.user)
    try:
        _follow(user, channel, request.POST.get("follow", ""))
    except DomainError as error:
        messages.error(request, error.text)
    if request.POST.get("back") == "following":
        gone = f"?unfollowed={channel.owner.login}" if request.POST.get("follow") == "no" else ""
        return redirect(reverse("following") + gone)
    return redirect("watch", channel.owner.login)


@require_safe
@cache_control(private=True, max_age=0)
def about(request: HttpRequest, login: str) -> HttpResponse:
    """What a streamer says about the channel."""
    if login != login.lower():
        return redirect("channel_about", login.lower(), permanent=True)
    channel = channel_or_404(login, viewer_of(request))
    context = {"channel": channel, **relation_to(request.user, channel)}
    return render(request, "streaming/channel_about.html", context)


@require_safe
@user_passes_test(lambda user: user.is_staff)
def style_page(request: HttpRequest) -> HttpResponse:
    """Every component in every state."""
    return render(request, "streaming/style.html", style_samples())


def _follow(user: User, channel: Channel, what: str) -> None:
    if what == "yes":
        services.follow_channel(user=user, channel=channel)
    elif what in {"mute", "unmute"}:
        services.set_follow_notify(user=user, channel=channel, notify=what == "unmute")
    else:
        services.unfollow_channel(user=user, channel=channel)
