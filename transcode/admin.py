"""The ladder in the admin: all rungs on one page, checked together."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from transcode.errors import LadderError
from transcode.ladder import Rung, check_ladder
from transcode.models import LadderRung


def check(rungs: list[Rung]) -> None:
    """Translate what the ladder's rules say."""
    try:
        check_ladder(rungs)
    except LadderError as refusal:
        raise ValidationError(str(refusal)) from None


class LadderRungForm(forms.ModelForm):  # type: ignore[type-arg]
    """One rung, which must fit the others."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        others = LadderRung.objects.exclude(pk=self.instance.pk)
        rung = Rung(cleaned["size"], cleaned["kbps"] * 1000, cleaned["max_frame_rate"])
        check([*(row.as_rung() for row in others), rung])
        return cleaned


class LadderFormSet(forms.BaseModelFormSet):  # type: ignore[type-arg]
    """The rungs on the page, which must be a ladder once all are saved."""

    def clean(self) -> None:
        super().clean()
        if not any(self.errors):
            check([form.instance.as_rung() for form in self.initial_forms])


@admin.register(LadderRung)
class LadderRungAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = LadderRungForm
    list_display = ("size", "kbps", "max_frame_rate")
    list_display_links = None
    list_editable = ("size", "kbps", "max_frame_rate")
    list_per_page = 50

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the check of one rung against those in the database: here several change at once."""
        return super().get_changelist_formset(request, **{**kwargs, "formset": LadderFormSet})

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, **{**kwargs, "form": forms.ModelForm})
