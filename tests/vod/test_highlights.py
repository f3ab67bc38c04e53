"""Highlights: asked for on the page or over the API, private at first, and never the channel's last broadcast."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import User
from common.errors import InvalidInput, TooMany
from streaming.models import Broadcast
from streaming.services import watch_state
from tests.pages.conftest import PLAIN_STATIC_FILES
from tests.vod.conftest import FakeRecorder
from transcode import services as media
from transcode.highlights import Cut
from transcode.services import Recording
from vod.highlights import ask_for_highlight, make_highlight, make_waiting_highlights
from vod.limits import HIGHLIGHT_LOCK_SECONDS, HIGHLIGHTS_WAITING_MAX
from vod.models import Vod
from vod.services import create_missing_vods, create_vod, delete_vod

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Ids that were put into the queue."""
    found: list[str] = []
    monkeypatch.setattr("vod.tasks.make_highlight.delay", found.append)
    cache.clear()
    with override_settings(STORAGES=PLAIN_STATIC_FILES):
        yield found


@pytest.fixture
def cuts(monkeypatch: pytest.MonkeyPatch, recorder: FakeRecorder) -> list[dict[str, Any]]:
    """What the media side was asked to cut."""
    found: list[dict[str, Any]] = []
    began = timezone.now() - timedelta(hours=1)

    def cut_range(**asked: Any) -> Cut:
        found.append(asked)
        recorder.recording = Recording(duration_seconds=20.5, renditions=["source"])
        return Cut(began, began + timedelta(seconds=20.5))

    monkeypatch.setattr(media, "cut_range", cut_range)
    return found


@pytest.fixture
def vod(broadcast: Broadcast) -> Vod:
    made = create_vod(stream_id=broadcast.public_id)
    assert made is not None
    chapters = [(0.0, "Opening"), (25.0, "Middle game"), (50.0, "Endgame")]
    made.chapters = [{"seconds": at, "title": title, "category": ""} for at, title in chapters]
    made.save()
    return made


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_from_the_page_to_a_recording_of_its_own(
    vod: Vod, alice: User, sent: list[str], cuts: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    browser = browser_of(alice)
    path = f"/dashboard/videos/{vod.public_id}/highlight"
    with django_capture_on_commit_callbacks(execute=True):
        page = browser.post(path, {"begin": "0:20", "end": "0:40", "title": "The best move"}, follow=True)
    assert "The highlight is being made." in page.content.decode()
    assert "Highlight, being made" in page.content.decode()
    highlight = Vod.objects.get(kind="highlight")
    assert sent == [highlight.public_id]
    assert create_missing_vods() == 0
    make_highlight(public_id=highlight.public_id)
    make_highlight(public_id=highlight.public_id)  # once is enough
    assert cuts == [
        {"stream_id": vod.broadcast.public_id, "into": highlight.broadcast.public_id, "begin": 20.0, "end": 40.0}
    ]
    highlight.refresh_from_db()
    assert (highlight.title, highlight.visibility, highlight.duration_seconds) == ("The best move", "private", 20.5)
    assert [(one.seconds, one.title) for one in highlight.chapter_list] == [(0, "Opening"), (5, "Middle game")]
    assert highlight.broadcast.started_at is not None
    # The channel's last broadcast is still the one it is cut from.
    assert watch_state(channel=vod.channel).vod_url == vod.get_absolute_url()
    delete_vod(vod=vod)
    assert browser.get(highlight.get_absolute_url()).status_code == 200
    assert Client().get(highlight.get_absolute_url()).status_code == 404


def test_over_the_api(vod: Vod, alice: User, bob: User, cuts: list[dict[str, Any]]) -> None:
    path = f"/api/v1/videos/{vod.public_id}/highlights"
    wanted = {"begin": 20.5, "end": 40}
    assert Client().post(path, wanted, content_type="application/json").status_code == 401
    assert browser_of(bob).post(path, wanted, content_type="application/json").status_code == 404
    answer = browser_of(alice).post(path, wanted, content_type="application/json")
    assert (answer.status_code, answer.json()["visibility"], answer.json()["duration_seconds"]) == (202, "private", 0)
    assert answer.json()["title"] == "Chess tonight"
    too_far = {"begin": 20.5, "end": 400}
    assert browser_of(alice).post(path, too_far, content_type="application/json").status_code == 400


@pytest.mark.parametrize(
    ("begin", "end"), [(-1, 20), (40, 20), (20, 20), (20, 24.9), (20, 100), (float("nan"), 20), (0, float("inf"))]
)
def test_a_range_that_makes_no_sense_is_refused(vod: Vod, begin: float, end: float) -> None:
    with pytest.raises(InvalidInput):
        ask_for_highlight(vod=vod, begin=begin, end=end)
    assert Vod.objects.count() == 1


@pytest.mark.parametrize(("begin", "end"), [("", "0:20"), ("0:00", "x"), ("0:20 x", "0:30"), ("0:00", "0:99")])
def test_times_that_cannot_be_read_are_refused_on_the_page(vod: Vod, alice: User, begin: str, end: str) -> None:
    path = f"/dashboard/videos/{vod.public_id}/highlight"
    page = browser_of(alice).post(path, {"begin": begin, "end": end}, follow=True).content.decode()
    assert "Give the time as in 12:34" in page
    assert Vod.objects.count() == 1


def test_bob_cannot_cut_alices(vod: Vod, bob: User) -> None:
    path = f"/dashboard/videos/{vod.public_id}/highlight"
    assert browser_of(bob).post(path, {"begin": "0:20", "end": "0:40"}).status_code == 404


def test_what_waits_is_bounded(vod: Vod) -> None:
    for _ in range(HIGHLIGHTS_WAITING_MAX):
        ask_for_highlight(vod=vod, begin=20, end=40)
    with pytest.raises(TooMany):
        ask_for_highlight(vod=vod, begin=20, end=40)


def test_one_whose_task_was_lost_is_made_by_the_schedule(vod: Vod, sent: list[str], cuts: list[dict[str, Any]]) -> None:
    highlight = ask_for_highlight(vod=vod, begin=20, end=40)
    assert make_waiting_highlights() == 0  # it may be under way
    long_ago = timezone.now() - timedelta(seconds=HIGHLIGHT_LOCK_SECONDS + 1)
    Vod.objects.filter(pk=highlight.pk).update(created_at=long_ago)
    assert make_waiting_highlights() == 1
    assert sent[-1] == highlight.public_id
    make_highlight(public_id=highlight.public_id)
    assert make_waiting_highlights() == 0
