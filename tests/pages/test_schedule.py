"""The schedule as its streamer changes it, without JavaScript, and as viewers see it."""

import re
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import Browser

from accounts.models import User
from accounts.services import suspend_user
from streaming.models import Broadcast, Category, Channel, Schedule, ScheduleEntry
from streaming.schedule.services import add_entry, set_time_zone
from tests.look.served import with_chromium
from tests.look.walk import Site
from tests.pages.conftest import browser_of

pytestmark = pytest.mark.django_db
PAGE = "/dashboard/schedule/"
FRIDAYS = {"title": "Mill", "day": "4", "start": "20:00", "minutes": "120", "category": ""}


@pytest.fixture
def schedule(channel: Channel) -> Schedule:
    return set_time_zone(channel=channel, name="Europe/Berlin")


@pytest.fixture
def entry(schedule: Schedule, channel: Channel) -> ScheduleEntry:
    return add_entry(channel=channel, weekday=4, start=time(20), minutes=120, title="Mill")


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def test_first_the_clock_is_chosen_then_a_week_is_planned(channel: Channel, alice: User) -> None:
    browser = browser_of(alice)
    assert "First: your time zone" in text_of(browser.get(PAGE))
    answer = browser.post(f"{PAGE}zone", {"time_zone": "Europe/Berlin"}, follow=True)
    assert "Nothing planned yet" in text_of(answer)
    answer = browser.post(PAGE, FRIDAYS, follow=True)
    assert "“Mill” is in your schedule." in text_of(answer)
    assert "Every Friday, 20:00–22:00" in text_of(answer)
    shown = text_of(Client().get("/alice/schedule"))
    assert "Times are in the time zone Europe/Berlin." in shown
    assert re.search(r"Fri \d+ \w+ 20:00 – 22:00 Mill", shown)


def test_category_is_typed_by_its_name(schedule: Schedule, alice: User) -> None:
    Category.objects.get_or_create(slug="art", defaults={"name": "Art"})
    browser = browser_of(alice)
    browser.post(PAGE, FRIDAYS | {"category": "art"})
    assert str(ScheduleEntry.objects.get().category) == "Art"
    assert "There is no category “nonsense”" in text_of(browser.post(PAGE, FRIDAYS | {"category": "nonsense"}))


def test_single_one_has_a_date(schedule: Schedule, alice: User) -> None:
    browser, day = browser_of(alice), timezone.now().date() + timedelta(days=40)
    once = FRIDAYS | {"day": "once", "on": str(day)}
    browser.post(PAGE, once)
    assert ScheduleEntry.objects.get().on == day
    assert f"{day:%A} {day.day} {day:%B %Y}, 20:00–22:00" in text_of(browser.get(PAGE))
    assert "Give the date." in text_of(browser.post(PAGE, FRIDAYS | {"day": "once"}))


@pytest.mark.parametrize(
    ("wrong", "said", "at"),
    [
        ({"start": "21:00"}, "“Mill” is at the same time: Every Friday, 20:00–22:00.", "start"),
        ({"day": "once", "on": "2020-01-01"}, "That is over already.", "on"),
        ({"title": ""}, "This field is required.", "title"),
        ({"minutes": "7"}, "Select a valid choice.", "minutes"),
        ({"start": "25:00"}, "Enter a valid time.", "start"),
        ({"day": "8"}, "Select a valid choice.", "day"),
    ],
)
def test_what_is_refused_stands_at_its_field_and_nothing_typed_is_lost(
    entry: ScheduleEntry, alice: User, wrong: dict[str, str], said: str, at: str
) -> None:
    answer = browser_of(alice).post(PAGE, FRIDAYS | {"title": "Typed"} | wrong)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert said in re.sub(r"<[^>]+>", "", page.partition(f'id="id_{at}_error"')[2])
    assert "Typed" in page or "title" in wrong
    assert ScheduleEntry.objects.count() == 1


def test_unknown_clock_is_refused(channel: Channel, alice: User) -> None:
    answer = browser_of(alice).post(f"{PAGE}zone", {"time_zone": "Mars/Olympus"})
    assert 'id="id_time_zone_error"' in answer.content.decode()
    assert not Schedule.objects.exists()


def test_next_one_is_cancelled_and_that_is_undone(entry: ScheduleEntry, alice: User) -> None:
    browser = browser_of(alice)
    [day] = re.findall(r'name="day" value="(\d{4}-\d\d-\d\d)"', browser.get(PAGE).content.decode())
    answer = browser.post(f"{PAGE}{entry.pk}/skip", {"day": day}, follow=True)
    assert "is cancelled this time" in text_of(answer)
    assert 'name="undo"' in answer.content.decode()
    assert "Cancelled" in text_of(Client().get("/alice/schedule"))
    answer = browser.post(f"{PAGE}{entry.pk}/skip", {"undo": "yes"}, follow=True)
    assert "takes place after all" in text_of(answer)
    assert "Cancelled" not in text_of(Client().get("/alice/schedule"))
    for odd in ("", "2026-99-99", "soon"):
        answer = browser.post(f"{PAGE}{entry.pk}/skip", {"day": odd}, follow=True)
        assert "Only the next one can be cancelled." in text_of(answer)


