"""Recordings for subscribers: seen by everyone, watched by those who have subscribed."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, override_settings

from accounts.models import User
from common.errors import NotThere
from streaming.models import Broadcast
from tests.pages.conftest import PLAIN_STATIC_FILES
from vod.models import Vod
from vod.services import create_vod, update_vod, vod_for_viewer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _plain_static_files() -> object:
    with override_settings(STORAGES=PLAIN_STATIC_FILES):
        yield


@pytest.fixture
def vod(broadcast: Broadcast) -> Vod:
    made = create_vod(stream_id=broadcast.public_id)
    assert made is not None
    chapters = [{"seconds": 0.0, "title": "Opening"}, {"seconds": 30.0, "title": "Endgame"}]
    Vod.objects.update(chapters=chapters, downloads_allowed=True)
    made.refresh_from_db()
    return update_vod(vod=made, visibility="subscribers")


def browser_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def bob_subscribed(vod: Vod, bob: User, monkeypatch: pytest.MonkeyPatch) -> User:
    there = (vod.channel_id, bob.pk)
    monkeypatch.setattr("streaming.subscriptions.subscribed_months", lambda *, places: {there: 1})
    return bob


def test_others_see_what_it_is_and_nothing_that_plays(
    vod: Vod, bob_subscribed: User, charlie: User, alice: User
) -> None:
    for viewer in (None, charlie):
        browser = browser_of(viewer)
        answer = browser.get(vod.get_absolute_url())
        page = answer.content.decode()
        assert (answer.status_code, "For subscribers" in page, "Chess tonight" in page) == (200, True, True)
        assert "previews/a.jpg" in page
        for name in ("/media/", vod.broadcast.public_id, "playback", "chapters.vtt", "data-chapter"):
            assert name not in page, name
        refused = browser.get(f"/api/v1/videos/{vod.public_id}/playback")
        assert (refused.status_code, refused.json()["code"]) == (403, "subscribers_only")
        assert refused.json()["detail"] == "This recording is for subscribers of alice."
        with pytest.raises(NotThere):  # for pages that know of nothing but what is there
            vod_for_viewer(public_id=vod.public_id, viewer=viewer or AnonymousUser())
        assert browser.get(f"/api/v1/videos/{vod.public_id}").json()["title"] == "Chess tonight"
        assert browser.get(f"/api/v1/videos/{vod.public_id}/chapters").status_code == 403
        for path in ("chapters.vtt", "thumbnails.vtt"):
            assert browser.get(f"/videos/{vod.public_id}/{path}").status_code == 404
        assert browser.get(f"/videos/{vod.public_id}/download").status_code == (404 if viewer else 302)
    for viewer in (alice, bob_subscribed):
        browser = browser_of(viewer)
        assert "/vod/index.m3u8" in browser.get(vod.get_absolute_url()).content.decode()
        assert browser.get(f"/api/v1/videos/{vod.public_id}/playback").status_code == 200
        assert browser.get(f"/videos/{vod.public_id}/chapters.vtt").status_code == 200


def test_who_may_not_watch_is_not_counted(vod: Vod, charlie: User, bob_subscribed: User) -> None:
    path = f"/api/v1/videos/{vod.public_id}/views"
    firefox = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}
    assert browser_of(charlie).post(path, headers=firefox).status_code == 403
    assert browser_of(bob_subscribed).post(path, headers=firefox).json() == {"counted": True}


def test_it_is_listed_nowhere_and_the_broadcast_s_own_address_stays_shut(vod: Vod) -> None:
    assert Client().get("/api/v1/videos").json()["count"] == 0
    assert Client().get(f"/api/v1/streams/{vod.broadcast.public_id}/playback").status_code == 410
    assert Client().get("/api/v1/streams/alice/playback").status_code == 410
    assert "/media/" not in Client().get("/alice").content.decode()
