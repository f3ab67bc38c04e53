"""Raids and hosting on the dashboard; everything here works without JavaScript."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from common.errors import DomainError
from common.posting import posted_from
from streaming.forms import AudienceForm, RaidForm
from streaming.models import Channel
from streaming.raids.hosting import audience_settings, update_audience
from streaming.raids.services import cancel_raid, hurry_raid, start_raid
from streaming.views.dashboard import own_channel, stream_manager


@posted_from("dashboard")
@login_required
def dashboard_raid(request: HttpRequest) -> HttpResponse:
    """Begin a raid's count-down."""
    channel, form = own_channel(request), RaidForm(request.POST)
    if form.is_valid():
        try:
            start_raid(source=channel, actor=cast(User, request.user), login=form.cleaned_data["login"])
        except DomainError as error:
            form.add_error("login", error.text)
        else:
            messages.success(request, "The raid counts down.")
            return redirect("dashboard")
    return stream_manager(request, channel, raid_form=form)


@posted_from("dashboard")
@login_required
def dashboard_raid_now(request: HttpRequest) -> HttpResponse:
    """Send the viewers without waiting for its end."""
    return _done(
        request, lambda channel, user: hurry_raid(source=channel, actor=user), "Your viewers are on their way."
    )


@posted_from("dashboard")
@login_required
def dashboard_raid_cancel(request: HttpRequest) -> HttpResponse:
    """Call it off."""
    return _done(request, lambda channel, user: cancel_raid(source=channel, actor=user), "The raid is cancelled.")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def dashboard_audience(request: HttpRequest) -> HttpResponse:
    """Whose raids are taken, who may host, and whom the channel hosts when it is offline."""
    channel = own_channel(request)
    form = AudienceForm(request.POST or None, instance=audience_settings(channel=channel))
    if request.method == "POST" and form.is_valid():
        try:
            update_audience(channel=channel, actor=cast(User, request.user), **form.cleaned_data)
        except DomainError as error:
            form.add_error("hosts", error.text)
        else:
            messages.success(request, "Saved.")
            return redirect("dashboard_audience")
    return render(request, "streaming/audience.html", {"channel": channel, "form": form})


def _done(request: HttpRequest, act: Callable[[Channel, User], Any], said: str) -> HttpResponse:
    try:
        act(own_channel(request), cast(User, request.user))
    except DomainError as error:
        messages.error(request, error.text)
    else:
        messages.success(request, said)
    return redirect("dashboard")
