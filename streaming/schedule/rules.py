"""When planned streams are, whatever the clocks do in between. Pure.

A plan is by the wall clock of one time zone: 20:00 in Berlin stays 20:00 there. Where that clock is put forward or back
we take the moment RFC 5545 (3.3.5) takes, so that calendars show the same: a time that occurs twice is the first of the
two, one that never occurs is counted with the offset from before the gap.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from streaming.limits import SCHEDULE_DAYS_SHOWN, SCHEDULE_LATE_MINUTES

DAY = timedelta(days=1)
WEEK_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Slot:
    """One line of a plan: every week on `weekday` (Monday is 0), or once on `on`; exactly one of them is given."""

    key: int
    start: time
    minutes: int  # at most a day
    weekday: int | None = None
    on: date | None = None
    skipped_on: date | None = None  # the one day of a weekly slot on which it does not take place


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One planned stream. `day` is the date on the wall of the one who planned it."""

    key: int
    day: date
    starts_at: datetime  # UTC
    ends_at: datetime
    cancelled: bool = False


def moment_of(day: date, at: time, zone: tzinfo) -> datetime:
    """When the wall clock of `zone` shows it, in UTC. `fold` 0 is RFC 5545's choice in both odd cases."""
    return datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)


def occurrence_on(slot: Slot, day: date, zone: tzinfo) -> Occurrence:
    """The one of that day. It takes as long as it takes, whatever the clock shows at its end."""
    starts_at = moment_of(day, slot.start, zone)
    ends_at = starts_at + timedelta(minutes=slot.minutes)
    return Occurrence(slot.key, day, starts_at, ends_at, cancelled=slot.skipped_on == day)


def planned(slots: Iterable[Slot], zone: tzinfo, now: datetime) -> list[Occurrence]:
    """What is not over: weekly ones of the next two weeks and all single ones, the earliest first.

    A single one takes the place of weekly ones that would be at the same time.
    """
    slots = list(slots)
    single = [occurrence_on(slot, slot.on, zone) for slot in slots if slot.on is not None]
    weekly = [occurrence_on(slot, day, zone) for slot in slots for day in _days(slot, zone, now)]
    taken = [one for one in weekly if not any(_meet(one, other) for other in single)]
    return sorted((one for one in single + taken if one.ends_at > now), key=lambda one: (one.starts_at, one.key))


def replaced_days(slot: Slot, slots: Iterable[Slot], zone: tzinfo) -> list[date]:
    """Days on which a weekly slot makes room for single ones."""
    days = set()
    for other in slots:
        if other.on is not None and slot.weekday is not None:
            single = occurrence_on(other, other.on, zone)
            near = (other.on + DAY * n for n in (-2, -1, 0, 1, 2))  # neither is longer than a day
            days |= {day for day in near if day.weekday() == slot.weekday
                     and _meet(occurrence_on(slot, day, zone), single)}  # fmt: skip
    return sorted(days)


def next_stream(occurrences: Iterable[Occurrence], now: datetime) -> Occurrence | None:
    """What viewers of a channel off air wait for; who is a little late may still come."""
    patience = now - timedelta(minutes=SCHEDULE_LATE_MINUTES)
    return next((one for one in occurrences if not one.cancelled and one.starts_at > patience), None)


def next_day_of(slot: Slot, zone: tzinfo, now: datetime) -> date | None:
    """The day of its next occurrence, cancelled or not; of one that is under way, today's."""
    days = [slot.on] if slot.on is not None else _days(slot, zone, now)
    return next((day for day in days if occurrence_on(slot, day, zone).ends_at > now), None)


def overlap(one: Slot, other: Slot) -> bool:
    """Whether two of a kind are at the same time, as the wall clock shows it. A weekly and a single one never do:
    the single one takes the other's place."""
    if one.weekday is not None and other.weekday is not None:
        behind = (_minute(other, other.weekday) - _minute(one, one.weekday)) % WEEK_MINUTES
        return behind < one.minutes or WEEK_MINUTES - behind < other.minutes
    if one.on is not None and other.on is not None:
        behind = _minute(other, other.on.toordinal()) - _minute(one, one.on.toordinal())
        return -other.minutes < behind < one.minutes
    return False


def _days(slot: Slot, zone: tzinfo, now: datetime) -> list[date]:
    """Of a weekly slot: from those that began before today and may go on, to two weeks ahead."""
    if slot.weekday is None:
        return []
    today = now.astimezone(zone).date()
    days = (today + DAY * n for n in range(-2, SCHEDULE_DAYS_SHOWN + 1))
    return [day for day in days if day.weekday() == slot.weekday]


def _minute(slot: Slot, day: int) -> int:
    return (day * 24 + slot.start.hour) * 60 + slot.start.minute


def _meet(one: Occurrence, other: Occurrence) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at
