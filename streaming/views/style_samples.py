"""Made-up content for the style page."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast, Category, Channel

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
    return {
        "form": form,
        "screens": SCREENS,
        "colours": COLOURS,
        "themes": THEMES,
        "icons": _icons(),
        "channels": [_sample_broadcast("On air", "alice", 3).channel, _off_air("bob", 2)],
        "vod": _sample_recording(),
        "card": _sample_broadcast("Painting the mill by the river, with questions from the chat", "alice", 3),
        "other_card": _sample_broadcast("Practising scales", "charlie", 6),
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
