"""Made-up content for the style page."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast, Category, Channel

SCREENS = ["loading", "starting", "reconnecting", "offline", "ended", "error"]
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
        "card": _sample_broadcast("Painting the mill by the river, with questions from the chat", "alice", 3),
        "other_card": _sample_broadcast("Practising scales", "charlie", 6),
    }


def _sample_broadcast(title: str, login: str, pk: int) -> Broadcast:
    owner = User(pk=pk, login=login, display_name=login.capitalize())
    tags = ["watercolour", "relaxed", "english"]
    category = Category(name="Art", slug="art")
    channel = Channel(pk=pk, owner=owner, title=title, tags=tags, is_live=True, viewer_count=1234, category=category)
    started_at = timezone.now() - timedelta(hours=1, minutes=4)
    state = BroadcastState.LIVE.value
    return Broadcast(pk=pk, channel=channel, title=title, category=category, state=state, started_at=started_at)
