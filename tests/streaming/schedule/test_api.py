"""What programs are told of a schedule."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import suspend_user
from streaming.models import Category, Channel
from streaming.schedule.services import add_entry, set_time_zone

pytestmark = pytest.mark.django_db
PATH = "/api/v1/channels/alice/schedule"


def test_anyone_reads_what_is_planned(channel: Channel) -> None:
    set_time_zone(channel=channel, name="Asia/Kathmandu")
    art, _ = Category.objects.get_or_create(slug="art", defaults={"name": "Art"})
    day = timezone.now().date() + timedelta(days=40)
    once = add_entry(channel=channel, on=day, start=time(20), minutes=90, title="Once")
    weekly = add_entry(channel=channel, weekday=2, start=time(20), minutes=60, title="Weekly", category=art)
    answer = Client().get(PATH).json()
    assert answer["time_zone"] == "Asia/Kathmandu"
    *weeks, last = answer["streams"]
    begin = datetime(day.year, day.month, day.day, 14, 15, tzinfo=UTC)  # 5:45 hours behind
    assert last == {
        "entry_id": once.pk,
        "starts_at": begin.isoformat().replace("+00:00", "Z"),
        "ends_at": (begin + timedelta(minutes=90)).isoformat().replace("+00:00", "Z"),
        "title": "Once",
        "category": None,
        "weekly": False,
        "cancelled": False,
    }
    assert {(one["entry_id"], one["weekly"]) for one in weeks} == {(weekly.pk, True)}
    assert weeks[0]["category"] == {"slug": "art", "name": "Art"}


def test_nothing_is_planned_by_who_has_no_schedule(channel: Channel) -> None:
    assert Client().get(PATH).json() == {"time_zone": "", "streams": []}


def test_schedule_of_a_suspended_streamer_is_not_there(channel: Channel, alice: User) -> None:
    suspend_user(user=alice)
    assert Client().get(PATH).status_code == 404


def test_it_can_only_be_read(channel: Channel, alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    assert browser.post(PATH, {}, content_type="application/json").status_code == 405


def test_description_of_the_api_knows_it() -> None:
    described = Client().get("/api/v1/schema?format=json").json()
    assert "get" in described["paths"]["/api/v1/channels/{login}/schedule"]
    assert {"starts_at", "ends_at", "cancelled"} <= set(
        described["components"]["schemas"]["PlannedStream"]["properties"]
    )
