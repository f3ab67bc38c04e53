"""What the bell in the header shows."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.notifications.limits import UNREAD_SHOWN_MAX
from accounts.notifications.models import Notification


def bell(request: HttpRequest) -> dict[str, Any]:
    """Lazy: a page without a bell costs no query, others one that never counts far."""
    return {"unread_notifications": SimpleLazyObject(lambda: _unread(request)), "unread_shown_max": UNREAD_SHOWN_MAX}


def _unread(request: HttpRequest) -> int:
    if not request.user.is_authenticated:
        return 0
    return Notification.objects.unread().filter(user_id=request.user.pk).count_up_to()
