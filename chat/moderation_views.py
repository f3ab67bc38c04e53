"""The moderators' pages of a chat: what waits, what was said, who may not write, what was done.

They work without JavaScript; with it, what waits comes by itself and decisions need no new page. Fetching the room is
the permission check.
"""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from chat import held, moderation
from chat.acts import check_moderator
from chat.core.act_words import act_text, act_words
from chat.forms import LookBackForm, WhoForm
from chat.limits import HELD_MAX, HELD_SECONDS, LOG_AROUND, SEARCH_REACH
from chat.look_back import Found, search_messages
from chat.models import Ban, HeldMessage, ModeratorAct, RoomRole
from common.errors import DomainError, NotAllowed, NotThere
from common.posting import posted_from
from streaming.lookup import get_channel
from streaming.models import Channel
from streaming.services import create_channel

MESSAGES_PER_PAGE = 50
ROWS_PER_PAGE = 50


@require_safe
@never_cache
@login_required
def own_moderation(request: HttpRequest) -> HttpResponse:
    """The signed-in user's own chat."""
    user = cast(User, request.user)
    if not Channel.objects.filter(owner=user).exists():
        create_channel(owner=user)
    return redirect("moderation", user.login)


@require_safe
@never_cache
@login_required
def moderation_held(request: HttpRequest, login: str) -> HttpResponse:
    """Messages that wait for a moderator, the oldest first: its time ends first."""
    room = _room_for_moderator(request, login)
    rows = HeldMessage.objects.waiting().filter(room=room).order_by("created_at")[:HELD_MAX]
    automod_on = bool(_modes_level(room))
    context = {"held": rows, "held_seconds": HELD_SECONDS, "automod_on": automod_on}
    return _page(request, room, "chat/moderation_held.html", context)


@require_safe
@never_cache
@login_required
def moderation_log(request: HttpRequest, login: str) -> HttpResponse:
    """What was said, the latest first, with what was removed."""
    room = _room_for_moderator(request, login)
    form = LookBackForm(request.GET or None)
    form.use_required_attribute = False
    asked = form.asked()
    found = Found([], None) if asked is None else search_messages(room=room, count=MESSAGES_PER_PAGE, **asked)
    context = {
        "form": form,
        "found": found,
        "is_search": form.is_search(),
        "older": _with(request.GET, before=found.before) if found.before is not None else "",
        "around": LOG_AROUND,
        "reach": SEARCH_REACH,
    }
    return _page(request, room, "chat/moderation_log.html", context, status=400 if form.errors else 200)


@require_safe
@never_cache
@login_required
def moderation_bans(request: HttpRequest, login: str) -> HttpResponse:
    """Who may not write at present."""
    room = _room_for_moderator(request, login)
    form, who = _who(request)
    rows = Ban.objects.in_force().filter(room=room).select_related("user", "by").order_by("-created_at", "-pk")
    if who:
        rows = rows.filter(user__login__contains=who)
    return _page(request, room, "chat/moderation_bans.html", _rows(request, form, who, rows))


@require_safe
@never_cache
@login_required
def moderation_acts(request: HttpRequest, login: str) -> HttpResponse:
    """What moderators did, the latest first."""
    room = _room_for_moderator(request, login)
    form, who = _who(request)
    rows = ModeratorAct.objects.filter(room=room).select_related("actor", "target").order_by("-at", "-pk")
    if who:
        rows = rows.filter(Q(actor__login=who) | Q(target__login=who))
    context = _rows(request, form, who, rows)
    context["acts"] = [
        {"act": act, "words": act_words(act.act, act.details), "text": act_text(act.act, act.details)}
        for act in context["page"]
    ]
    return _page(request, room, "chat/moderation_acts.html", context)


@posted_from("moderation", "login")
@login_required
def moderation_decide(request: HttpRequest, login: str, message_id: UUID) -> HttpResponse:
    """Let a message through that waits, or not."""
    room, approve = _room_for_moderator(request, login), request.POST.get("approve") == "yes"
    return _do(
        request,
        lambda user: held.decide_held(room=room, actor=user, message_id=str(message_id), approve=approve),
        "The message was let through." if approve else "The message is not shown.",
        reverse("moderation", args=[login]),
    )


@posted_from("moderation_bans", "login")
@login_required
def moderation_unban(request: HttpRequest, login: str, user: str) -> HttpResponse:
    """Let someone write again."""
    room = _room_for_moderator(request, login)
    return _do(
        request,
        lambda actor: moderation.unban_user(room=room, actor=actor, login=user),
        f"{user} can write again.",
        reverse("moderation_bans", args=[login]),
    )


@posted_from("moderation_log", "login")
@login_required
def moderation_remove(request: HttpRequest, login: str, message_id: UUID) -> HttpResponse:
    """Take a message away that was said; then back to the same page of the log."""
    room = _room_for_moderator(request, login)
    asked = QueryDict(request.POST.get("query", "")[:1000]).urlencode()
    return _do(
        request,
        lambda user: moderation.remove_message(room=room, actor=user, message_id=str(message_id)),
        "The message is removed.",
        reverse("moderation_log", args=[login]) + (f"?{asked}" if asked else ""),
    )


def _room_for_moderator(request: HttpRequest, login: str) -> Channel:
    try:
        room = get_channel(login)
        check_moderator(room, cast(User, request.user))
    except NotThere as error:
        raise Http404(error.text) from None
    except NotAllowed as error:
        raise PermissionDenied(error.text) from None
    return room


def _do(request: HttpRequest, act: Callable[[User], object], said: str, back: str) -> HttpResponse:
    try:
        act(cast(User, request.user))
    except DomainError as error:
        messages.error(request, error.text)
    else:
        messages.success(request, said)
    return redirect(back)


def _page(
    request: HttpRequest, room: Channel, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    user = cast(User, request.user)
    elsewhere = RoomRole.objects.moderated_by(user).exclude(room=room).select_related("room__owner")
    context |= {
        "channel": room,
        "own": room.owner_id == user.pk,
        "rooms": [role.room for role in elsewhere.order_by("room__owner__login")],
        "waiting": HeldMessage.objects.waiting().filter(room=room).count(),
        "now": timezone.now(),
    }
    return render(request, template, context, status=status)


def _who(request: HttpRequest) -> tuple[WhoForm, str]:
    form = WhoForm(request.GET or None)
    return form, form.cleaned_data["user"] if form.is_bound and form.is_valid() else ""


def _rows(request: HttpRequest, form: WhoForm, who: str, rows: Any) -> dict[str, Any]:
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    return {"form": form, "who": who, "page": page}


def _with(query: QueryDict, **changes: object) -> str:
    changed = query.copy()
    for name, value in changes.items():
        changed[name] = str(value)
    return changed.urlencode()


def _modes_level(room: Channel) -> int:
    modes = getattr(room, "chat_modes", None)
    return modes.automod_level if modes else 0