def test_one_is_changed_and_removed(entry: ScheduleEntry, alice: User) -> None:
    browser = browser_of(alice)
    page = browser.get(f"{PAGE}{entry.pk}/").content.decode()
    assert 'value="20:00"' in page and '<option value="4" selected' in page
    browser.post(f"{PAGE}{entry.pk}/", FRIDAYS | {"title": "Wheel", "day": "5"})
    entry.refresh_from_db()
    assert (entry.title, entry.weekday) == ("Wheel", 5)
    answer = browser.post(f"{PAGE}{entry.pk}/remove", follow=True)
    assert "“Wheel” is no longer in your schedule." in text_of(answer)
    assert not ScheduleEntry.objects.exists()


def test_what_is_not_ones_own_is_not_there(entry: ScheduleEntry, charlie: User) -> None:
    browser = browser_of(charlie)
    for path in ("", "remove", "skip"):
        assert browser.post(f"{PAGE}{entry.pk}/{path}", FRIDAYS).status_code == 404
    assert browser.get(f"{PAGE}{entry.pk}/").status_code == 404
    assert ScheduleEntry.objects.get() == entry
    assert Client().get(PAGE).status_code == 302


def test_empty_schedule_says_so(channel: Channel, alice: User) -> None:
    assert "Nothing planned Follow the channel" in text_of(Client().get("/alice/schedule"))
    assert "Plan your week" in text_of(browser_of(alice).get("/alice/schedule"))
    assert "plan your week" in text_of(browser_of(alice).get("/alice"))
    watch = text_of(Client().get("/alice"))
    assert "Next stream" not in watch and "Whole schedule" not in watch


def test_watch_page_off_air_says_when_the_next_stream_is(entry: ScheduleEntry) -> None:
    shown = text_of(Client().get("/alice"))
    assert re.search(r"Next stream: Fri \d+ \w+, 20:00 \(Europe/Berlin\) ?Mill", shown)
    assert "Whole schedule" in shown


def test_on_air_it_is_below_the_player(entry: ScheduleEntry, on_air: Broadcast) -> None:
    shown = text_of(Client().get("/alice"))
    assert re.search(r"Schedule ?Whole schedule Times are in the time zone Europe/Berlin. Fri \d+ \w+ 20:00", shown)


def test_pages_cost_as_many_queries_with_fifty_entries_as_with_one(
    entry: ScheduleEntry, channel: Channel, alice: User, django_assert_num_queries: Any
) -> None:
    browser = browser_of(alice)
    paths = ["/alice", "/alice/schedule", PAGE, "/api/v1/channels/alice/schedule"]
    counts = [count_queries(browser, path) for path in paths]
    art, _ = Category.objects.get_or_create(slug="art", defaults={"name": "Art"})
    for number in range(49):
        add_entry(
            channel=channel, weekday=number % 7, start=time(number // 7 * 2), minutes=60, title="More", category=art
        )
    for path, count in zip(paths, counts, strict=True):
        with django_assert_num_queries(count):
            browser.get(path)


def count_queries(browser: Client, path: str) -> int:
    browser.get(path)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        browser.get(path)
    return len(queries)


def test_old_spelling_of_a_name_leads_to_the_page(channel: Channel) -> None:
    assert Client().get("/Alice/schedule")["Location"] == "/alice/schedule"


def test_script_shows_the_viewers_own_clock(site: Site) -> None:
    """Bob is off air and streams at 18:30 of Berlin; who watches from New York sees 12:30, in summer and winter."""

    def look(browser: Browser) -> list[str]:
        context = browser.new_context(timezone_id="America/New_York", locale="en-GB")
        page = context.new_page()
        page.goto(f"{site.url}/bob/schedule")
        page.get_by_text("Times are in your time zone, America/New_York.").wait_for()
        hours = page.locator(".plan__hours").first.inner_text()
        page.goto(f"{site.url}/bob")
        page.locator(".plan__zone").get_by_text("your time zone").wait_for()
        return [hours, page.locator(".player__next time").inner_text()]

    hours, moment = with_chromium(look)
    assert hours == "12:30 – 13:30"
    assert moment.endswith(", 12:30")


def test_script_offers_the_clock_of_the_browser(site: Site) -> None:
    def look(browser: Browser) -> str:
        context = browser.new_context(timezone_id="Asia/Tokyo")
        context.add_cookies([{"name": "sessionid", "value": site.sessions["erin"], "url": site.url}])
        page = context.new_page()
        page.goto(site.url + PAGE)
        page.get_by_role("button", name="Go on").click()
        return page.locator("[name=time_zone]").input_value()

    assert with_chromium(look) == "Asia/Tokyo"
    assert Schedule.objects.get(channel__owner__login="erin").time_zone == "Asia/Tokyo"


def test_file_for_calendars_is_public_and_not_sent_twice(entry: ScheduleEntry) -> None:
    answer = Client().get("/alice/schedule.ics", headers={"host": "testserver"})
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "public" in answer["Cache-Control"]
    assert b"SUMMARY:Mill" in answer.content
    assert Client().get("/alice/schedule.ics", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert Client().get("/nobody_here/schedule.ics").status_code == 404
    assert "/alice/schedule.ics" in Client().get("/alice/schedule").content.decode()


def test_schedule_of_a_suspended_streamer_is_not_there(entry: ScheduleEntry, alice: User) -> None:
    suspend_user(user=alice)
    for path in ("/alice/schedule", "/alice/schedule.ics"):
        assert Client().get(path).status_code == 404
