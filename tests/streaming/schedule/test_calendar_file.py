"""The file for calendars, read by another program than the one that wrote it: dateutil's time zones and rules."""

from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]
from dateutil.tz import tzical  # type: ignore[import-untyped]
from icalendar import Calendar, Timezone

from streaming.models import Category, Channel, ScheduleEntry
from streaming.schedule.calendar_file import calendar_file, clock_changes, time_zone
from streaming.schedule.rules import occurrence_on
from streaming.schedule.services import add_entry, read_entries, set_time_zone

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)  # a Friday
YEAR = [day.replace(tzinfo=None) for day in (NOW - timedelta(hours=12), NOW + timedelta(weeks=51, days=6))]
PLACES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu"]


def file_of(channel: Channel) -> bytes:
    return calendar_file(
        channel=channel, entries=read_entries(channel_id=channel.pk), page="https://live.example/alice", now=NOW
    )


def wrong_hours(zone: Timezone, place: str) -> list[datetime]:
    """When dateutil, told of this zone, reads a clock otherwise than the database of time zones does."""
    text = f"BEGIN:VCALENDAR\r\n{zone.to_ical().decode()}END:VCALENDAR\r\n"
    read, known = tzical(StringIO(text)).get(), ZoneInfo(place)
    assert read is not None
    moment, wrong = datetime(2026, 1, 1, tzinfo=UTC), []
    while moment.year < 2029:
        shown = moment.astimezone(known)  # so only what the clock does show
        if shown.replace(tzinfo=read).utcoffset() != shown.utcoffset():
            wrong.append(moment)
        moment += timedelta(minutes=30)
    return wrong


@pytest.mark.parametrize("place", PLACES)
def test_time_zone_says_what_the_database_says(place: str) -> None:
    assert wrong_hours(time_zone(place, 2026, 2030), place) == []


def test_time_zone_of_another_place_is_seen_to_be_wrong() -> None:
    assert len(wrong_hours(time_zone("Europe/London", 2026, 2030), "Europe/Berlin")) > 10_000


def test_onset_is_what_the_clock_shows_before_it_is_changed() -> None:
    """As in RFC 5545's example of New York (3.6.5): in spring at 02:00 of winter, in autumn at 02:00 of summer."""
    text = time_zone("America/New_York", 2026, 2027).to_ical().decode()
    assert "BEGIN:DAYLIGHT\r\nDTSTART:20250309T020000\r\nRDATE:20260308T020000,20270314T020000" in text
    assert "DTSTART:20251102T020000\r\nRDATE:20261101T020000,20271107T020000" in text


def test_clock_changes_are_found_to_the_second() -> None:
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    spring, autumn = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert clock_changes(ZoneInfo("Europe/Berlin"), begin, end) == [spring, autumn]
    assert clock_changes(ZoneInfo("Asia/Tokyo"), begin, end) == []


@pytest.fixture
def entry(channel: Channel) -> ScheduleEntry:
    """Fridays at 20:00 in Berlin, planned on the first of May."""
    set_time_zone(channel=channel, name="Europe/Berlin")
    art, _ = Category.objects.get_or_create(slug="art", defaults={"name": "Art"})
    entry = add_entry(channel=channel, weekday=4, start=time(20), minutes=150, title="Mill; wheel, water", category=art)
    ScheduleEntry.objects.update(created_at=NOW, changed_at=NOW)
    return entry


def events_of(channel: Channel) -> list[Any]:
    return list(Calendar.from_ical(file_of(channel)).walk("VEVENT"))


@pytest.mark.django_db
def test_weekly_one_is_an_event_with_a_rule(entry: ScheduleEntry, channel: Channel) -> None:
    ScheduleEntry.objects.update(skipped_on=date(2026, 5, 8))
    text = file_of(channel).decode().replace("\r\n ", "")
    expected = [
        f"UID:schedule-{entry.pk}@live.example", "DTSTAMP:20260501T120000Z", "SUMMARY:Mill\\; wheel\\, water",
        "URL:https://live.example/alice", "DTSTART;TZID=Europe/Berlin:20260501T200000", "DURATION:PT2H30M",
        "CATEGORIES:Art", "RRULE:FREQ=WEEKLY;BYDAY=FR", "EXDATE;TZID=Europe/Berlin:20260508T200000",
    ]  # fmt: skip
    event = text.partition("BEGIN:VEVENT\r\n")[2].partition("END:VEVENT")[0]
    assert sorted(event.strip().split("\r\n")) == sorted(expected)
    assert text.count("BEGIN:VTIMEZONE") == 1
    assert all(len(line) <= 75 for line in file_of(channel).split(b"\r\n"))


@pytest.mark.django_db
def test_calendars_find_the_same_streams_as_the_site(entry: ScheduleEntry, channel: Channel) -> None:
    """A year of them, over both changes of the clock."""
    [event] = events_of(channel)
    rule = rrulestr(event["rrule"].to_ical().decode(), dtstart=event["dtstart"].dt.replace(tzinfo=None))
    zone = ZoneInfo("Europe/Berlin")
    found = [one.replace(tzinfo=zone).astimezone(UTC) for one in rule.between(*YEAR, inc=True)]
    days = [date(2026, 5, 1) + timedelta(weeks=week) for week in range(52)]
    assert found == [occurrence_on(entry.slot, day, zone).starts_at for day in days]
    assert {one.hour for one in found} == {18, 19}


@pytest.mark.django_db
def test_one_on_a_date_is_left_out_of_the_weekly_one_it_replaces(entry: ScheduleEntry, channel: Channel) -> None:
    ScheduleEntry.objects.create(
        schedule=channel.schedule, on=date(2026, 5, 15), start=time(21), minutes=60, title="Special"
    )
    weekly, special = events_of(channel)
    assert [one.dt.date() for one in weekly["exdate"].dts] == [date(2026, 5, 15)]
    assert special["dtstart"].dt == datetime(2026, 5, 15, 21, tzinfo=ZoneInfo("Europe/Berlin"))
    assert "rrule" not in special


@pytest.mark.django_db
def test_who_plans_in_utc_needs_no_time_zone(entry: ScheduleEntry, channel: Channel) -> None:
    set_time_zone(channel=channel, name="UTC")
    text = file_of(channel).decode()
    assert "DTSTART:20260501T200000Z" in text
    assert "VTIMEZONE" not in text


@pytest.mark.django_db
def test_empty_schedule_is_a_calendar_all_the_same(channel: Channel) -> None:
    calendar = Calendar.from_ical(file_of(channel))
    assert str(calendar["x-wr-calname"]) == "alice streams"
    assert calendar.walk("VEVENT") == []
