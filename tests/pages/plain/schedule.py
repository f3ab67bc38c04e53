"""Forms of the schedule: Alice has planned her week, Erin nothing yet."""

from django.utils import timezone

from streaming.models import Schedule, ScheduleEntry
from tests.pages.plain.cases import Case, Stage

SCHEDULE_PAGE, ENTRY = "/dashboard/schedule/", "/dashboard/schedule/{planned}/"
TAKEN = {"day": str(timezone.now().weekday()), "start": "19:30"}  # Alice paints then


def nothing_is_cancelled(stage: Stage) -> None:
    ScheduleEntry.objects.update(skipped_on=None)


def cancelled(stage: Stage) -> bool:
    return ScheduleEntry.objects.exclude(skipped_on=None).exists()


SCHEDULE: tuple[Case, ...] = (
    Case(
        "POST dashboard_schedule", SCHEDULE_PAGE, "alice",
        fill={"title": "Early", "day": "6", "start": "07:30", "minutes": "60", "category": "Art"},
        says="“Early” is in your schedule", so=lambda _: ScheduleEntry.objects.filter(title="Early").exists(),
        wrong=TAKEN, at="start", why="“Painting” is at the same time",
    ),
    Case(
        "POST dashboard_schedule_zone", SCHEDULE_PAGE, "erin", fill={"time_zone": "Asia/Tokyo"}, button="Go on",
        says="Nothing planned yet",
        so=lambda _: Schedule.objects.get(channel__owner__login="erin").time_zone == "Asia/Tokyo",
    ),
    Case(
        "POST schedule_entry", ENTRY, "alice", fill={"title": "Glazing", "minutes": "90"}, says="Glazing",
        so=lambda stage: ScheduleEntry.objects.get(pk=stage.names["planned"]).minutes == 90,
        wrong={"day": "once", "on": "2020-01-01"}, at="on", why="over already",
    ),
    Case("POST schedule_entry_skip", SCHEDULE_PAGE, "alice", first=nothing_is_cancelled,
         says="is cancelled this time", so=cancelled),
    Case("POST schedule_entry_skip", SCHEDULE_PAGE, "alice", button="Undo cancelling “Questions and tea”",
         says="takes place after all", so=lambda stage: not cancelled(stage)),
    Case("POST schedule_entry_remove", ENTRY, "alice", says="“Painting” is no longer in your schedule",
         so=lambda stage: not ScheduleEntry.objects.filter(pk=stage.names["planned"]).exists()),
)  # fmt: skip
