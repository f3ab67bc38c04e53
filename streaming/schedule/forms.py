"""What a streamer types about his schedule. The services check what it means."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from streaming.forms import CategoryField, category_names
from streaming.limits import SCHEDULE_AHEAD_DAYS, SCHEDULE_MINUTES_MAX, SCHEDULE_STEP_MINUTES, TITLE_MAX
from streaming.models import Schedule, ScheduleEntry
from streaming.schedule.zones import UTC_NAME, zones_by_region
from streaming.schedule_models import WEEKDAYS

ONCE = "once"
DAYS = [*((str(number), f"Every {name}") for number, name in enumerate(WEEKDAYS)), (ONCE, "Once, on a date")]
FIRST_MINUTES = 120
# As browsers send them, and want them back.
DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def length_text(minutes: int) -> str:
    """90 → 1 h 30 min."""
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)


class TimeZoneForm(forms.Form):
    """The clock that a schedule goes by."""

    time_zone = forms.ChoiceField(
        label="Your time zone",
        choices=zones_by_region,
        help_text="All times of your schedule are local times of this place, in summer and in winter. "
        "Viewers see them in their own time zone.",
    )

    def __init__(self, sent: Mapping[str, Any] | None = None, *, schedule: Schedule | None) -> None:
        super().__init__(sent, initial={"time_zone": schedule.time_zone if schedule else UTC_NAME})


class EntryForm(forms.Form):
    """One planned stream."""

    title = forms.CharField(max_length=TITLE_MAX, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    day = forms.ChoiceField(choices=DAYS)
    on = forms.DateField(
        label="Date", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    start = forms.TimeField(label="Begins at", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    minutes = forms.TypedChoiceField(label="Length", coerce=int)
    category = CategoryField(required=False)
    category_names = staticmethod(category_names)

    def __init__(self, sent: Mapping[str, Any] | None = None, *, entry: ScheduleEntry | None = None) -> None:
        super().__init__(sent, initial=_initial(entry))
        minutes = self.fields["minutes"]
        assert isinstance(minutes, forms.ChoiceField)  # noqa: S101  for the type checker
        offered = {*range(SCHEDULE_STEP_MINUTES, SCHEDULE_MINUTES_MAX + 1, SCHEDULE_STEP_MINUTES)}
        offered |= {entry.minutes} if entry else set()
        minutes.choices = [(one, length_text(one)) for one in sorted(offered)]
        today = timezone.now().date()
        self.fields["on"].widget.attrs["max"] = str(today + timedelta(days=SCHEDULE_AHEAD_DAYS))

    def clean(self) -> dict[str, Any]:
        """A weekday or a date, as the services want it."""
        cleaned = super().clean() or {}
        day = cleaned.pop("day", "")
        if day != ONCE:
            cleaned["on"] = None  # whatever stands in the field that is not meant
            cleaned["weekday"] = int(day) if day else None
        elif "on" in cleaned and cleaned["on"] is None:
            self.add_error("on", "Give the date.")
        return cleaned


def _initial(entry: ScheduleEntry | None) -> dict[str, Any]:
    if entry is None:
        return {"day": str(timezone.now().weekday()), "start": "20:00", "minutes": FIRST_MINUTES}
    return {
        "title": entry.title,
        "day": ONCE if entry.on else str(entry.weekday),
        "on": entry.on,
        "start": entry.start,
        "minutes": entry.minutes,
        "category": entry.category.name if entry.category else "",
    }
