"""The page of uploads, and pages of what became of one."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from streaming.models import Channel
from streaming.services import create_uploaded_broadcast
from tests.pages.conftest import browser_of
from transcode.services import Recording
from vod.models import Upload
from vod.services import create_uploaded_vod

pytestmark = pytest.mark.django_db
PAGE = "/dashboard/videos/upload"


def test_page_says_what_may_be_uploaded_and_what_became_of_others(channel: Channel, alice: User, bob: User) -> None:
    Upload.objects.create(channel=channel, filename="a.png", title="A picture", length=5, state="refused", reason="No.")
    page = browser_of(alice).get(PAGE).content.decode()
    assert "up to 20 GB and 12 hours" in page
    assert "A picture" in page and "No." in page
    assert "needs JavaScript" in page
    assert "A picture" not in browser_of(bob).get(PAGE).content.decode()
    assert Client().get(PAGE).status_code == 302
    assert PAGE in browser_of(alice).get("/dashboard/videos/").content.decode()


def test_page_says_that_uploads_are_switched_off(channel: Channel, alice: User, settings: Settings) -> None:
    settings.UPLOAD_MAX_GB = 0
    page = browser_of(alice).get(PAGE).content.decode()
    assert "switched it off" in page and "Choose a video" not in page


def test_pages_of_an_uploaded_recording(channel: Channel) -> None:
    broadcast = create_uploaded_broadcast(channel=channel, title="Chess tonight")
    vod = create_uploaded_vod(broadcast=broadcast, visibility="public", recording=Recording(61.5, ["source"]))
    page = Client().get(vod.get_absolute_url()).content.decode()
    assert "Chess tonight" in page and "data-chat-replay" not in page
    for address in ("/", "/alice"):
        assert Client().get(address).status_code == 200
    assert Client().get(f"/api/v1/streams/{broadcast.public_id}/chat").status_code == 404
