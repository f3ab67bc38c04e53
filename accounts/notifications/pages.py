"""Pages of what one was told and wants to be told, and the service worker that shows pushes."""

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.notifications import mails, push, services
from accounts.notifications.kinds import RULES, Kind, Way, can_be_turned_off
from accounts.notifications.limits import LIST_PAGE
from accounts.notifications.models import Notification
from common.brand import offline
from common.errors import NotThere
from common.posting import posted_from

WAYS = [(Way.IN_APP, "On this site"), (Way.PUSH, "Push"), (Way.MAIL, "E-mail")]


@never_cache
@login_required
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """What one was told, page by page."""
    own = Notification.objects.of(_user(request).pk)
    before = _number(request.GET.get("before", ""))
    older = own.filter(happening_id__lt=before) if before else own
    rows = list(older[: LIST_PAGE + 1])
    context = {
        "notifications": rows[:LIST_PAGE],
        "more_before": rows[LIST_PAGE - 1].happening_id if len(rows) > LIST_PAGE else None,
        "first_page": not before,
        "undo": request.GET.get("undo", ""),
    }
    return render(request, "accounts/notifications.html", context)


@never_cache
@login_required
@require_safe
def open_one(request: HttpRequest, happening_id: int) -> HttpResponse:
    """Read one, and go where it leads."""
    user = _user(request)
    one = Notification.objects.of(user.pk).filter(happening_id=happening_id).first()
    if one is None:  # pruned, or taken the place of by a newer one
        return redirect("notifications")
    services.mark_read(user_id=user.pk, happening_id=happening_id)
    return redirect(one.happening.path)  # of this site: checked when it was written


@posted_from("notifications")
@login_required
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all read, or take that back, for pages without JavaScript."""
    user, undo = _user(request), _moment(request.POST.get("undo", ""))
    if undo is not None:
        services.undo_read(user_id=user.pk, read_at=undo)
        return redirect("notifications")
    read_at = services.mark_all_read(user_id=user.pk)
    answer = redirect("notifications")
    if read_at is not None:
        answer["Location"] += f"?undo={read_at:%Y-%m-%dT%H:%M:%S.%fZ}"
    return answer


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """What one wants to hear, and how. The whole form at once."""
    user = _user(request)
    if request.method == "POST":
        _save(user, set(request.POST.getlist("wanted")))
        messages.success(request, "Saved.")
        return redirect("notification_preferences")
    context = {
        "rows": _rows(user),
        "ways": [label for _, label in WAYS],
        "browsers": user.push_subscriptions.order_by("-created_at", "-pk"),
        "push_key": push.public_key(),
    }
    return render(request, "accounts/notification_preferences.html", context)


@posted_from("notification_preferences")
@login_required
def forget_browser(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Push to one of one's browsers no more."""
    if push.forget_browser(user_id=_user(request).pk, subscription_id=subscription_id):
        messages.success(request, "That browser gets no more notifications.")
    return redirect("notification_preferences")


@never_cache
@csrf_exempt  # RFC 8058: mail programs post here; the signed link is all it takes, and all it can do
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """End the e-mails, without signing in. A GET only asks: scanners of mails open every link."""
    try:
        user_id = mails.user_of_token(token)
    except NotThere as error:
        raise Http404(error.text) from None
    if request.method == "POST":
        mails.unsubscribe(user_id=user_id)
    return render(request, "accounts/unsubscribe.html", {"done": request.method == "POST"})


@require_safe
@cache_control(no_cache=True)  # browsers ask each time whether there is a newer one
def service_worker(request: HttpRequest) -> HttpResponse:
    """At the root, so that it may stand for every page."""
    return HttpResponse(worker_text(), content_type="text/javascript; charset=utf-8")


@lru_cache(maxsize=1)
def worker_text() -> str:
    """Another one, which browsers install anew, whenever the page is another that it keeps."""
    text = (Path(settings.BASE_DIR) / "static" / "js" / "service_worker.js").read_text()
    return f"{text}\n// {offline.version()}\n"


def _save(user: User, wanted: set[str]) -> None:
    for (kind, way), held in services.preferences_of(user.pk).items():
        says = f"{kind}:{way}" in wanted
        if says != held and can_be_turned_off(kind, way):
            services.set_preference(user_id=user.pk, kind=kind, way=way, wanted=says)


def _rows(user: User) -> list[dict[str, Any]]:
    """The table of the form: a row for each kind, a box for each way."""
    held = services.preferences_of(user.pk)

    def box(kind: Kind, way: Way, label: str) -> dict[str, Any]:
        fixed = not can_be_turned_off(kind, way)
        return {"name": f"{kind}:{way}", "label": label, "on": held[kind, way], "fixed": fixed}

    return [{"rule": rule, "boxes": [box(kind, way, label) for way, label in WAYS]} for kind, rule in RULES.items()]


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text[:40])
    except ValueError:
        return None
    return moment if moment is not None and is_aware(moment) else None


def _number(text: str) -> int:
    """Nonsense is as good as nothing."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
