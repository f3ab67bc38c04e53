"""Everything that changes a schedule, and what is read from it for pages, the API and calendars."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.errors import Conflict, InvalidInput, NotThere
from common.lines import check_line
from streaming.limits import (
    SCHEDULE_AHEAD_DAYS,
    SCHEDULE_BESIDE_PLAYER,
    SCHEDULE_ENTRIES_MAX,
    SCHEDULE_MINUTES_MAX,
    SCHEDULE_MINUTES_MIN,
    TITLE_MAX,
)
from streaming.models import Category, Channel, Schedule, ScheduleEntry
from streaming.schedule.rules import Occurrence, Slot, next_day_of, next_stream, overlap, planned, replaced_days
from streaming.schedule.zones import zone_names


@dataclass(frozen=True)
class PlannedStream:
    """One planned stream with what it is to be."""

    entry: ScheduleEntry
    when: Occurrence


@dataclass(frozen=True)
class Plan:
    """A channel's schedule as viewers see it: `streams` are not over, the earliest first. Empty: `time_zone` too."""

    time_zone: str
    streams: list[PlannedStream]
    next: PlannedStream | None  # what viewers of a channel off air wait for

    @property
    def soon(self) -> list[PlannedStream]:
        return self.streams[:SCHEDULE_BESIDE_PLAYER]


@dataclass(frozen=True)
class OwnEntry:
    """An entry as its streamer changes it."""

    entry: ScheduleEntry
    next_day: date
    cancelled: bool  # on that day
    replaced: bool  # on that day a single one takes its place


def read_plan(*, channel: Channel, now: datetime | None = None) -> Plan:
    """In one query."""
    now = now or timezone.now()
    entries = read_entries(channel_id=channel.pk)
    if not entries:
        return Plan("", [], None)
    schedule, by_key = entries[0].schedule, {entry.pk: entry for entry in entries}
    occurrences = planned([entry.slot for entry in entries], schedule.zone, now)
    first = next_stream(occurrences, now)
    return Plan(
        time_zone=schedule.time_zone,
        streams=[PlannedStream(by_key[one.key], one) for one in occurrences],
        next=PlannedStream(by_key[first.key], first) if first else None,
    )


def read_entries(*, channel_id: int) -> list[ScheduleEntry]:
    """All of a channel, in one query."""
    return list(ScheduleEntry.objects.of_channel(channel_id)[:SCHEDULE_ENTRIES_MAX])


def read_own_entries(*, schedule: Schedule, now: datetime | None = None) -> list[OwnEntry]:
    """Weekly ones by weekday, then single ones by date; without those that are over."""
    now = now or timezone.now()
    entries = read_entries(channel_id=schedule.pk)
    slots = [entry.slot for entry in entries]
    found = []
    for entry, slot in zip(entries, slots, strict=True):
        day = next_day_of(slot, schedule.zone, now)
        if day is not None:
            replaced = day in replaced_days(slot, slots, schedule.zone)
            found.append(OwnEntry(entry, day, cancelled=slot.skipped_on == day, replaced=replaced))
    return found


def get_entry(*, channel: Channel, entry_id: int) -> ScheduleEntry:
    """One of this channel's own. Raises NotThere."""
    entry = ScheduleEntry.objects.of_channel(channel.pk).filter(pk=entry_id).first()
    if entry is None:
        raise NotThere("There is no such entry in your schedule.")
    return entry


def set_time_zone(*, channel: Channel, name: str) -> Schedule:
    """Choose the clock all entries go by. What is planned for 20:00 is at 20:00 of the new one."""
    if name not in zone_names():
        raise InvalidInput("Choose a time zone from the list, such as Europe/Berlin.")
    schedule, _ = Schedule.objects.update_or_create(channel=channel, defaults={"time_zone": name})
    return schedule


def add_entry(*, channel: Channel, **wanted: Any) -> ScheduleEntry:
    """Plan a stream: `weekday` (Monday is 0) or `on` (a date), `start`, `minutes`, `title`, and perhaps `category`."""
    with transaction.atomic():
        schedule = _locked(channel.pk)
        fields = _check_entry(schedule, **wanted)
        _forget_past(schedule)
        if schedule.entries.count() >= SCHEDULE_ENTRIES_MAX:
            raise Conflict(f"A schedule has at most {SCHEDULE_ENTRIES_MAX} entries. Remove one first.", code="full")
        _check_free(schedule, fields)
        return ScheduleEntry.objects.create(schedule=schedule, **fields)


