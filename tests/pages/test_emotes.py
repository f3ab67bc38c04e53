"""The streamer's page of emotes and badges, with and without its script."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from chat.models import Emote, SubscriberBadge
from streaming.models import Channel
from tests.common import sample_pictures as sample
from tests.pages.conftest import browser_of

pytestmark = pytest.mark.django_db

PAGE = "/dashboard/emotes/"


def form(data: bytes, **fields: str) -> dict[str, object]:
    return {"picture": SimpleUploadedFile("x.png", data), **fields}


def test_alice_uploads_removes_and_restores_an_emote(channel: Channel, alice: User) -> None:
    browser = browser_of(alice)
    assert "No emotes yet" in browser.get(PAGE).content.decode()
    page = browser.post(PAGE, form(sample.still(), name="Hype"), follow=True).content.decode()
    assert "aliceHype" in page and "1 of 60" in page
    page = browser.post(f"{PAGE}aliceHype/remove", follow=True).content.decode()
    assert "Restore" in page and "0 of 60" in page
    page = browser.post(f"{PAGE}aliceHype/restore", follow=True).content.decode()
    assert "1 of 60" in page and "Restore" not in page


def test_what_is_wrong_is_said_beside_what_was_typed(channel: Channel, alice: User) -> None:
    answer = browser_of(alice).post(PAGE, form(sample.SVG, name="Hype"))
    assert answer.status_code == 400
    assert "That is no picture. Use a PNG, GIF, WebP or JPEG picture." in answer.content.decode()
    assert 'value="Hype"' in answer.content.decode()
    asked_by_script = browser_of(alice).post(PAGE, {"name": "Hype"}, headers={"Accept": "application/json"})
    assert (asked_by_script.status_code, asked_by_script.json()) == (400, {"detail": "Choose a picture."})


def test_alice_sets_badges_and_her_prefix(channel: Channel, alice: User) -> None:
    browser = browser_of(alice)
    browser.post(f"{PAGE}badges", form(sample.still(), months="6"))
    assert SubscriberBadge.objects.get(room=channel).months == 6
    assert browser.post(f"{PAGE}badges", form(sample.still(), months="x")).status_code == 400
    assert "6 months" in browser.get(PAGE).content.decode()
    browser.post(f"{PAGE}badges/6/remove")
    assert not SubscriberBadge.objects.exists()
    assert (
        "Your emotes begin with ali7 now."
        in browser.post(f"{PAGE}prefix", {"prefix": "ali7"}, follow=True).content.decode()
    )


def test_nobody_reaches_another_ones_emotes(channel: Channel, alice: User, bob: User) -> None:
    browser_of(alice).post(PAGE, form(sample.still(), name="Hype"))
    assert browser_of(bob).post(f"{PAGE}aliceHype/remove").status_code == 404
    assert Emote.objects.kept().count() == 1
    assert browser_of(None).post(f"{PAGE}aliceHype/remove").status_code == 302
