"""What a streamer types on the dashboard."""

from collections.abc import Mapping
from typing import Any

from django import forms

from streaming.limits import ABOUT_MAX, TAGS_MAX, TITLE_MAX
from streaming.models import Category, Channel


class ChannelForm(forms.Form):
    """Title, category, tags and the text about the channel. The service checks what it means."""

    title = forms.CharField(max_length=TITLE_MAX, required=False, label="Title")
    category = forms.ModelChoiceField(Category.objects.all(), required=False, empty_label="No category")
    tags = forms.CharField(required=False, help_text=f"Up to {TAGS_MAX} words, separated by commas or spaces.")
    about = forms.CharField(
        max_length=ABOUT_MAX, required=False, label="About the channel", widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, sent: Mapping[str, Any] | None, *, channel: Channel) -> None:
        initial = {
            "title": channel.title,
            "category": channel.category,
            "tags": ", ".join(channel.tags),
            "about": channel.about,
        }
        super().__init__(sent, initial=initial)
        if not Category.objects.exists():
            del self.fields["category"]

    def clean_tags(self) -> list[str]:
        return [tag for tag in self.cleaned_data["tags"].replace(",", " ").split() if tag]