def change_entry(*, entry: ScheduleEntry, **wanted: Any) -> None:
    """The same for one that is there; on another weekday it is cancelled no more."""
    with transaction.atomic():
        schedule = _locked(entry.schedule_id)
        fields = _check_entry(schedule, **wanted)
        _check_free(schedule, fields, besides=entry.pk)
        if fields["weekday"] != entry.weekday:
            fields["skipped_on"] = None
        _update(entry, **fields)


def remove_entry(*, entry: ScheduleEntry) -> None:
    entry.delete()


def skip_entry(*, entry: ScheduleEntry, day: date | None, now: datetime | None = None) -> None:
    """Cancel the next occurrence of a weekly entry, which is on `day`: a page that is old skips no other one."""
    if entry.weekday is None:
        raise Conflict("This one takes place once. Remove it instead.", code="not_weekly")
    if day is None or next_day_of(entry.slot, entry.schedule.zone, now or timezone.now()) != day:
        raise Conflict("Only the next one can be cancelled. Look at the schedule again.", code="not_next")
    _update(entry, skipped_on=day)


def unskip_entry(*, entry: ScheduleEntry) -> None:
    """Take that back. Safe to repeat."""
    _update(entry, skipped_on=None)


def _update(entry: ScheduleEntry, **fields: Any) -> None:
    changed = ScheduleEntry.objects.filter(pk=entry.pk).update(**fields, changed_at=timezone.now())
    if not changed:  # removed meanwhile
        raise NotThere("There is no such entry in your schedule.")


def _locked(channel_id: int) -> Schedule:
    """Two changes at once go one after the other: each sees what it could overlap."""
    schedule = Schedule.objects.select_for_update(of=("self",)).filter(pk=channel_id).first()
    if schedule is None:
        raise Conflict("Choose your time zone first.", code="no_time_zone")
    return schedule


def _forget_past(schedule: Schedule) -> None:
    """Single ones that are over take nobody's place."""
    long_over = timezone.now().date() - timedelta(days=3)  # longer than a day, in any time zone
    schedule.entries.filter(on__lt=long_over).delete()


def _check_free(schedule: Schedule, fields: dict[str, Any], besides: int = 0) -> None:
    wanted = Slot(0, fields["start"], fields["minutes"], fields["weekday"], fields["on"])
    for other in schedule.entries.exclude(pk=besides):
        if overlap(wanted, other.slot):
            raise Conflict(f"“{other.title}” is at the same time: {other.when}.", code="overlap")


def _check_entry(
    schedule: Schedule, *, start: Any, minutes: Any, title: Any, weekday: Any = None, on: Any = None,
    category: Category | None = None,
) -> dict[str, Any]:  # fmt: skip
    if (weekday is None) == (on is None):
        raise InvalidInput("Give a weekday or a date.")
    if weekday is not None and weekday not in range(7):
        raise InvalidInput("Weekdays go from 0, Monday, to 6, Sunday.")
    if not isinstance(start, time):
        raise InvalidInput("Give the time of its beginning as hours and minutes.")
    if not isinstance(minutes, int) or not SCHEDULE_MINUTES_MIN <= minutes <= SCHEDULE_MINUTES_MAX:
        raise InvalidInput(f"A stream takes {SCHEDULE_MINUTES_MIN} minutes to {SCHEDULE_MINUTES_MAX // 60} hours.")
    title = check_line(title, most=TITLE_MAX, name="title")
    if not title:
        raise InvalidInput("Give it a title.")
    start = start.replace(second=0, microsecond=0, tzinfo=None)
    if on is not None:
        _check_date(Slot(0, start, minutes, on=on), schedule)
    return {
        "weekday": weekday, "on": on, "start": start, "minutes": minutes, "title": title, "category": category,
    }  # fmt: skip


def _check_date(slot: Slot, schedule: Schedule) -> None:
    now = timezone.now()
    if not isinstance(slot.on, date):
        raise InvalidInput("Give the date as year, month and day.", code="date")
    if slot.on > now.date() + timedelta(days=SCHEDULE_AHEAD_DAYS):
        raise InvalidInput("Give a date of the next twelve months.", code="date")
    if slot.on < now.date() - timedelta(days=3) or next_day_of(slot, schedule.zone, now) is None:
        raise InvalidInput("That is over already. Give a date that is to come.", code="date")
