"""What can be typed on one's own account's pages."""

from typing import Any

from django import forms

from accounts.scopes import SCOPES

MAY = [
    ("chat", "Read and write chat"),
    ("moderate", "Chat, and moderate where you may"),
    ("chosen", "Only what I tick"),
    ("everything", "All that you may, over the API"),
]
DAYS = [("0", "Until it is revoked"), ("60", "60 days"), ("365", "A year")]


class NewTokenForm(forms.Form):
    name = forms.CharField(max_length=60, help_text="Which bot or program it is for.")
    may = forms.ChoiceField(choices=MAY, initial="chat", label="It may")
    scopes = forms.MultipleChoiceField(
        choices=list(SCOPES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="What it may do",
        error_messages={"invalid_choice": "There is no scope “%(value)s”."},
    )
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, label="It works")

    def clean(self) -> dict[str, Any]:
        """Ticks count where they are asked for: the other choices say what they mean."""
        wanted = super().clean() or {}
        if wanted.get("may") == "chosen" and not wanted.get("scopes") and "scopes" not in self.errors:
            self.add_error("scopes", "Tick at least one thing it may do.")
        return wanted


class DisplayNameForm(forms.Form):
    display_name = forms.CharField(
        max_length=25, label="Display name", help_text="Your login, with the capitals you like."
    )


class AvatarForm(forms.Form):
    picture = forms.FileField(
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
        help_text="PNG, JPEG, WebP or GIF, up to 4 MB. It is shown round.",
        error_messages={"required": "Choose a picture first.", "empty": "This file is empty. Choose another one."},
    )


class RenameForm(forms.Form):
    login = forms.CharField(max_length=25, label="New login", help_text="3 to 25 letters (a-z), digits or underscores.")


class LeaveForm(forms.Form):
    login = forms.CharField(
        max_length=25, label="Type your login to confirm", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
