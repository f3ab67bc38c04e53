"""Made-up content for the style page."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.notifications.kinds import Kind
from accounts.notifications.models import Happening, Notification
from streaming.broadcast_states import BroadcastState
from streaming.discovery.browsing import ORDERS
from streaming.discovery.languages import LANGUAGES
from streaming.discovery_models import EntryKind, SearchEntry
from streaming.models import Broadcast, Category, Channel, ScheduleEntry
from streaming.schedule.rules import Occurrence
from streaming.schedule.services import Plan, PlannedStream

SCREENS = ["loading", "starting", "reconnecting", "offline", "ended", "error"]
THEMES = ["dark", "light"]
COLOURS = ["bg", "surface-1", "surface-2", "surface-3", "accent", "live", "good", "warn", "bad"]


class SampleForm(forms.Form):
    """One field of each kind."""

    title = forms.CharField(help_text="What viewers read first.", initial="Painting the mill")
    login = forms.CharField(max_length=3)
    password = forms.CharField(widget=forms.PasswordInput)
    about = forms.CharField(widget=forms.Textarea, required=False)
    visibility = forms.ChoiceField(choices=[("public", "Public"), ("unlisted", "Unlisted")])
    remember = forms.BooleanField(required=False, label="Keep me signed in")


def style_samples() -> dict[str, Any]:
    """The context of the style page; nothing of it is stored."""
    form = SampleForm({"title": "Painting the mill", "login": "alice", "password": "", "visibility": "public"})
    form.is_valid()
    card = _sample_broadcast("Painting the mill by the river, with questions from the chat", "alice", 3)
    other_card = _sample_broadcast("Practising scales", "charlie", 6)
    return {
        "form": form,
        "screens": SCREENS,
        "colours": COLOURS,
        "themes": THEMES,
        "icons": _icons(),
        "channels": [_sample_broadcast("On air", "alice", 3).channel, _off_air("bob", 2)],
        "vod": _sample_recording(),
        "card": card,
        "other_card": other_card,
        "broadcasts": [card, other_card],
        "next": "sample",
        "orders": ORDERS,
        "languages": LANGUAGES,
        "no_tag": "two words",
        "categories": [_category("Art", 1234, 7), _category("Chess", 0, 0)],
        "entry": _sample_entry(),
        "plan": _sample_plan(),
        "notifications": _sample_notifications(),
        "upload": _sample_upload(),
    }


def _icons() -> list[str]:
    """All that the pages may use, as the file has them."""
    return re.findall(r'<symbol id="([\w-]+)"', (settings.BASE_DIR / "static/img/icons.svg").read_text())


def _sample_recording() -> dict[str, Any]:
    """In the shape of a recording, which this app does not know."""
    return {
        "title": "Painting the sky",
        "get_absolute_url": "#main",
        "channel": _off_air("alice", 3),
        "duration_seconds": 3725,
        "watched_seconds": 900,
        "view_count": 1234,
        "created_at": timezone.now() - timedelta(days=1),
    }


def _category(name: str, viewers: int, live: int) -> Category:
    return Category(pk=viewers, name=name, slug="art", viewer_count=viewers, live_count=live)


def _sample_entry() -> SearchEntry:
    yesterday = timezone.now() - timedelta(days=1)
    words: dict[str, Any] = {"kind": EntryKind.VIDEO, "title": "Painting the sky", "path": "#main"}
    return SearchEntry(**words, channel=_off_air("alice", 3), duration_seconds=3725, views=1234, created_at=yesterday)


def _sample_upload() -> dict[str, Any]:
    """In the shape of an upload that was broken off."""
    sizes = {"received": 400_000_000, "length": 1_000_000_000}
    return {"title": "Painting the sky", "filename": "sky.mp4", "state": "receiving", **sizes}


def _sample_plan() -> Plan:
    """This evening, and a week later nothing."""
    streams = [_planned(1, "Painting the mill", 0), _planned(2, "Painting the sky", 7, cancelled=True)]
    return Plan("Europe/Berlin", streams, streams[0])


def _planned(key: int, title: str, days: int, *, cancelled: bool = False) -> PlannedStream:
    begins = timezone.now() + timedelta(days=days, hours=3)
    entry = ScheduleEntry(pk=key, title=title, category=_category("Art", 0, 0))
    return PlannedStream(entry, Occurrence(key, begins.date(), begins, begins + timedelta(hours=2), cancelled))


def _sample_notifications() -> list[Notification]:
    """One that was not read yet, and one that was."""
    now = timezone.now()
    told = [
        Happening(pk=1, kind=Kind.LIVE, text="alice is live", detail="Painting the mill", created_at=now),
        Happening(pk=2, kind=Kind.RAID, text="bob raids you", created_at=now),
    ]
    return [Notification(happening=told[0]), Notification(happening=told[1], read_at=now)]


def _off_air(login: str, pk: int) -> Channel:
    return Channel(pk=pk, owner=User(pk=pk, login=login, display_name=login.capitalize()))


def _sample_broadcast(title: str, login: str, pk: int) -> Broadcast:
    owner = User(pk=pk, login=login, display_name=login.capitalize())
    tags = ["watercolour", "relaxed", "english"]
    category = Category(name="Art", slug="art")
    channel = Channel(pk=pk, owner=owner, title=title, tags=tags, is_live=True, viewer_count=1234, category=category)
    started_at = timezone.now() - timedelta(hours=1, minutes=4)
    state = BroadcastState.LIVE.value
    return Broadcast(pk=pk, channel=channel, title=title, category=category, state=state, started_at=started_at)
