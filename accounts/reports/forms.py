"""What somebody says about what he reports."""

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.reports.limits import TEXT_MAX
from accounts.reports.models import REASON_CHOICES, Report
from accounts.reports.rules import REASONS, Reason


class ReportForm(forms.Form):
    reason = forms.ChoiceField(
        choices=REASON_CHOICES,
        widget=forms.RadioSelect,
        label="What is wrong?",
        error_messages={"required": "Choose what fits best."},
    )
    # How long it may be, the service says: browsers send two characters for each end of a line.
    text = forms.CharField(
        required=False,
        label="What else should the staff know?",
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": TEXT_MAX}),
        help_text="Only the staff reads it.",
    )

    def __init__(self, sent: Mapping[str, Any] | None, *, earlier: Report | None) -> None:
        said = {"reason": earlier.reason, "text": earlier.text} if earlier else {}
        super().__init__(sent, initial=said)

    def explained(self) -> list[tuple[forms.boundfield.BoundWidget, str]]:
        """Each reason as a button, and what it is."""
        return [(button, REASONS[Reason(button.data["value"])][1]) for button in self["reason"]]
