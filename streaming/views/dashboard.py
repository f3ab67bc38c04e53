"""The streamer's own pages: stream manager and setup. Fetching one's own channel is the permission check."""

from typing import Any, cast

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.models import User
from common.errors import DomainError, NotThere
from common.posting import posted_from
from common.rate_limit import RateLimit
from streaming import services
from streaming.forms import ChannelForm, MarkerForm, RaidForm
from streaming.health import channel_health
from streaming.limits import RAID_SUGGESTIONS
from streaming.models import Channel
from streaming.views.shared import PLAYER_MODULES

RTMP_DEFAULT_PORT = 1935
NEW_KEYS = RateLimit("new-stream-key", limit=10, seconds=3600)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def dashboard(request: HttpRequest) -> HttpResponse:
    """State and health of the broadcast, and what it is called."""
    channel = own_channel(request)
    form = ChannelForm(request.POST or None, channel=channel)
    if request.method == "POST" and _saved(form, channel):
        messages.success(request, "Saved.")
        return redirect("dashboard")
    return stream_manager(request, channel, form=form)


def stream_manager(request: HttpRequest, channel: Channel, **forms: Form) -> HttpResponse:
    """The page of the stream manager; with forms of it that were refused, so that nothing typed is lost."""
    state = services.watch_state(channel=channel)
    health = channel_health(channel=channel, state=state)
    context = {
        "channel": channel,
        "form": ChannelForm(None, channel=channel),
        "marker_form": MarkerForm(),
        "raid_form": RaidForm(),
        "state": state,
        "initial": state.as_event(),
        "status": {"warnings": [], **(health["status"] or {}), "encoder": health["encoder"]},
        "warnings": health["warnings"],
        "notices": health["notices"],
        "screen": "loading" if state.state == "live" else state.state,
        "on_air": state.state in ("live", "reconnecting"),
        "raid_suggestions": raid_suggestions(channel),
        "has_key": channel.stream_keys.filter(revoked_at=None).exists(),
        "playback_api": f"/api/v1/streams/{channel.owner.login}/playback",
        "player_modules": PLAYER_MODULES,
        **forms,
    }
    return render(request, "streaming/dashboard.html", context)


@posted_from("dashboard")
@login_required
def dashboard_marker(request: HttpRequest) -> HttpResponse:
    """Mark this moment of the running broadcast."""
    channel, form = own_channel(request), MarkerForm(request.POST)
    if not _marked(form, channel):
        return stream_manager(request, channel, marker_form=form)
    messages.success(request, "Marked. A chapter of the recording begins here.")
    return redirect("dashboard")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def dashboard_end(request: HttpRequest) -> HttpResponse:
    """Ask, then end the running broadcast."""
    channel = own_channel(request)
    broadcast = channel.broadcasts.open().first()
    if broadcast is None:
        messages.info(request, "There is no broadcast to end.")
        return redirect("dashboard")
    if request.method == "POST":
        services.end_broadcast(broadcast=broadcast, reason="The streamer ended it.")
        messages.success(request, "The broadcast has ended. Its recording appears under Videos.")
        return redirect("dashboard")
    return render(request, "streaming/end.html", {"channel": channel, "broadcast": broadcast})


@never_cache
@login_required
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth is untyped
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("stream_key")
def dashboard_setup(request: HttpRequest) -> HttpResponse:
    """What to type into OBS. A POST makes a new key and shows it in its answer, the only time it is seen."""
    channel = own_channel(request)
    stream_key = ""
    if request.method == "POST":
        if NEW_KEYS.allows(str(channel.pk)):
            stream_key = services.rotate_stream_key(channel=channel)
        else:
            messages.error(request, "You made many keys in the last hour. Wait a while, then try again.")
    current_key = channel.stream_keys.filter(revoked_at=None).first()
    context = {"channel": channel, "current_key": current_key, "stream_key": stream_key, "server": _server(request)}
    return render(request, "streaming/setup.html", context)


def own_channel(request: HttpRequest) -> Channel:
    """The signed-in user's channel; made now for users from before there were channels."""
    user = cast(User, request.user)
    channel = Channel.objects.for_pages().filter(owner=user).first()
    return channel or services.create_channel(owner=user)


def raid_suggestions(channel: Channel) -> list[str]:
    """Logins of channels that the streamer follows and that are live."""
    live = Channel.objects.live().followed_by(channel.owner).filter(owner__is_active=True)
    return list(live.values_list("owner__login", flat=True)[:RAID_SUGGESTIONS])


def _marked(form: MarkerForm, channel: Channel) -> bool:
    if not form.is_valid():
        return False
    try:
        broadcast = channel.broadcasts.on_air().first()
        if broadcast is None:
            raise NotThere("There is no broadcast to mark.")
        services.add_marker(broadcast=broadcast, text=form.cleaned_data["text"])
    except DomainError as error:
        form.add_error("text", error.text)
        return False
    return True


def _saved(form: ChannelForm, channel: Channel) -> bool:
    if not form.is_valid():
        return False
    changes: dict[str, Any] = form.cleaned_data
    try:
        services.update_channel(channel=channel, **changes)
    except DomainError as error:
        form.add_error(None, error.text)
        return False
    return True


def _server(request: HttpRequest) -> str:
    if settings.PUBLIC_RTMP_URL:
        return str(settings.PUBLIC_RTMP_URL)
    host = request.get_host().rsplit(":", 1)[0] if not request.get_host().endswith("]") else request.get_host()
    port = "" if settings.RTMP_PORT == RTMP_DEFAULT_PORT else f":{settings.RTMP_PORT}"
    return f"rtmp://{host}{port}/live"
