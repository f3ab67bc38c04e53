"""What moderators type to find something."""

from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from chat.limits import SEARCH_TEXT_MAX

_MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


def _moment(label: str) -> forms.DateTimeField:
    picker = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, required=False, input_formats=_MOMENTS, widget=picker)


class WhoForm(forms.Form):
    """By whom, or about whom."""

    user = forms.CharField(
        label="Person", max_length=25, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean_user(self) -> str:
        return str(self.cleaned_data["user"]).removeprefix("@").lower()


class LookBackForm(WhoForm):
    """What was said: with which text, by whom, when; `before` is where the page before ended."""

    q = forms.CharField(
        label="Text",
        max_length=SEARCH_TEXT_MAX,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
        validators=[ProhibitNullCharactersValidator()],
    )
    since = _moment("From (UTC)")
    until = _moment("Until (UTC)")
    before = forms.IntegerField(min_value=0, max_value=2**62, required=False, widget=forms.HiddenInput)
    field_order = ("q", "user", "since", "until", "before")

    def asked(self) -> dict[str, Any] | None:
        """What `search_messages` takes; None where something is wrong."""
        if not self.is_bound:
            return {}
        if not self.is_valid():
            return None
        fields = self.cleaned_data
        rest = {name: fields[name] for name in ("before", "since", "until")}
        return {"text": fields["q"], "login": fields["user"], **rest}

    def is_search(self) -> bool:
        """Whether anything is looked for; without, the whole log is shown."""
        return bool({name for name, value in (self.asked() or {}).items() if value} - {"before"})
