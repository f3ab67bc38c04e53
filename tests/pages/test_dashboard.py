"""The streamer's own pages: what is saved, what is confirmed, and that a key is seen once."""

import re

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from streaming.discovery.search_index import index_categories
from streaming.models import AudienceSettings, Broadcast, Category, Channel, IngestNotice
from tests.conftest import PASSWORD
from tests.pages.conftest import browser_of, confirmed_browser_of
from vod.models import Vod

pytestmark = pytest.mark.django_db

KEY = re.compile(r"live_[A-Za-z0-9_-]{20,}")
PAGES = ["/", "/alice", "/dashboard/", "/dashboard/setup/", "/dashboard/videos/", "/api/v1/channels/alice"]


def test_the_key_is_in_the_answer_that_makes_it_and_on_no_page_after(channel: Channel, alice: User) -> None:
    browser = confirmed_browser_of(alice)

    answer = browser.post("/dashboard/setup/")
    key = KEY.search(answer.content.decode())

    assert key is not None
    assert "no-store" in answer["Cache-Control"]
    for path in PAGES:
        assert key[0] not in browser.get(path).content.decode(), path


def test_a_second_key_replaces_the_first(channel: Channel, alice: User) -> None:
    browser = confirmed_browser_of(alice)
    first = KEY.search(browser.post("/dashboard/setup/").content.decode())
    second = KEY.search(browser.post("/dashboard/setup/").content.decode())

    assert first and second and first[0] != second[0]
    assert channel.stream_keys.filter(revoked_at=None).count() == 1


def test_a_new_key_takes_the_password_and_then_comes_by_itself(channel: Channel, alice: User) -> None:
    browser = browser_of(alice)
    asked = browser.post("/dashboard/setup/")
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not channel.stream_keys.exists()

    answer = browser.post(asked["Location"], {"password": PASSWORD, "next": "/dashboard/setup/"})

    assert KEY.search(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]


def test_the_setup_page_names_the_server_it_was_asked_at(channel: Channel, alice: User) -> None:
    with override_settings(PUBLIC_RTMP_URL="", RTMP_PORT=2935, ALLOWED_HOSTS=["live.example"]):
        page = browser_of(alice).get("/dashboard/setup/", headers={"host": "live.example:8000"})
    assert 'value="rtmp://live.example:2935/live"' in page.content.decode()

    with override_settings(PUBLIC_RTMP_URL="rtmp://in.example/live"):
        page = browser_of(alice).get("/dashboard/setup/")
    assert 'value="rtmp://in.example/live"' in page.content.decode()


def test_alice_saves_what_her_stream_is_called(on_air: Broadcast, channel: Channel, alice: User) -> None:
    category, _ = Category.objects.get_or_create(name="Art", slug="art")
    index_categories()
    form = {"title": "Glazing", "category": "ART", "tags": "oil, calm", "about": "Hello."}

    answer = browser_of(alice).post("/dashboard/", form, follow=True)

    assert "Saved." in answer.content.decode()
    channel.refresh_from_db()
    on_air.refresh_from_db()
    assert (channel.title, channel.tags, channel.about, channel.category) == (
        "Glazing",
        ["oil", "calm"],
        "Hello.",
        category,
    )
    assert on_air.title == "Glazing"


def test_what_cannot_be_saved_is_said_and_kept_in_the_form(channel: Channel, alice: User) -> None:
    answer = browser_of(alice).post("/dashboard/", {"title": "Glazing", "tags": "<b>", "about": ""})

    page = answer.content.decode()
    assert "A tag consists of letters and digits." in page
    assert 'value="Glazing"' in page
    channel.refresh_from_db()
    assert channel.title == "Painting the mill"


def test_notices_are_on_the_owners_dashboard_only(channel: Channel, alice: User, bob: User) -> None:
    IngestNotice.objects.create(channel=channel, code="hevc", text="HEVC is not supported.")

    assert "HEVC is not supported." in browser_of(alice).get("/dashboard/").content.decode()
    assert "HEVC is not supported." not in browser_of(bob).get("/dashboard/").content.decode()
    assert "HEVC is not supported." not in browser_of(bob).get("/alice").content.decode()


def test_ending_asks_first_and_names_the_broadcast(on_air: Broadcast, alice: User) -> None:
    browser = browser_of(alice)

    assert "Painting the mill" in browser.get("/dashboard/end").content.decode()
    on_air.refresh_from_db()
    assert on_air.state == "live"

    browser.post("/dashboard/end")
    on_air.refresh_from_db()
    assert on_air.state == "ended"


def test_without_a_broadcast_there_is_nothing_to_end(channel: Channel, alice: User) -> None:
    assert browser_of(alice).get("/dashboard/end")["Location"] == "/dashboard/"


def test_alice_hides_and_deletes_her_recording(recording: Vod, alice: User) -> None:
    browser = browser_of(alice)
    base = f"/dashboard/videos/{recording.public_id}"

    browser.post(f"{base}/visibility", {"visibility": "private"})
    recording.refresh_from_db()
    assert recording.visibility == "private"

    assert "Painting the sky" in browser.get(f"{base}/delete").content.decode()
    assert "Painting the sky" in browser.get("/dashboard/videos/").content.decode()
    browser.post(f"{base}/delete")
    browser.get("/dashboard/videos/")  # says so once
    page = browser.get("/dashboard/videos/").content.decode()
    assert "Painting the sky" not in page[: page.index("Deleted lately")]
    assert browser.get(recording.get_absolute_url()).status_code == 404

    browser.post(f"{base}/restore")
    page = browser.get("/dashboard/videos/").content.decode()
    assert "Painting the sky" in page
    assert "Deleted lately" not in page
    assert browser.get(recording.get_absolute_url()).status_code == 200
    assert Client().get(recording.get_absolute_url()).status_code == 404  # private until he says otherwise


