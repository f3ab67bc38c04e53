"""When planned streams are: the wall clock of one zone, whatever it does in spring and autumn."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.limits import SCHEDULE_DAYS_SHOWN, SCHEDULE_LATE_MINUTES, SCHEDULE_MINUTES_MAX, SCHEDULE_MINUTES_MIN
from streaming.schedule.rules import (
    Slot,
    moment_of,
    next_day_of,
    next_stream,
    occurrence_on,
    overlap,
    planned,
    replaced_days,
)

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
# Half an hour of summer time, one that begins at midnight, a day that was left out, odd minutes, and no summer at all.
ODD_ZONES = ("Australia/Lord_Howe", "America/Havana", "Pacific/Apia", "Asia/Kathmandu", "UTC")
ZONES = [BERLIN, NEW_YORK, *map(ZoneInfo, ODD_ZONES)]
DAYS = st.dates(date(2010, 1, 1), date(2036, 12, 31))
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
LENGTHS = st.integers(SCHEDULE_MINUTES_MIN, SCHEDULE_MINUTES_MAX)
EVENING = Slot(1, time(20), 120, weekday=4)
KEYS = st.integers(1, 10**6)
WEEKLY = st.builds(Slot, KEYS, TIMES, LENGTHS, weekday=st.integers(0, 6))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # no time zone is given twice


def single(day: date, start: time = time(20), minutes: int = 120) -> Slot:
    return Slot(9, start, minutes, on=day)


@pytest.mark.parametrize(
    ("day", "at", "zone", "moment"),
    [
        (date(2026, 3, 27), time(20), BERLIN, utc(2026, 3, 27, 19)),  # the Friday before the clocks change
        (date(2026, 4, 3), time(20), BERLIN, utc(2026, 4, 3, 18)),  # the one after
        (date(2026, 10, 23), time(20), BERLIN, utc(2026, 10, 23, 18)),
        (date(2026, 10, 30), time(20), BERLIN, utc(2026, 10, 30, 19)),
        (date(2026, 3, 29), time(2, 30), BERLIN, utc(2026, 3, 29, 1, 30)),  # never shown: 03:30 there
        (date(2026, 10, 25), time(2, 30), BERLIN, utc(2026, 10, 25, 0, 30)),  # shown twice: the first
        (date(2026, 3, 8), time(2, 30), NEW_YORK, utc(2026, 3, 8, 7, 30)),  # RFC 5545's own example of a gap
        (date(2026, 11, 1), time(1, 30), NEW_YORK, utc(2026, 11, 1, 5, 30)),
    ],
)
def test_moment_is_the_one_that_calendars_take(day: date, at: time, zone: ZoneInfo, moment: datetime) -> None:
    assert moment_of(day, at, zone) == moment


@given(DAYS, TIMES, st.sampled_from(ZONES))
def test_clock_on_the_wall_shows_what_was_planned_or_never_does(day: date, at: time, zone: ZoneInfo) -> None:
    moment = moment_of(day, at, zone)
    shown = moment.astimezone(zone)
    if shown.replace(tzinfo=None) == datetime.combine(day, at):
        assert shown.fold == 0, "of two, the first"
        return
    # A gap: the moment is as far behind its beginning as the clock would have been, so later by the gap's length.
    gap = shown.replace(tzinfo=None) - datetime.combine(day, at)
    before = (moment - gap).astimezone(zone)
    assert timedelta(0) < gap <= timedelta(days=1)
    assert shown.utcoffset() - before.utcoffset() == gap  # type: ignore[operator]


@given(DAYS, TIMES, LENGTHS, st.sampled_from(ZONES))
def test_stream_takes_as_long_as_planned_whatever_the_clock_does(
    day: date, at: time, minutes: int, zone: ZoneInfo
) -> None:
    one = occurrence_on(Slot(1, at, minutes, weekday=day.weekday()), day, zone)
    assert one.ends_at - one.starts_at == timedelta(minutes=minutes)


@given(st.lists(WEEKLY, max_size=5), DAYS, TIMES, st.sampled_from(ZONES))
@settings(max_examples=60)
def test_each_weekly_one_is_there_twice_in_order_and_none_is_over(
    slots: list[Slot], day: date, at: time, zone: ZoneInfo
) -> None:
    now = moment_of(day, at, zone)
    found = planned(slots, zone, now)
    assert found == sorted(found, key=lambda one: (one.starts_at, one.key))
    assert all(now < one.ends_at and one.day <= day + timedelta(days=SCHEDULE_DAYS_SHOWN) for one in found)
    for slot in slots:
        days = {one.day for one in found if one.key == slot.key}
        assert len([one for one in days if one.weekday() == slot.weekday]) >= 2
        next_day = next_day_of(slot, zone, now)
        assert next_day in days


def test_one_that_began_before_midnight_is_still_on() -> None:
    night = Slot(1, time(22), 300, weekday=4)
    [on_now, *_] = planned([night], BERLIN, utc(2026, 5, 2, 0, 30))  # Saturday, 02:30 in Berlin
    assert on_now.day == date(2026, 5, 1)


def test_cancelled_one_is_said_to_be_and_the_next_is_waited_for() -> None:
    slot = Slot(1, time(20), 120, weekday=4, skipped_on=date(2026, 5, 1))
    now = utc(2026, 4, 28, 12)
    first, second = planned([slot], BERLIN, now)
    assert (first.day, first.cancelled) == (date(2026, 5, 1), True)
    assert (second.day, second.cancelled) == (date(2026, 5, 8), False)
    assert next_stream([first, second], now) == second


def test_who_is_late_is_waited_for_a_while() -> None:
    begins = utc(2026, 5, 1, 18)
    patience = timedelta(minutes=SCHEDULE_LATE_MINUTES)
    for late, day in [(patience - timedelta(minutes=1), date(2026, 5, 1)), (patience, date(2026, 5, 8))]:
        now = begins + late
        found = next_stream(planned([EVENING], BERLIN, now), now)
        assert found is not None
        assert found.day == day
    assert next_stream([], begins) is None


def test_single_one_takes_the_place_of_a_weekly_one() -> None:
    special = single(date(2026, 5, 8), time(21, 30), 60)
    now = utc(2026, 4, 28, 12)
    assert [(one.key, one.day.day) for one in planned([EVENING, special], BERLIN, now)] == [(1, 1), (9, 8)]
    assert replaced_days(EVENING, [EVENING, special], BERLIN) == [date(2026, 5, 8)]
    beside = single(date(2026, 5, 8), time(22), 60)  # begins when the other ends
    assert replaced_days(EVENING, [beside], BERLIN) == []
    assert len(planned([EVENING, beside], BERLIN, now)) == 3


@given(st.lists(WEEKLY, max_size=4), DAYS, TIMES, LENGTHS, st.sampled_from(ZONES))
@settings(max_examples=60)
def test_what_makes_room_is_exactly_what_is_not_planned(
    slots: list[Slot], day: date, at: time, minutes: int, zone: ZoneInfo
) -> None:
    slots = [Slot(key, slot.start, slot.minutes, slot.weekday) for key, slot in enumerate(slots, 1)]
    special = Slot(99, at, minutes, on=day)
    now = moment_of(day - timedelta(days=5), time(12), zone)
    alone = {(one.key, one.day) for one in planned(slots, zone, now)}
    beside = {(one.key, one.day) for one in planned([*slots, special], zone, now)} - {(99, day)}
    gone = {(slot.key, one) for slot in slots for one in replaced_days(slot, [special], zone)}
    assert alone - beside == gone & alone


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (EVENING, Slot(2, time(21), 60, weekday=4), True),
        (EVENING, Slot(2, time(22), 60, weekday=4), False),  # one after the other
        (EVENING, Slot(2, time(20), 120, weekday=5), False),
        (Slot(1, time(23), 120, weekday=6), Slot(2, time(0, 30), 30, weekday=0), True),  # over the end of the week
        (Slot(1, time(0), 1440, weekday=2), Slot(2, time(0), 1440, weekday=3), False),
        (single(date(2026, 5, 8)), single(date(2026, 5, 8), time(21)), True),
        (single(date(2026, 5, 8), time(23), 120), single(date(2026, 5, 9), time(0, 30)), True),
        (single(date(2026, 5, 8)), single(date(2026, 5, 15)), False),
        (EVENING, single(date(2026, 5, 8)), False),  # takes its place
    ],
)
def test_two_are_at_the_same_time(one: Slot, other: Slot, meet: bool) -> None:
    assert overlap(one, other) is meet
    assert overlap(other, one) is meet


@given(WEEKLY, WEEKLY)
def test_weekly_ones_overlap_when_their_streams_do(one: Slot, other: Slot) -> None:
    """Where no clock changes: against the spans of three weeks."""
    week = range(-1, 2)
    spans = [
        [((7 * n + slot.weekday) * 1440 + slot.start.hour * 60 + slot.start.minute, slot.minutes) for n in week]  # type: ignore[operator]
        for slot in (one, other)
    ]
    meet = any(a < b + of_b and b < a + of_a for a, of_a in spans[0] for b, of_b in spans[1])
    assert overlap(one, other) is meet
