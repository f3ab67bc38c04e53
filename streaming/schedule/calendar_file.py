"""A channel's schedule as a file for calendars: iCalendar, RFC 5545."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard

from streaming.limits import SCHEDULE_ZONE_YEARS, SCHEDULE_ZONES_KEPT
from streaming.models import Channel, ScheduleEntry
from streaming.schedule.rules import Slot, replaced_days
from streaming.schedule.zones import UTC_NAME

RULE_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def calendar_file(*, channel: Channel, entries: list[ScheduleEntry], page: str, now: datetime) -> bytes:
    """All entries as events; weekly ones go on until they are removed. `page`: where the channel is watched."""
    calendar = Calendar()
    calendar.add("prodid", "-//Millrace//Schedule//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{channel.owner} streams")
    if entries:
        zone, slots = entries[0].schedule.zone, [entry.slot for entry in entries]
        if zone.key != UTC_NAME:  # its times end in Z
            first = min(entry.created_at for entry in entries).year
            calendar.add_component(time_zone(zone.key, first, now.year + SCHEDULE_ZONE_YEARS))
        for entry in entries:
            calendar.add_component(_event(entry, slots, zone, page))
    return bytes(calendar.to_ical())


def _event(entry: ScheduleEntry, slots: list[Slot], zone: ZoneInfo, page: str) -> Event:
    first = entry.on or _first_day(entry, zone)
    event = Event()
    event.add("uid", f"schedule-{entry.pk}@{urlsplit(page).hostname}")
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("summary", entry.title)
    event.add("url", page)
    event.add("dtstart", datetime.combine(first, entry.start, tzinfo=zone))
    event.add("duration", timedelta(minutes=entry.minutes))
    if entry.category:
        event.add("categories", [entry.category.name])
    if entry.weekday is not None:
        event.add("rrule", {"freq": "weekly", "byday": RULE_DAYS[entry.weekday]})
        without = {*replaced_days(entry.slot, slots, zone), *([entry.skipped_on] if entry.skipped_on else [])}
        days = sorted(day for day in without if day >= first)
        if days:
            event.add("exdate", [datetime.combine(day, entry.start, tzinfo=zone) for day in days])
    return event


def _first_day(entry: ScheduleEntry, zone: ZoneInfo) -> date:
    """Of a weekly one: since it is planned."""
    planned = entry.created_at.astimezone(zone).date()
    return planned + timedelta(days=((entry.weekday or 0) - planned.weekday()) % 7)


@lru_cache(SCHEDULE_ZONES_KEPT)
def time_zone(name: str, first_year: int, last_year: int) -> Timezone:
    """The VTIMEZONE of these years (3.6.5). Not the library's own: in spring that one changes an hour late."""
    zone = ZoneInfo(name)
    begin, end = datetime(first_year - 1, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    onsets: dict[tuple[timedelta, timedelta, str, bool], list[datetime]] = defaultdict(list)
    for moment in [begin, *clock_changes(zone, begin, end)]:
        before, after = _offset(zone, moment - timedelta(seconds=1)), _offset(zone, moment)
        local = moment.astimezone(zone)
        # An onset is what the clock shows that is about to be changed.
        onsets[before, after, str(local.tzname()), bool(local.dst())].append((moment + before).replace(tzinfo=None))
    component = Timezone()
    component.add("tzid", name)
    for (before, after, short_name, is_summer), moments in onsets.items():
        part = TimezoneDaylight() if is_summer else TimezoneStandard()
        part.add("dtstart", moments[0])
        part.add("tzoffsetfrom", before)
        part.add("tzoffsetto", after)
        part.add("tzname", short_name)
        if len(moments) > 1:
            part.add("rdate", moments[1:])
        component.add_component(part)
    return component


def clock_changes(zone: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    """When the zone's offset from UTC changes in between, to the second."""
    found, day = [], timedelta(days=1)
    while begin < end:
        if _offset(zone, begin) != _offset(zone, begin + day):
            low, high = begin, begin + day
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
                same = _offset(zone, middle) == _offset(zone, begin)
                low, high = (middle, high) if same else (low, middle)
            found.append(high)
        begin += day
    return found


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
