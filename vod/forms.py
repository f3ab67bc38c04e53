"""What an owner types about recordings. The services check what it means."""

from collections.abc import Mapping
from typing import Any

from django import forms

from common.errors import InvalidInput
from streaming.limits import TITLE_MAX
from vod.chapters import Chapter, chapters_text, parse_chapters, parse_clock
from vod.limits import DESCRIPTION_MAX
from vod.models import Visibility, Vod, VodQuerySet

CHAPTERS_HELP = "One a line, the first at 0:00, as in “12:34 The bridge”. Without lines there are none."


class VodForm(forms.Form):
    """A recording's words, who may watch it, and its chapters."""

    title = forms.CharField(max_length=TITLE_MAX, required=False)
    description = forms.CharField(max_length=DESCRIPTION_MAX, required=False, widget=forms.Textarea(attrs={"rows": 6}))
    visibility = forms.ChoiceField(choices=Visibility.choices, label="Who may watch")
    downloads_allowed = forms.BooleanField(required=False, label="Viewers may download it")
    chapters = forms.CharField(required=False, help_text=CHAPTERS_HELP, widget=forms.Textarea(attrs={"rows": 8}))

    def __init__(self, sent: Mapping[str, Any] | None, *, vod: Vod) -> None:
        super().__init__(
            sent,
            initial={
                "title": vod.title,
                "description": vod.description,
                "visibility": vod.visibility,
                "downloads_allowed": vod.downloads_allowed,
                "chapters": chapters_text(vod.chapter_list),
            },
        )

    def clean_chapters(self) -> list[Chapter]:
        try:
            return parse_chapters(self.cleaned_data["chapters"])
        except InvalidInput as error:
            raise forms.ValidationError(error.text) from None


class HighlightForm(forms.Form):
    """From when to when, as the player's clock says it."""

    begin = forms.CharField(max_length=12, label="From")
    end = forms.CharField(max_length=12, label="To")
    title = forms.CharField(max_length=TITLE_MAX, required=False)

    def clean_begin(self) -> float:
        return _seconds(self.cleaned_data["begin"])

    def clean_end(self) -> float:
        return _seconds(self.cleaned_data["end"])


class PosterForm(forms.Form):
    """The picture at a time, or one from a file."""

    at = forms.CharField(max_length=12, required=False)
    picture = forms.FileField(required=False)

    def clean_at(self) -> float | None:
        return _seconds(self.cleaned_data["at"]) if self.cleaned_data["at"] else None


def _seconds(text: str) -> float:
    try:
        return parse_clock(text)
    except InvalidInput as error:
        raise forms.ValidationError(error.text) from None


class VodSearchForm(forms.Form):
    """Which recordings of the owner's are shown, in which order. What makes no sense is passed over."""

    ORDERS = {
        "newest": ("Newest first", "-created_at"),
        "oldest": ("Oldest first", "created_at"),
        "watched": ("Most watched", "-view_count"),
        "longest": ("Longest", "-duration_seconds"),
        "title": ("By title", "title"),
    }

    q = forms.CharField(max_length=100, required=False, label="Title")
    visibility = forms.ChoiceField(choices=[("", "All"), *Visibility.choices], required=False)
    sort = forms.ChoiceField(choices=[(name, label) for name, (label, _) in ORDERS.items()], required=False)

    def narrow(self, vods: VodQuerySet) -> VodQuerySet:
        """Those that were asked for, in the order asked for."""
        self.is_valid()
        wanted = self.cleaned_data
        if wanted.get("q"):
            vods = vods.filter(title__icontains=wanted["q"])
        if wanted.get("visibility"):
            vods = vods.filter(visibility=wanted["visibility"])
        _, order = self.ORDERS[wanted.get("sort") or "newest"]
        return vods.order_by(order, "-pk")
