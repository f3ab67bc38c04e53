"""What is wanted of a recording in cold storage waits, goes on by itself when it is back, and who waits is told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.notifications.models import Notification
from tests.vod.conftest import FakeRecorder
from transcode import services as media
from transcode import signals
from transcode.highlights import Cut
from transcode.models import LiveJob, StorageTier
from vod import cold_storage, downloads, waiting
from vod.highlights import ask_for_highlight, make_highlight
from vod.limits import WAITING_DAYS
from vod.models import Vod, Waiter
from vod.services import update_vod

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_plain_static_files")]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was put into the queue."""
    found: list[tuple[str, str]] = []
    monkeypatch.setattr("transcode.tasks.move_recordings.delay", lambda: None)
    monkeypatch.setattr("vod.tasks.write_download.delay", lambda public_id: found.append(("file", public_id)))
    monkeypatch.setattr("vod.tasks.make_highlight.delay", lambda public_id: found.append(("highlight", public_id)))
    cache.clear()
    return found


@pytest.fixture
def cold(vod: Vod) -> Vod:
    now = timezone.now()
    LiveJob.objects.create(
        stream_id=vod.broadcast.public_id,
        wanted=False,
        finished_at=now,
        consolidated_at=now,
        storage_tier=StorageTier.COLD,
    )
    return vod


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The media side: what it makes of what is not cold."""
    made: dict[str, int] = {}

    def write(*, stream_id: str, rendition: str, on_progress: Callable[[float], None]) -> None:
        assert not media.cold_state(stream_id=stream_id)
        made[stream_id] = 12_345

    monkeypatch.setattr(media, "write_download", write)
    monkeypatch.setattr(media, "download_size", lambda stream_id, rendition: made.get(stream_id))
    monkeypatch.setattr(media, "best_rendition", lambda stream_id: "source")
    return made


def come_back(vod: Vod, commits: Any) -> None:
    LiveJob.objects.update(storage_tier=StorageTier.HOT, restore_asked_at=None)
    with commits(execute=True):
        signals.recording_restored.send(sender=None, stream_id=vod.broadcast.public_id)


def told(user: User) -> list[tuple[str, str]]:
    return [(one.happening.text, one.happening.path) for one in Notification.objects.of(user.pk)]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_who_asked_to_watch_is_told_once_when_it_is_back(
    cold: Vod, charlie: User, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    for _ in range(2):
        signed_in(charlie).post(f"/videos/{cold.public_id}/prepare")
    Client().post(f"/videos/{cold.public_id}/prepare")  # a stranger's page looks by itself
    assert told(charlie) == []
    come_back(cold, django_capture_on_commit_callbacks)
    come_back(cold, django_capture_on_commit_callbacks)
    assert told(charlie) == [("“Chess tonight” can be watched again.", cold.get_absolute_url())]
    assert not Waiter.objects.exists()
    signed_in(charlie).post(f"/videos/{cold.public_id}/prepare")  # it is at hand: nobody waits
    assert not Waiter.objects.exists()


def test_file_is_prepared_then_made_and_who_asked_is_told(
    cold: Vod, alice: User, sent: list[Any], files: dict[str, int], django_capture_on_commit_callbacks: Any
) -> None:
    browser, api = signed_in(alice), f"/api/v1/videos/{cold.public_id}/download"
    assert browser.get(api).json()["state"] == "none"
    assert browser.post(api).json()["state"] == "preparing"
    assert LiveJob.objects.get().restore_asked_at
    assert "comes back from cold storage first" in browser.get(f"/videos/{cold.public_id}/download").content.decode()
    assert downloads.make_download(public_id=cold.public_id)  # whoever comes too early leaves it
    assert (files, sent, browser.get(api).json()["state"]) == ({}, [], "preparing")

    come_back(cold, django_capture_on_commit_callbacks)

    assert sent == [("file", cold.public_id)]
    assert browser.get(api).json()["state"] == "waiting"
    assert told(alice) == []
    downloads.make_download(public_id=cold.public_id)
    assert browser.get(api).json()["state"] == "ready"
    assert told(alice) == [("“Chess tonight” can be downloaded.", f"/videos/{cold.public_id}/download")]
    assert not Waiter.objects.exists()


def test_highlight_is_made_when_its_recording_is_back(
    cold: Vod,
    alice: User,
    sent: list[Any],
    recorder: FakeRecorder,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    now = timezone.now()
    cuts: list[str] = []

    def cut(*, stream_id: str, **_: Any) -> Cut:
        cuts.append(stream_id)
        return Cut(now, now + timedelta(seconds=20))

    monkeypatch.setattr(media, "cut_range", cut)
    highlight = ask_for_highlight(vod=cold, begin=20, end=40, title="The best move")
    make_highlight(public_id=highlight.public_id)
    assert cuts == []
    assert LiveJob.objects.get().restore_asked_at
    come_back(cold, django_capture_on_commit_callbacks)
    assert ("highlight", highlight.public_id) in sent
    make_highlight(public_id=highlight.public_id)
    assert cuts == [cold.broadcast.public_id]
    assert told(alice) == [("Your highlight “The best move” is there.", highlight.get_absolute_url())]


def test_return_that_nobody_heard_of_is_noticed_by_the_schedule(
    cold: Vod, alice: User, charlie: User, sent: list[Any]
) -> None:
    cold_storage.prepare_vod(vod=cold, viewer=charlie)
    downloads.ask_for_download(vod=cold, viewer=alice)
    cold_storage.look_after_waiters()
    assert (told(charlie), sent) == ([], [])
    LiveJob.objects.update(storage_tier=StorageTier.WARM, restore_asked_at=None)
    cold_storage.look_after_waiters()
    assert len(told(charlie)) == 1


def test_who_may_not_know_of_it_any_more_is_not_told(cold: Vod, alice: User, charlie: User, sent: list[Any]) -> None:
    for user in (alice, charlie):
        cold_storage.prepare_vod(vod=cold, viewer=user)
    update_vod(vod=cold, visibility="private")
    LiveJob.objects.update(storage_tier=StorageTier.HOT, restore_asked_at=None)
    cold_storage.look_after_waiters()
    assert (len(told(alice)), told(charlie)) == (1, [])


def test_who_waits_is_bounded_and_forgotten_at_last(
    cold: Vod, alice: User, charlie: User, sent: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAITERS_MAX", 1)
    for user in (alice, charlie):
        cold_storage.prepare_vod(vod=cold, viewer=user)
    assert [waiter.user for waiter in Waiter.objects.all()] == [alice]
    Waiter.objects.update(created_at=timezone.now() - timedelta(days=WAITING_DAYS, seconds=1))
    cold_storage.look_after_waiters()
    assert not Waiter.objects.exists()
    assert told(alice) == []
