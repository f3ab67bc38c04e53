"""What an owner types about recordings. The services check what it means."""

from collections.abc import Mapping
from typing import Any

from django import forms

from common.errors import InvalidInput
from streaming.limits import TITLE_MAX
from vod.chapters import Chapter, chapters_text, clock_text, parse_chapters, parse_clock
from vod.limits import CLIP_SECONDS, CLIP_SECONDS_MAX, CLIP_SECONDS_MIN, CLIP_TITLE_MAX, DESCRIPTION_MAX
from vod.models import Visibility, Vod, VodQuerySet

NO_TIME = {"required": "Give the time as in 12:34 or 1:02:03."}
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


class ClipForm(forms.Form):
    """Which part becomes a clip: of a recording from a time on, of what is on air its newest seconds."""

    title = forms.CharField(max_length=CLIP_TITLE_MAX, required=False)
    begin = forms.CharField(
        max_length=12, label="From", error_messages=NO_TIME, help_text="As the recording's clock says it: 12:34."
    )
    seconds = forms.IntegerField(
        min_value=int(CLIP_SECONDS_MIN),
        max_value=int(CLIP_SECONDS_MAX),
        initial=int(CLIP_SECONDS),
        label="Seconds",
        help_text=f"{CLIP_SECONDS_MIN:g} to {CLIP_SECONDS_MAX:g}.",
    )

    def __init__(self, sent: Mapping[str, Any] | None, *, live: bool) -> None:
        super().__init__(sent)
        if live:
            del self.fields["begin"]
            self.fields["seconds"].label = "How many of the last seconds"

    def clean_begin(self) -> float:
        return _seconds(self.cleaned_data["begin"])


class HighlightForm(forms.Form):
    """From when to when, as the player's clock says it."""

    begin = forms.CharField(max_length=12, label="From", error_messages=NO_TIME)
    end = forms.CharField(max_length=12, label="To", error_messages=NO_TIME)
    title = forms.CharField(max_length=TITLE_MAX, required=False)

    def __init__(self, sent: Mapping[str, Any] | None, *, vod: Vod) -> None:
        whole = {"begin": clock_text(0), "end": clock_text(vod.duration_seconds), "title": vod.title}
        super().__init__(sent, initial=whole, auto_id="highlight-%s")

    def clean_begin(self) -> float:
        return _seconds(self.cleaned_data["begin"])

    def clean_end(self) -> float:
        return _seconds(self.cleaned_data["end"])


class PosterForm(forms.Form):
    """The picture at a time, or one from a file."""

    at = forms.CharField(
        max_length=12,
        required=False,
        label="The picture at",
        widget=forms.TextInput(attrs={"placeholder": "12:34"}),
    )
    picture = forms.FileField(
        required=False,
        label="Or one of yours",
        help_text="PNG, JPEG, WebP or GIF, up to 900 kB. It is cut to 16:9.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )

    def __init__(self, sent: Mapping[str, Any] | None = None, files: Any = None) -> None:
        super().__init__(sent, files, auto_id="poster-%s")

    def clean_at(self) -> float | None:
        return _seconds(self.cleaned_data["at"]) if self.cleaned_data["at"] else None

    def clean(self) -> dict[str, Any]:
        wanted = super().clean() or {}
        if not self.errors and wanted["at"] is None and not wanted["picture"]:
            self.add_error("at", "Say at which time, as in 12:34, or choose a picture file.")
        return wanted


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
