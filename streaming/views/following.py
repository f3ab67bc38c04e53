"""Channels that someone follows, and those that he does not want recommended."""

import re
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.models import User
from common.posting import posted_from
from streaming.discovery.browsing import broadcasts_of
from streaming.discovery.keyset import Cursor
from streaming.discovery.recommendations import hidden_channels, hide_recommendation, show_recommendation
from streaming.follows import FOLLOW_ORDERS, RECENT, live_follows, other_follows
from streaming.views.shared import channel_or_404

_LOGIN = re.compile("[a-z0-9_]{3,25}")


@require_safe
@cache_control(private=True, max_age=0)
@login_required
def following(request: HttpRequest) -> HttpResponse:
    """Those on air, then all others, each in pages."""
    user = cast(User, request.user)
    sort = request.GET.get("sort", "")
    sort = sort if sort in FOLLOW_ORDERS else RECENT
    behind_live, behind_others = (Cursor.read(request.GET.get(name)) for name in ("live", "others"))
    # Each list goes on without the other: the second page of one is not the first page of both.
    live = live_follows(user, behind_live) if behind_others is None else None
    others = other_follows(user, sort, behind_others) if behind_live is None else None
    context = {
        "live": live,
        "broadcasts": broadcasts_of([channel.pk for channel in live.channels]) if live else [],
        "others": others,
        "sort": sort,
        "orders": FOLLOW_ORDERS,
        "hidden": hidden_channels(user) if behind_live is None and behind_others is None else [],
        "unfollowed": unfollowed if _LOGIN.fullmatch(unfollowed := request.GET.get("unfollowed", "")) else "",
    }
    return render(request, "streaming/following.html", context)


@posted_from("watch", "login")
@login_required
def watch_recommend(request: HttpRequest, login: str) -> HttpResponse:
    """Recommend a channel no more, or again, for pages without JavaScript."""
    channel, user = channel_or_404(login), cast(User, request.user)
    if request.POST.get("recommend") == "yes":
        show_recommendation(user=user, channel=channel)
        return redirect("following")
    hide_recommendation(user=user, channel=channel)
    messages.info(request, f"{channel.owner} is not recommended to you any more. You can undo this on “Following”.")
    return redirect("front")
