"""The follow button and its bell, with JavaScript and without."""

import pytest

from accounts.models import User
from streaming.models import Channel, Follow
from tests.pages.conftest import browser_of

pytestmark = pytest.mark.django_db


def test_bell_is_turned_off_and_on_without_javascript(channel: Channel, bob: User) -> None:
    browser = browser_of(bob)
    browser.post("/alice/follow", {"follow": "yes"})
    assert 'data-told="true"' in browser.get("/alice").content.decode()
    browser.post("/alice/follow", {"follow": "mute"})
    assert not Follow.objects.get().notify
    assert 'data-told="false"' in browser.get("/alice").content.decode()
    browser.post("/alice/follow", {"follow": "unmute"})
    assert Follow.objects.get().notify


def test_who_does_not_follow_mutes_nothing(channel: Channel, bob: User) -> None:
    answer = browser_of(bob).post("/alice/follow", {"follow": "mute"}, follow=True)
    assert b"You do not follow this channel." in answer.content


def test_program_turns_the_bell(channel: Channel, bob: User) -> None:
    browser = browser_of(bob)
    path = "/api/v1/channels/alice/follow"
    assert browser.patch(path, {"notify": False}, content_type="application/json").status_code == 409
    browser.post(path)
    assert browser.patch(path, {"notify": False}, content_type="application/json").status_code == 204
    assert not Follow.objects.get().notify
    assert browser.patch(path, {}, content_type="application/json").status_code == 400
