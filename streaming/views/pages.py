"""The pages viewers see: front page, watch page, and the style page for staff."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required, user_passes_test
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.names import current_login
from common.errors import DomainError, NotThere
from streaming import services
from streaming.lookup import get_channel
from streaming.models import Broadcast, Channel
from streaming.playback import live_playback
from streaming.viewer_names import name_browser
from streaming.views.style_samples import style_samples

LIVE_SHOWN = 24
LATELY_SHOWN = 12
# In the order a page needs them, so that the browser fetches all at once instead of one after the other.
PLAYER_MODULES = [
    "player/player", "player/engine", "player/controls", "player/settings_menu", "player/keyboard", "player/stats",
    "player/screens", "player/stall", "player/preferences", "player/watching",
    "player/live_abr", "player/level_choice", "player/bandwidth", "player/pace",
    "player/seek_bar", "player/timelines", "player/storyboard", "player/wall_clock", "player/cover",
    "player/clip_editor", "player/clip_span",
    "shared/live_socket", "shared/channel_events", "shared/api", "shared/format", "shared/storage", "shared/follow",
    "shared/toasts", "shared/single_keys", "shared/elsewhere", "shared/raid_banner", "shared/raid_panel",
]  # fmt: skip


@require_safe
@cache_control(private=True, max_age=0)
def front(request: HttpRequest) -> HttpResponse:
    """Who is live now."""
    on_air = list(Broadcast.objects.most_watched()[:LIVE_SHOWN])
    followed: list[Broadcast] = []
    if request.user.is_authenticated:
        followed = list(Broadcast.objects.most_watched().filter(channel__follows__user=request.user)[:LIVE_SHOWN])
    featured = on_air[0] if on_air else None
    lately = Channel.objects.lately_live().for_pages().filter(owner__is_active=True)[:LATELY_SHOWN]
    context = {
        "featured": featured,
        "featured_playback": live_playback(featured.public_id) if featured else None,
        "followed": followed,
        "live": on_air[1:],
        "lately": lately,
        "new_install": not on_air and not lately,
    }
    return render(request, "streaming/front.html", context)


@require_safe
@cache_control(private=True, max_age=0)
def watch(request: HttpRequest, login: str) -> HttpResponse:
    """A channel: its picture and its chat, whatever its state."""
    if login != login.lower():
        return redirect("watch", login.lower(), permanent=True)
    try:
        channel = get_channel(login)
    except NotThere as error:
        new_login = current_login(login)
        if new_login is None:
            raise Http404(error.text) from None
        return redirect("watch", new_login)  # not for good: one day somebody else may have the old name
    state = services.watch_state(channel=channel)
    viewer = request.user if request.user.is_authenticated else None
    context = {
        "channel": channel,
        "state": state,
        "initial": state.as_event(),
        "screen": "loading" if state.state == "live" or state.hosting else state.state,
        "on_air": state.state in ("live", "reconnecting"),
        "own_channel": viewer is not None and channel.owner_id == viewer.pk,
        "following": viewer and channel.follows.filter(user=viewer).first(),
        "playback_api": f"/api/v1/streams/{channel.owner.login}/playback",
        "player_modules": PLAYER_MODULES,
    }
    return name_browser(request, render(request, "streaming/watch.html", context))


@require_POST
@login_required
def watch_follow(request: HttpRequest, login: str) -> HttpResponse:
    """Follow or stop following, and whether to be told, for pages without JavaScript."""
    channel = _channel_or_404(login)
    user = cast(User, request.user)
    try:
        _follow(user, channel, request.POST.get("follow", ""))
    except DomainError as error:
        messages.error(request, error.text)
    return redirect("watch", channel.owner.login)


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


def _channel_or_404(login: str) -> Channel:
    try:
        return get_channel(login)
    except NotThere as error:
        raise Http404(error.text) from None
