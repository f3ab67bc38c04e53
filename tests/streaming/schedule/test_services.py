"""What changes a schedule: what is checked, what is in the way, and who sees what."""

from datetime import UTC, date, datetime, time, timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from accounts.models import User
from accounts.services import create_user
from common.errors import Conflict, DomainError, InvalidInput, NotThere
from streaming.limits import SCHEDULE_ENTRIES_MAX
from streaming.models import Category, Channel, Schedule, ScheduleEntry
from streaming.schedule.services import (
    add_entry,
    change_entry,
    get_entry,
    read_own_entries,
    read_plan,
    remove_entry,
    set_time_zone,
    skip_entry,
    unskip_entry,
)
from streaming.services import create_channel

pytestmark = pytest.mark.django_db
FRIDAY = 4
NOW = datetime(2026, 4, 28, 12, tzinfo=UTC)  # a Tuesday
MAY_1 = date(2026, 5, 1)


@pytest.fixture
def schedule(channel: Channel) -> Schedule:
    return set_time_zone(channel=channel, name="Europe/Berlin")


def plan(channel: Channel, **wanted: Any) -> ScheduleEntry:
    return add_entry(channel=channel, **{"start": time(20), "minutes": 120, "title": "Mill"} | wanted)


@pytest.fixture
def entry(schedule: Schedule, channel: Channel) -> ScheduleEntry:
    return plan(channel, weekday=FRIDAY)


def test_friday_evening_stays_friday_evening(entry: ScheduleEntry, channel: Channel) -> None:
    before, after = (read_plan(channel=channel, now=NOW.replace(month=month)).streams for month in (1, 7))
    assert {one.when.starts_at.hour for one in before} == {19}
    assert {one.when.starts_at.hour for one in after} == {18}


def test_another_time_zone_keeps_what_the_clock_shows(entry: ScheduleEntry, channel: Channel) -> None:
    set_time_zone(channel=channel, name="America/New_York")
    read = read_plan(channel=channel, now=NOW)
    assert read.time_zone == "America/New_York"
    assert read.streams[0].when.starts_at == datetime(2026, 5, 2, tzinfo=UTC)
    assert Schedule.objects.count() == 1


@pytest.mark.parametrize("name", ["", "Berlin", "EST", "../../etc/passwd", "Europe/Berlin\x00"])
def test_unknown_time_zone_is_refused(channel: Channel, name: str) -> None:
    with pytest.raises(InvalidInput, match="Europe/Berlin"):
        set_time_zone(channel=channel, name=name)


