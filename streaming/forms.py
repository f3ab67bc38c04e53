"""What a streamer types on the dashboard."""

from collections.abc import Mapping
from typing import Any

from django import forms

from common.errors import NotThere
from streaming.discovery.languages import LANGUAGES
from streaming.limits import (
    ABOUT_MAX,
    CATEGORIES_OFFERED,
    CATEGORY_NAME_MAX,
    HOST_ENTRIES_MAX,
    MARKER_MAX,
    RAID_LOGIN_MAX,
    TAGS_MAX,
    TITLE_MAX,
)
from streaming.lookup import category_called
from streaming.models import AudienceSettings, Category, Channel
from streaming.raids.hosting import hosted_logins


class CategoryField(forms.CharField):
    """A category by its name: typed, with suggestions, for a list of all of them is thousands of lines."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"list": "category-names", "autocomplete": "off"})
        super().__init__(max_length=CATEGORY_NAME_MAX, widget=widget, **options)

    def clean(self, value: Any) -> Category | None:
        name = super().clean(value)
        try:
            return category_called(name) if name else None
        except NotThere as error:
            raise forms.ValidationError(error.text) from None


def category_names() -> list[str]:
    """What is offered before anything is typed: the most watched."""
    watched = Category.objects.order_by("-viewer_count", "id")
    return list(watched.values_list("name", flat=True)[:CATEGORIES_OFFERED])


class ChannelForm(forms.Form):
    """Title, category, tags and the text about the channel. The service checks what it means."""

    title = forms.CharField(max_length=TITLE_MAX, required=False, label="Title")
    category = CategoryField(required=False)
    tags = forms.CharField(required=False, help_text=f"Up to {TAGS_MAX} words, separated by commas or spaces.")
    language = forms.ChoiceField(required=False, label="Language you speak")
    category_names = staticmethod(category_names)
    about = forms.CharField(
        max_length=ABOUT_MAX, required=False, label="About the channel", widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, sent: Mapping[str, Any] | None, *, channel: Channel) -> None:
        initial = {
            "title": channel.title,
            "category": channel.category.name if channel.category else "",
            "tags": ", ".join(channel.tags),
            "about": channel.about,
            "language": channel.language,
        }
        super().__init__(sent, initial=initial)
        # One that came by the API and is not in our list stays what it is.
        languages = self.fields["language"]
        assert isinstance(languages, forms.ChoiceField)  # noqa: S101  for the type checker
        languages.choices = list(({channel.language: channel.language} | LANGUAGES).items())

    def clean_tags(self) -> list[str]:
        return [tag for tag in self.cleaned_data["tags"].replace(",", " ").split() if tag]

    def clean_language(self) -> str:
        return str(self.cleaned_data["language"] or self.initial["language"])


class MarkerForm(forms.Form):
    """What a moment of the broadcast is called."""

    text = forms.CharField(
        max_length=MARKER_MAX,
        error_messages={"required": "Say in a few words what happens here."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "What happens now"}),
    )


class RaidForm(forms.Form):
    """Whom to raid."""

    login = forms.CharField(
        max_length=RAID_LOGIN_MAX,
        error_messages={"required": "Type the name of a channel."},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "list": "raid-suggestions",
                "placeholder": "Channel",
            }
        ),
    )


class AudienceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whose raids are taken, who may host, and whom the channel hosts. The service checks what it means."""

    hosts = forms.CharField(
        required=False,
        label="Channels to host",
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocapitalize": "none"}),
        help_text="While you are offline, your page shows one of these that is live. "
        f"One name a line, at most {HOST_ENTRIES_MAX}.",
    )

    class Meta:
        model = AudienceSettings
        fields = (
            "raids_from",
            "raid_min_account_days",
            "raid_min_followers",
            "may_be_hosted",
            "host_order",
        )

    def __init__(self, sent: Mapping[str, Any] | None, *, instance: AudienceSettings) -> None:
        hosts = "\n".join(hosted_logins(channel=instance.channel))
        super().__init__(sent, instance=instance, initial={"hosts": hosts})

    def clean_hosts(self) -> list[str]:
        return [login for login in str(self.cleaned_data["hosts"]).replace(",", " ").split() if login]
