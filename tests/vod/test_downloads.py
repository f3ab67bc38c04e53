"""Recordings as files: who may, how far it is, and that one is made at a time."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import User
from streaming.models import Broadcast
from tests.pages.conftest import PLAIN_STATIC_FILES
from transcode import services as media
from vod import downloads
from vod.limits import DOWNLOAD_KEPT_SECONDS
from vod.models import Vod
from vod.services import create_vod, delete_vod, update_vod

pytestmark = pytest.mark.django_db


class FakeMaker:
    """The media side: remembers what it made, and what it told while it did."""

    def __init__(self) -> None:
        self.files: dict[str, int] = {}
        self.while_making: Callable[[], None] = lambda: None
        self.failure: Exception | None = None
        self.made = 0

    def write_download(self, *, stream_id: str, rendition: str, on_progress: Callable[[float], None]) -> None:
        on_progress(20.0)
        self.while_making()
        if self.failure:
            raise self.failure
        self.files[stream_id] = 12_345
        self.made += 1

    def download_size(self, *, stream_id: str, rendition: str) -> int | None:
        return self.files.get(stream_id)

    def remove_download(self, *, stream_id: str, rendition: str) -> None:
        self.files.pop(stream_id, None)


@pytest.fixture(autouse=True)
def maker(monkeypatch: pytest.MonkeyPatch) -> FakeMaker:
    fake = FakeMaker()
    for name in ("write_download", "download_size", "remove_download"):
        monkeypatch.setattr(media, name, getattr(fake, name))
    monkeypatch.setattr(media, "best_rendition", lambda stream_id: "source")
    return fake


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Ids that were put into the queue."""
    found: list[str] = []
    monkeypatch.setattr("vod.tasks.write_download.delay", found.append)
    cache.clear()
    with override_settings(STORAGES=PLAIN_STATIC_FILES):
        yield found


@pytest.fixture
def vod(broadcast: Broadcast) -> Vod:
    made = create_vod(stream_id=broadcast.public_id)
    assert made is not None
    return made


def browser_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def state(vod: Vod) -> str:
    return downloads.read_download(vod=vod).state


def test_it_is_asked_for_made_and_fetched(
    vod: Vod, alice: User, sent: list[str], maker: FakeMaker, django_capture_on_commit_callbacks: Any
) -> None:
    browser, path = browser_of(alice), f"/api/v1/videos/{vod.public_id}/download"
    assert browser.get(path).json() == {
        "state": "none",
        "done_seconds": 0.0,
        "total_seconds": 61.5,
        "size": None,
        "url": None,
    }
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post(path).status_code == 202
        assert browser.post(path).json()["state"] == "waiting"  # once is enough
    assert sent == [vod.public_id]
    seen: list[Any] = []
    maker.while_making = lambda: seen.append(browser.get(path).json())
    assert downloads.make_download(public_id=vod.public_id)
    assert (seen[0]["state"], seen[0]["done_seconds"], seen[0]["url"]) == ("running", 20.0, None)
    ready = browser.get(path).json()
    assert (ready["state"], ready["size"]) == ("ready", 12_345)
    assert ready["url"].startswith("http://testserver/media/d.")
    assert ready["url"].endswith(f"/{vod.broadcast.public_id}/download/source.mp4")
    assert downloads.make_download(public_id=vod.public_id)
    assert maker.made == 1  # what is there is not made again


def test_page_says_how_far_it_is_without_javascript(vod: Vod, alice: User, maker: FakeMaker) -> None:
    browser, path = browser_of(alice), f"/videos/{vod.public_id}/download"
    assert "Make the file" in browser.get(path).content.decode()
    assert "Waiting for its turn" in browser.post(path, follow=True).content.decode()
    maker.while_making = lambda: pages.append(browser.get(path).content.decode())
    pages: list[str] = []
    downloads.make_download(public_id=vod.public_id)
    assert "0:20 of 1:01" in pages[0]
    page = browser.get(path).content.decode()
    assert "/download/source.mp4" in page
    assert 'download="chess-tonight.mp4"' in page


@pytest.mark.parametrize(
    ("changes", "owner", "viewer", "anonymous"),
    [
        ({}, 200, 403, 401),
        ({"downloads_allowed": True}, 200, 200, 401),
        ({"downloads_allowed": True, "visibility": "private"}, 200, 404, 401),
        ({"downloads_allowed": True, "visibility": "subscribers"}, 200, 403, 401),
        ({"downloads_allowed": True, "visibility": "unlisted"}, 200, 200, 401),
    ],
)
def test_who_may(
    vod: Vod, alice: User, charlie: User, changes: dict[str, Any], owner: int, viewer: int, anonymous: int
) -> None:
    update_vod(vod=vod, **changes)
    for user, status in ((alice, owner), (charlie, viewer), (None, anonymous)):
        for method in ("get", "post"):
            answer = getattr(browser_of(user), method)(f"/api/v1/videos/{vod.public_id}/download")
            assert answer.status_code in ({200, 202} if status == 200 else {status})
        page = browser_of(user).get(f"/videos/{vod.public_id}/download").status_code
        assert page == {200: 200, 401: 302}.get(status, 404)
    button = f"/videos/{vod.public_id}/download"
    assert (button in browser_of(charlie).get(vod.get_absolute_url()).content.decode()) == (viewer == 200)


def test_one_is_made_at_a_time_and_a_killed_makers_place_becomes_free(vod: Vod, maker: FakeMaker) -> None:
    cache.set(downloads.RUNNING, "another", 60)
    assert not downloads.make_download(public_id=vod.public_id)
    assert maker.made == 0
    cache.delete(downloads.RUNNING)  # as it is after a minute without news
    assert downloads.make_download(public_id=vod.public_id)


def test_failure_is_shown_and_can_be_tried_again(vod: Vod, maker: FakeMaker) -> None:
    maker.failure = FileNotFoundError("source/1-1.m4s")
    with pytest.raises(FileNotFoundError):
        downloads.make_download(public_id=vod.public_id)
    assert state(vod) == "failed"
    assert downloads.ask_for_download(vod=vod, viewer=vod.channel.owner).state == "waiting"
    maker.failure = None
    assert downloads.make_download(public_id=vod.public_id)
    assert state(vod) == "ready"


def test_it_is_removed_a_day_after_somebody_asked(vod: Vod, maker: FakeMaker) -> None:
    downloads.ask_for_download(vod=vod, viewer=vod.channel.owner)
    downloads.make_download(public_id=vod.public_id)
    assert downloads.remove_old_downloads() == 0
    Vod.objects.update(download_asked_at=timezone.now() - timedelta(seconds=DOWNLOAD_KEPT_SECONDS + 1))
    downloads.ask_for_download(vod=vod, viewer=vod.channel.owner)  # kept for another day
    assert downloads.remove_old_downloads() == 0
    Vod.objects.update(download_asked_at=timezone.now() - timedelta(seconds=DOWNLOAD_KEPT_SECONDS + 1))
    assert downloads.remove_old_downloads() == 1
    assert (state(vod), maker.files) == ("none", {})
    assert downloads.remove_old_downloads() == 0


def test_it_goes_with_the_recording(vod: Vod, maker: FakeMaker, django_capture_on_commit_callbacks: Any) -> None:
    downloads.make_download(public_id=vod.public_id)
    with django_capture_on_commit_callbacks(execute=True):
        delete_vod(vod=vod)
    assert maker.files == {}
    assert downloads.make_download(public_id=vod.public_id)  # nothing to do for what is deleted
    assert maker.files == {}