def test_time_zone_comes_first(channel: Channel) -> None:
    with pytest.raises(Conflict, match="time zone first"):
        plan(channel, weekday=FRIDAY)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({}, "weekday or a date"),
        ({"weekday": 1, "on": date(2030, 1, 1)}, "weekday or a date"),
        ({"weekday": 7}, "Weekdays"),
        ({"weekday": 1, "start": "20:00"}, "hours and minutes"),
        ({"weekday": 1, "minutes": 14}, "15 minutes to 24 hours"),
        ({"weekday": 1, "minutes": 1441}, "15 minutes to 24 hours"),
        ({"weekday": 1, "title": "  "}, "title"),
        ({"weekday": 1, "title": "x" * 141}, "more than 140"),
        ({"weekday": 1, "title": "a\x00b"}, "cannot be shown"),
        ({"on": date(2020, 1, 1)}, "over already"),
        ({"on": date(1, 1, 1)}, "over already"),
        ({"on": date(9999, 12, 31)}, "twelve months"),
        ({"on": "2026-01-01"}, "year, month and day"),
    ],
)
def test_what_makes_no_sense_is_refused(
    schedule: Schedule, channel: Channel, wanted: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        plan(channel, **wanted)
    assert not ScheduleEntry.objects.exists()


def test_database_takes_no_entry_without_a_day(entry: ScheduleEntry) -> None:
    with pytest.raises(IntegrityError):
        ScheduleEntry.objects.update(weekday=None)


def test_two_at_the_same_time_are_refused_and_the_other_is_named(entry: ScheduleEntry, channel: Channel) -> None:
    with pytest.raises(Conflict, match="“Mill” is at the same time: Every Friday, 20:00–22:00"):
        plan(channel, weekday=FRIDAY, start=time(21), title="Other")
    later = plan(channel, weekday=FRIDAY, start=time(22), title="Other")
    with pytest.raises(Conflict, match="same time"):
        change_entry(entry=later, weekday=FRIDAY, start=time(21, 59), minutes=60, title="Other")
    change_entry(entry=later, weekday=FRIDAY, start=time(22), minutes=90, title="Longer")  # not in its own way
    assert ScheduleEntry.objects.get(pk=later.pk).minutes == 90


def test_what_others_plan_is_not_in_the_way(entry: ScheduleEntry, bob: User) -> None:
    bobs = create_channel(owner=bob)
    set_time_zone(channel=bobs, name="Europe/Berlin")
    plan(bobs, weekday=FRIDAY)
    with pytest.raises(NotThere):
        get_entry(channel=bobs, entry_id=entry.pk)


def test_single_one_takes_the_place_of_a_weekly_one_and_both_sides_see_it(
    entry: ScheduleEntry, schedule: Schedule, channel: Channel
) -> None:
    day = timezone.now().date() + timedelta(days=1)
    day += timedelta(days=(FRIDAY - day.weekday()) % 7)
    special = plan(channel, on=day, title="Special")
    assert [one.entry.title for one in read_plan(channel=channel).streams if one.when.day == day] == ["Special"]
    weekly, once = read_own_entries(schedule=schedule)
    assert (weekly.replaced, once.replaced) == (True, False)
    remove_entry(entry=special)
    assert {one.entry.title for one in read_plan(channel=channel).streams} == {"Mill"}


def test_next_one_is_cancelled_and_that_is_undone(entry: ScheduleEntry, schedule: Schedule, channel: Channel) -> None:
    skip_entry(entry=entry, day=MAY_1, now=NOW)
    read = read_plan(channel=channel, now=NOW)
    assert [one.when.cancelled for one in read.streams] == [True, False]
    assert read.next is not None and read.next.when.day == date(2026, 5, 8)
    [own] = read_own_entries(schedule=schedule, now=NOW)
    assert (own.next_day, own.cancelled) == (MAY_1, True)
    unskip_entry(entry=entry)
    assert not any(one.when.cancelled for one in read_plan(channel=channel, now=NOW).streams)


@pytest.mark.parametrize("day", [None, date(2026, 5, 8), date(2026, 4, 24), date(2026, 4, 30)])
def test_old_page_cancels_no_other_one(entry: ScheduleEntry, day: date | None) -> None:
    with pytest.raises(Conflict, match="Look at the schedule again"):
        skip_entry(entry=entry, day=day, now=NOW)


def test_single_one_is_removed_instead_of_cancelled(schedule: Schedule, channel: Channel) -> None:
    tomorrow = timezone.now().date() + timedelta(days=1)
    with pytest.raises(Conflict, match="Remove it instead"):
        skip_entry(entry=plan(channel, on=tomorrow), day=tomorrow)


def test_one_that_moves_to_another_weekday_is_cancelled_no_more(entry: ScheduleEntry) -> None:
    skip_entry(entry=entry, day=MAY_1, now=NOW)
    entry.refresh_from_db()
    change_entry(entry=entry, weekday=FRIDAY, start=time(19), minutes=120, title="Mill")
    entry.refresh_from_db()
    assert entry.skipped_on == MAY_1
    change_entry(entry=entry, weekday=0, start=time(19), minutes=120, title="Mill")
    entry.refresh_from_db()
    assert entry.skipped_on is None


def test_one_that_was_removed_meanwhile_does_not_come_back(entry: ScheduleEntry) -> None:
    ScheduleEntry.objects.all().delete()
    acts: list[Any] = [
        lambda: change_entry(entry=entry, weekday=0, start=time(19), minutes=120, title="Mill"),
        lambda: skip_entry(entry=entry, day=MAY_1, now=NOW),
    ]
    for act in acts:
        with pytest.raises(NotThere):
            act()
    assert not ScheduleEntry.objects.exists()


def test_schedule_is_bounded_and_what_is_over_makes_room(schedule: Schedule, channel: Channel) -> None:
    long_ago = timezone.now().date() - timedelta(days=30)
    rows = [
        ScheduleEntry(schedule=schedule, on=long_ago, start=time(1), minutes=15, title="Old")
        for _ in range(SCHEDULE_ENTRIES_MAX)
    ]
    ScheduleEntry.objects.bulk_create(rows)
    assert read_plan(channel=channel).streams == []
    assert read_own_entries(schedule=schedule) == []
    for number in range(SCHEDULE_ENTRIES_MAX):
        plan(channel, weekday=number % 7, start=time(number // 7 * 3), minutes=60)
    assert ScheduleEntry.objects.count() == SCHEDULE_ENTRIES_MAX
    with pytest.raises(Conflict, match="at most 50"):
        plan(channel, weekday=0, start=time(23), minutes=15)


def test_plan_is_read_in_one_query(schedule: Schedule, channel: Channel, django_assert_num_queries: Any) -> None:
    art, _ = Category.objects.get_or_create(slug="art", defaults={"name": "Art"})
    for weekday in range(7):
        plan(channel, weekday=weekday, category=art)
    with django_assert_num_queries(1):
        read = read_plan(channel=channel)
        assert {str(one.entry.category) for one in read.streams} == {"Art"}
        assert len(read.soon) == 3
    with django_assert_num_queries(1):
        assert len(read_own_entries(schedule=schedule)) == 7


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_at_the_same_time_one_is_taken(schedule: Schedule, channel: Channel) -> None:
    refused: list[DomainError] = []

    def add() -> None:
        try:
            plan(channel, weekday=FRIDAY)
        except DomainError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ScheduleEntry.objects.count() == 1
    assert [error.code for error in refused] == ["overlap"] * 3


def test_it_goes_with_its_streamer(entry: ScheduleEntry, channel: Channel) -> None:
    other = create_channel(owner=create_user(login="frida"))
    set_time_zone(channel=other, name="UTC")
    channel.delete()
    assert list(Schedule.objects.all()) == [other.schedule]
    assert not ScheduleEntry.objects.exists()
