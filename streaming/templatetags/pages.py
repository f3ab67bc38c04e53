"""Template filters of the pages: lengths of time, counts, tints, form fields."""

from datetime import datetime

from django import template
from django.core.files.storage import default_storage
from django.forms import BoundField
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from streaming.discovery.languages import LANGUAGES, language_key
from streaming.discovery.tags import tag_key
from streaming.discovery_models import EntryKind, SearchEntry
from streaming.playback import clip_addresses

register = template.Library()
TINTS = 8


@register.filter
def tint(pk: int | None) -> int:
    """Which of the eight colours stands for this user; the chat uses the same."""
    return (pk or 0) % TINTS


@register.filter
def clock(seconds: float | None) -> str:
    """3725 → 1:02:05, 65 → 1:05."""
    whole = max(int(seconds or 0), 0)
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


@register.filter
def uptime(started_at: datetime | None) -> str:
    return clock((timezone.now() - started_at).total_seconds()) if started_at else ""


@register.filter
def compact(count: int | None) -> str:
    """1234 → 1.2K, as on every live site; exact below a thousand."""
    number = float(count or 0)
    for unit in ("", "K", "M"):
        if number < 999.5 or unit == "M":
            return f"{number:.0f}{unit}" if not unit or number >= 100 else f"{number:.1f}".removesuffix(".0") + unit
        number /= 1000
    return ""


@register.filter
def preview_url(path: str) -> str:
    return default_storage.url(path) if path else ""


@register.filter
def picture_of(entry: SearchEntry) -> str:
    """Address of the picture of a recording or clip that was found; empty while it has none."""
    if entry.kind == EntryKind.CLIP:
        return clip_addresses(entry.picture).poster
    return preview_url(entry.picture)


@register.filter
def language_name(code: str) -> str:
    """By its own name; the code where we do not know it."""
    return LANGUAGES.get(language_key(code), code)


@register.filter
def tag_address(tag: str) -> str:
    """Page of everyone on air with this tag; of one from before the rules, all on air."""
    key = tag_key(tag)
    return reverse("browse_tag", args=[key]) if key else reverse("browse_live")


@register.filter
def as_input(field: BoundField) -> SafeString:
    """The field's widget in our look, tied to its error and help text for screen readers."""
    attrs: dict[str, str | bool] = {"class": "input"}
    if str(field.field.widget.attrs.get("placeholder", "")).startswith(str(field.label)):
        attrs["placeholder"] = ""  # a label said twice is noise: Email, Email address
    described_by = [f"{field.id_for_label}_{part}" for part, there in _descriptions(field) if there]
    if described_by:
        attrs["aria-describedby"] = " ".join(described_by)
    if field.errors:
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)


def _descriptions(field: BoundField) -> list[tuple[str, bool]]:
    return [("error", bool(field.errors)), ("help", bool(field.help_text))]
