"""Every page, as a stranger, a viewer and the owner see it."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from streaming.models import Broadcast, Channel, Follow
from tests.pages.conftest import browser_of
from vod.models import Visibility, Vod

pytestmark = pytest.mark.django_db

OPEN_PAGES = ["/", "/alice", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
OWN_PAGES = [
    "/dashboard/",
    "/dashboard/setup/",
    "/dashboard/videos/",
    "/dashboard/emotes/",
    "/accounts/email/",
    "/accounts/password/change/",
]
INLINE_CODE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json)|\son[a-z]+=|<style|\sstyle=|javascript:", re.I
)


@pytest.mark.parametrize("path", OPEN_PAGES)
def test_a_stranger_reads_the_open_pages(path: str, on_air: Broadcast, recording: Vod) -> None:
    page = Client().get(path)

    assert page.status_code == 200
    assert "Sign in" in page.content.decode()


@pytest.mark.parametrize("path", OWN_PAGES)
def test_own_pages_send_a_stranger_to_sign_in(path: str, channel: Channel) -> None:
    answer = Client().get(path)

    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/login/?next={path}"


@pytest.mark.parametrize("path", OWN_PAGES)
def test_the_owner_reads_their_own_pages(path: str, on_air: Broadcast, recording: Vod, alice: User) -> None:
    assert browser_of(alice).get(path).status_code == 200


def test_no_page_holds_inline_code(on_air: Broadcast, recording: Vod, alice: User) -> None:
    alice.is_staff = True
    alice.save()
    browser = browser_of(alice)

    for path in ["/", "/alice", recording.get_absolute_url(), "/style", "/nobody_here", *OWN_PAGES]:
        page = browser.get(path)
        assert not INLINE_CODE.search(page.content.decode()), path
        assert "script-src 'self'" in page["Content-Security-Policy"]
        assert "unsafe-inline" not in re.findall(r"script-src [^;]*", page["Content-Security-Policy"])[0]


def test_the_search_for_inline_code_finds_some() -> None:
    assert INLINE_CODE.search("<p onclick=go()>")
    assert INLINE_CODE.search("<script>go()</script>")
    assert not INLINE_CODE.search('<script type="module" src="/a.js"></script>')


def test_the_front_page_of_a_new_install_says_how_to_go_live(db: None) -> None:
    page = Client().get("/").content.decode()

    assert "Your own place to go live" in page
    assert reverse("account_signup") in page


def test_the_front_page_shows_who_is_live(on_air: Broadcast, recording: Vod) -> None:
    page = Client().get("/").content.decode()

    assert "Painting the mill" in page
    assert "1,234" in page
    assert "watercolour" in page
    assert f"/media/{on_air.public_id}" not in page  # never without a token
    assert on_air.public_id in page
    assert "Painting the sky" in page


def test_the_front_page_when_nobody_is_live_shows_who_was(on_air: Broadcast) -> None:
    Broadcast.objects.update(state="ended")
    Channel.objects.update(is_live=False)

    page = Client().get("/").content.decode()

    assert "No one is live right now" in page
    assert "Lately live" in page


def test_followed_channels_come_first(on_air: Broadcast, channel: Channel, charlie: User) -> None:
    assert 'id="followed-title"' not in browser_of(charlie).get("/").content.decode()
    Follow.objects.create(user=charlie, channel=channel)

    assert 'id="followed-title"' in browser_of(charlie).get("/").content.decode()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("live", 'data-screen="loading"'),
        ("reconnecting", 'data-screen="reconnecting"'),
        ("ended", 'data-screen="offline"'),
    ],
)
def test_the_watch_page_reads_without_javascript(state: str, words: str, on_air: Broadcast) -> None:
    ended_at = on_air.started_at if state == "ended" else None
    Broadcast.objects.update(state=state, ended_at=ended_at)

    page = Client().get("/alice").content.decode()

    assert words in page
    assert "Painting the mill" in page
    assert "I paint." in page
    assert "needs JavaScript" in page


def test_a_login_in_capitals_leads_to_the_channel(channel: Channel) -> None:
    assert Client().get("/Alice")["Location"] == "/alice"
    assert Client().get("/alice/")["Location"] == "/alice"


def test_unknown_names_are_not_found_and_suspended_ones_neither(channel: Channel, alice: User) -> None:
    assert Client().get("/nobody_here").status_code == 404
    alice.is_active = False
    alice.save()
    assert Client().get("/alice").status_code == 404


def test_charlie_follows_without_javascript(channel: Channel, charlie: User) -> None:
    browser = browser_of(charlie)

    browser.post("/alice/follow", {"follow": "yes"})
    assert 'data-following="true"' in browser.get("/alice").content.decode()

    browser.post("/alice/follow", {"follow": "no"})
    assert 'data-following="false"' in browser.get("/alice").content.decode()


def test_alice_cannot_follow_herself_and_is_told(channel: Channel, alice: User) -> None:
    answer = browser_of(alice).post("/alice/follow", {"follow": "yes"}, follow=True)

    assert "You cannot follow your own channel" in answer.content.decode()


def test_what_people_write_is_shown_as_text(channel: Channel) -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    Channel.objects.update(title=hostile, about=hostile)
    Broadcast.objects.create(channel=channel, title=hostile, state="live", started_at=channel.created_at)

    for path in ["/", "/alice"]:
        assert "<img src=x" not in Client().get(path).content.decode()


def test_a_recording_plays_from_its_page(recording: Vod) -> None:
    page = Client().get(recording.get_absolute_url()).content.decode()

    assert "Painting the sky" in page
    assert "1:02:05" in page
    assert f"/{recording.broadcast.public_id}/vod/index.m3u8" in page


def test_a_private_recording_is_there_for_its_owner_alone(recording: Vod, alice: User, charlie: User) -> None:
    Vod.objects.update(visibility=Visibility.PRIVATE)

    assert browser_of(alice).get(recording.get_absolute_url()).status_code == 200
    assert browser_of(charlie).get(recording.get_absolute_url()).status_code == 404
    assert "Painting the sky" not in Client().get("/").content.decode()


def test_the_style_page_is_for_staff(alice: User) -> None:
    assert browser_of(alice).get("/style").status_code == 302
    alice.is_staff = True
    alice.save()

    assert browser_of(alice).get("/style").status_code == 200


def test_the_style_page_shows_every_component(alice: User) -> None:
    """But a card whose picture must exist, and a rail that fills the window."""
    alice.is_staff = True
    alice.save()
    components = Path(settings.BASE_DIR, "templates/components").glob("*.html")
    shown = {template.name for template in browser_of(alice).get("/style").templates}

    missing = {path.name for path in components if f"components/{path.name}" not in shown}
    assert missing == {"clip_card.html", "dashboard_rail.html"}


def test_a_page_costs_few_queries(
    on_air: Broadcast, recording: Vod, charlie: User, channel: Channel, django_assert_max_num_queries: object
) -> None:
    Follow.objects.create(user=charlie, channel=channel)
    browser = browser_of(charlie)
    browser.get("/")  # notes that the session was seen, once in five minutes

    for path, most in [("/", 10), ("/alice", 12), (recording.get_absolute_url(), 11)]:
        with django_assert_max_num_queries(most):  # type: ignore[operator]
            browser.get(path)
