"""The ladder that holds: staff's, else the setting's, and never a reason to keep a broadcast waiting."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections
from django.test import Client

from accounts.models import User
from common.environment import env_parsed
from transcode import ladder_store
from transcode.errors import LadderError
from transcode.ladder import DEFAULT_LADDER, Rung, parse_ladder
from transcode.ladder_store import ladder_in_force, read_ladder
from transcode.models import LadderRung

STAFFS = (Rung(720, 3_000_000, 60.0), Rung(240, 400_000, 30.0))


@pytest.fixture(autouse=True)
def nothing_known_yet(settings: Any) -> Iterator[None]:
    settings.LADDER = DEFAULT_LADDER
    ladder_store._known.clear()
    yield
    ladder_store._known.clear()


def make_staffs_ladder() -> None:
    LadderRung.objects.create(size=240, kbps=400, max_frame_rate=30)
    LadderRung.objects.create(size=720, kbps=3000)


@pytest.mark.django_db
def test_staffs_rungs_go_before_the_setting() -> None:
    assert read_ladder() == DEFAULT_LADDER
    make_staffs_ladder()
    assert read_ladder() == STAFFS


@pytest.mark.django_db
def test_rungs_that_are_no_ladder_count_as_none(caplog: pytest.LogCaptureFixture) -> None:
    make_staffs_ladder()
    LadderRung.objects.filter(size=720).update(kbps=100)
    assert read_ladder() == DEFAULT_LADDER
    assert "720p must have a higher bit rate than 240p." in caplog.text


@pytest.mark.django_db(transaction=True)
async def test_without_a_database_the_last_ladder_known_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("no database")

    with monkeypatch.context() as outage:
        outage.setattr(ladder_store, "read_ladder", away)
        assert await ladder_in_force() == DEFAULT_LADDER
    await sync_to_async(make_staffs_ladder)()
    assert await ladder_in_force() == STAFFS
    with monkeypatch.context() as outage:
        outage.setattr(ladder_store, "read_ladder", away)
        assert await ladder_in_force() == STAFFS
    await sync_to_async(connections.close_all)()


async def test_database_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder_store, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(ladder_store, "read_ladder", lambda: time.sleep(0.5))
    asked = asyncio.create_task(ladder_in_force())
    done, _ = await asyncio.wait({asked}, timeout=0.4)
    assert done == {asked} and asked.result() == DEFAULT_LADDER


def test_nonsense_in_the_setting_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_LADDER", "720:3000k,480:4000k")
    with pytest.raises(ImproperlyConfigured) as refusal:
        env_parsed("MILLRACE_LADDER", "720:3M", parse_ladder, nonsense=LadderError)
    assert str(refusal.value) == "MILLRACE_LADDER: 720p must have a higher bit rate than 480p."
    monkeypatch.delenv("MILLRACE_LADDER")
    assert env_parsed("MILLRACE_LADDER", "720:3M", parse_ladder, nonsense=LadderError) == (Rung(720, 3_000_000),)


# --- The admin --------------------------------------------------------------------------------------------------------


@pytest.fixture
def staff(settings: Any, db: None) -> Client:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    browser = Client()
    browser.force_login(User.objects.create_superuser("dora", "dora@example.org", "correct horse battery"))
    return browser


def save_list(staff: Client, *rows: tuple[int, int, int]) -> str:
    """Change all rungs on their page, best first; what the page says then."""
    form = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "_save": "Save"}
    for index, (row, values) in enumerate(zip(LadderRung.objects.all(), rows, strict=True)):
        names = ("size", "kbps", "max_frame_rate")
        form |= {f"form-{index}-id": row.pk}
        form |= {f"form-{index}-{name}": value for name, value in zip(names, values, strict=True)}
    return staff.post("/admin/transcode/ladderrung/", form, follow=True).content.decode()


def test_staff_changes_several_rungs_at_once(staff: Client) -> None:
    make_staffs_ladder()
    # Rung by rung this would not do: the smaller one is given more than the larger one had.
    save_list(staff, (1080, 6000, 60), (480, 3500, 30))
    assert read_ladder() == (Rung(1080, 6_000_000, 60.0), Rung(480, 3_500_000, 30.0))


def test_staff_is_told_what_is_no_ladder(staff: Client) -> None:
    make_staffs_ladder()
    assert "720p must have a higher bit rate than 240p." in save_list(staff, (720, 300, 60), (240, 400, 30))
    assert "between 10 and 120" in save_list(staff, (720, 3000, 600), (240, 400, 30))
    assert read_ladder() == STAFFS


def test_staff_adds_a_rung_that_fits_the_others(staff: Client) -> None:
    make_staffs_ladder()
    url = "/admin/transcode/ladderrung/add/"
    refused = staff.post(url, {"size": 480, "kbps": 3000, "max_frame_rate": 30})
    assert "720p must have a higher bit rate than 480p." in refused.content.decode()
    staff.post(url, {"size": 480, "kbps": 1500, "max_frame_rate": 30})
    assert read_ladder() == (STAFFS[0], Rung(480, 1_500_000, 30.0), STAFFS[1])
