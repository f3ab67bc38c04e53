"""What can be typed on one's own account's pages."""

from django import forms

MAY = [
    ("chat", "Read and write chat"),
    ("moderate", "Chat, and moderate where you may"),
    ("everything", "All that you may, over the API"),
]
DAYS = [("0", "Until it is revoked"), ("60", "60 days"), ("365", "A year")]


class NewTokenForm(forms.Form):
    name = forms.CharField(max_length=60, help_text="Which bot or program it is for.")
    may = forms.ChoiceField(choices=MAY, initial="chat", label="It may")
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, label="It works")