def test_bob_cannot_touch_alices_recording(recording: Vod, bob: User) -> None:
    base = f"/dashboard/videos/{recording.public_id}"

    assert browser_of(bob).post(f"{base}/visibility", {"visibility": "private"}).status_code == 404
    assert browser_of(bob).post(f"{base}/delete").status_code == 404
    assert browser_of(bob).post(f"{base}/restore").status_code == 404
    recording.refresh_from_db()
    assert recording.visibility == "public"


def test_a_visibility_that_does_not_exist_is_refused(recording: Vod, alice: User) -> None:
    base = f"/dashboard/videos/{recording.public_id}"

    answer = browser_of(alice).post(f"{base}/visibility", {"visibility": "secret"}, follow=True)

    assert "The visibility is public, unlisted, subscribers or private." in answer.content.decode()


def test_alice_marks_a_moment_from_the_dashboard(on_air: Broadcast, alice: User, bob: User) -> None:
    browser, elsewhere = browser_of(alice), browser_of(bob)
    assert "Add a marker" in browser.get("/dashboard/").content.decode()
    page = browser.post("/dashboard/marker", {"text": "Checkmate"}, follow=True).content.decode()
    assert "A chapter of the recording begins here." in page
    assert "Say in a few words" in browser.post("/dashboard/marker", {"text": ""}, follow=True).content.decode()
    assert "no broadcast to mark" in elsewhere.post("/dashboard/marker", {"text": "x"}, follow=True).content.decode()
    assert list(on_air.notes.values_list("kind", "text")) == [("marker", "Checkmate")]


def test_a_raid_is_begun_hurried_and_cancelled_without_javascript(
    on_air: Broadcast, channel: Channel, alice: User, bob: User
) -> None:
    browser = browser_of(alice)
    other = Channel.objects.get_or_create(owner=bob)[0]

    answer = browser.post("/dashboard/raid", {"login": "bob"}, follow=True).content.decode()
    assert "bob is not live." in answer

    Channel.objects.filter(pk=other.pk).update(is_live=True)
    other.broadcasts.create(state="live", started_at=timezone.now())
    assert "The raid counts down." in browser.post("/dashboard/raid", {"login": "bob"}, follow=True).content.decode()
    page = browser.get("/alice").content.decode()
    assert f'href="/bob?raid={channel.raids.get().pk}"' in page
    assert "The raid is cancelled." in browser.post("/dashboard/raid/cancel", follow=True).content.decode()
    assert "There is no raid that waits." in browser.post("/dashboard/raid/now", follow=True).content.decode()


def test_whom_alice_hosts_is_saved_without_javascript(channel: Channel, alice: User, bob: User) -> None:
    Channel.objects.get_or_create(owner=bob)
    browser = browser_of(alice)
    form = {"raids_from": "friends", "raid_min_account_days": 3, "raid_min_followers": 0, "host_order": "listed"}

    refused = browser.post("/dashboard/audience/", {**form, "hosts": "nobody"}).content.decode()
    assert "There is no channel called nobody." in refused

    saved = browser.post("/dashboard/audience/", {**form, "hosts": "@bob"}, follow=True).content.decode()
    assert "Saved." in saved
    assert ">bob</textarea>" in saved.replace("\n", "")
    channel.refresh_from_db()
    assert (channel.audience_settings.raids_from, channel.audience_settings.may_be_hosted) == ("friends", False)


def test_a_channel_that_hosts_shows_whom(channel: Channel, alice: User, bob: User) -> None:
    hosted = Channel.objects.get_or_create(owner=bob)[0]
    Channel.objects.filter(pk=hosted.pk).update(is_live=True, title="Carving a spoon")
    AudienceSettings.objects.create(channel=channel, hosting=hosted)

    page = browser_of(None).get("/alice").content.decode()

    assert 'hosts <a href="/bob" data-hosting-link>bob</a>' in page
    assert "Carving a spoon" in page


def test_a_category_that_is_not_there_is_said_with_what_is_like_it(channel: Channel, alice: User) -> None:
    Category.objects.get_or_create(name="Watercolours", slug="watercolours")
    index_categories()

    page = browser_of(alice).post("/dashboard/", {"title": "Glazing", "category": "watercolour"}).content.decode()
    assert "There is no category “watercolour”. Did you mean Watercolours?" in page

    page = browser_of(alice).post("/dashboard/", {"title": "Glazing", "category": "xyzzy\x00"}).content.decode()
    assert 'value="Glazing"' in page and "Saved." not in page


def test_the_stream_manager_asks_no_more_than_twelve_questions(channel: Channel, alice: User) -> None:
    browser = browser_of(alice)
    browser.get("/dashboard/")
    with CaptureQueriesContext(connection) as asked:
        assert browser.get("/dashboard/").status_code == 200
    assert len(asked) <= 12
