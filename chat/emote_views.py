"""The streamer's page of emotes and badges. It works without JavaScript; with it, uploads show how far they are."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from chat import emotes
from chat.emote_serializers import EmoteSerializer, SubscriberBadgeSerializer
from chat.limits import (
    BADGE_MONTHS,
    EMOTE_FRAMES_MAX,
    EMOTE_SECONDS_MAX,
    EMOTE_SIDE_MAX,
    EMOTE_UNDO_DAYS,
    UPLOAD_BYTES,
)
from chat.models import Emote, SubscriberBadge
from chat.uploads import read_upload
from common.api import status_of
from common.errors import DomainError
from common.posting import posted_from
from streaming.models import Channel
from streaming.services import create_channel

JUST_NOW = timedelta(minutes=5)  # for so long what was removed lies open


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def dashboard_emotes(request: HttpRequest) -> HttpResponse:
    """All of one's emotes and badges; a POST adds an emote."""
    if request.method != "POST":
        return _page(request, _own_room(request))
    name = request.POST.get("name", "")
    return _do(
        request,
        lambda room, user: emotes.add_emote(room=room, actor=user, name=name, picture=_picture(request)),
        "Your emote can be written in your chat now.",
        form="emote",
    )


@posted_from("dashboard_emotes")
@login_required
def dashboard_emote_prefix(request: HttpRequest) -> HttpResponse:
    """Change what the codes begin with."""
    text = request.POST.get("prefix", "").strip()
    return _do(
        request,
        lambda room, user: emotes.change_prefix(room=room, actor=user, text=text),
        f"Your emotes begin with {text} now.",
        form="prefix",
    )


@posted_from("dashboard_emotes")
@login_required
def dashboard_emote_remove(request: HttpRequest, code: str) -> HttpResponse:
    """A word again; the page offers to restore it."""
    return _do(
        request,
        lambda room, user: emotes.remove_emote(room=room, actor=user, code=code),
        f"{code} is removed. You can restore it under “Removed lately”.",
    )


@posted_from("dashboard_emotes")
@login_required
def dashboard_emote_restore(request: HttpRequest, code: str) -> HttpResponse:
    """Take the removal back."""
    return _do(request, lambda room, user: emotes.restore_emote(room=room, actor=user, code=code), f"{code} is back.")


@posted_from("dashboard_emotes")
@login_required
def dashboard_badge(request: HttpRequest) -> HttpResponse:
    """Set the badge for some months."""
    text = request.POST.get("months", "")
    months = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    return _do(
        request,
        lambda room, user: emotes.set_subscriber_badge(room=room, actor=user, months=months, picture=_picture(request)),
        "The badge is set.",
        form="badge",
    )


@posted_from("dashboard_emotes")
@login_required
def dashboard_badge_remove(request: HttpRequest, months: int) -> HttpResponse:
    """Subscribers of so many months get the badge before it."""
    return _do(
        request,
        lambda room, user: emotes.remove_subscriber_badge(room=room, actor=user, months=months),
        "The badge is removed.",
    )


def _do(request: HttpRequest, act: Callable[[Channel, User], object], said: str, *, form: str = "") -> HttpResponse:
    """Do it to one's own room. The page's script asks for JSON, and loads the page again where it worked. What is
    refused stands in its form, beside what was typed there."""
    room, as_json = _own_room(request), request.headers.get("Accept") == "application/json"
    try:
        act(room, cast(User, request.user))
    except DomainError as error:
        status = status_of(error)
        if as_json:
            return JsonResponse({"detail": error.text}, status=status)
        if not form:
            messages.error(request, error.text)
        return _page(request, room, status=status, refused={form: error.text}, typed=request.POST)
    messages.success(request, said)
    return JsonResponse({}) if as_json else redirect("dashboard_emotes")


def _page(request: HttpRequest, room: Channel, *, status: int = 200, **refused: Mapping[str, str]) -> HttpResponse:
    removed = list(emotes.removed_lately(room=room))
    context: dict[str, Any] = {
        "channel": room,
        "prefix": emotes.prefix_of(room=room),
        "emotes": EmoteSerializer(Emote.objects.kept().filter(room=room).order_by("code"), many=True).data,
        "removed": EmoteSerializer(removed, many=True).data,
        "just_removed": any(timezone.now() - cast(Any, one.deleted_at) < JUST_NOW for one in removed[:1]),
        "badges": SubscriberBadgeSerializer(
            SubscriberBadge.objects.filter(room=room).order_by("months"), many=True
        ).data,
        "badge_months": BADGE_MONTHS,
        "most": settings.CHAT_CHANNEL_EMOTES,
        "most_bytes": UPLOAD_BYTES,
        "most_kb": UPLOAD_BYTES // 1000,
        "side_max": EMOTE_SIDE_MAX,
        "frames_max": EMOTE_FRAMES_MAX,
        "seconds_max": EMOTE_SECONDS_MAX,
        "undo_days": EMOTE_UNDO_DAYS,
        **refused,
    }
    return render(request, "chat/emotes.html", context, status=status)


def _own_room(request: HttpRequest) -> Channel:
    """The signed-in user's own: fetching it is the permission check."""
    user = cast(User, request.user)
    return Channel.objects.select_related("owner").filter(owner=user).first() or create_channel(owner=user)


def _picture(request: HttpRequest) -> bytes:
    return read_upload(request.FILES.get("picture"))
