"""What one reads of what one was told, on pages and in the API."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, override_settings

from accounts.models import User
from accounts.notifications import Kind, create_happening, notify_user, tell_users
from accounts.notifications.models import Notification, NotificationPreference, PushSubscription
from tests.accounts.notifications.push_service import PushService
from tests.pages.conftest import PLAIN_STATIC_FILES

pytestmark = pytest.mark.django_db
JSON = "application/json"
API = "/api/v1/notifications"


@pytest.fixture(autouse=True)
def _plain_static_files() -> Iterator[None]:
    with override_settings(STORAGES=PLAIN_STATIC_FILES):
        yield


@pytest.fixture
def browser(bob: User) -> Client:
    """Bob's."""
    browser = Client()
    browser.force_login(bob)
    return browser


def tell(user: User, count: int = 1, **more: Any) -> list[int]:
    made = []
    for number in range(count):
        happening = create_happening(kind=Kind.LIVE, text=f"Channel {number} is live", path=f"/channel{number}", **more)
        assert happening is not None
        tell_users(happening=happening, user_ids=[user.pk])
        made.append(happening.pk)
    return made


def test_page_lists_what_one_was_told(browser: Client, bob: User) -> None:
    tell(bob, 2, detail="<b>Mills</b>")
    html = browser.get("/notifications").content.decode()
    assert html.index("Channel 1 is live") < html.index("Channel 0 is live")
    assert "&lt;b&gt;Mills" in html
    assert "<b>Mills" not in html


def test_page_of_somebody_who_was_told_nothing(browser: Client) -> None:
    assert b"Nothing yet" in browser.get("/notifications").content


@pytest.mark.parametrize("path", ["/notifications", "/notifications/1", "/accounts/notifications/"])
def test_nobody_reads_without_signing_in(path: str, client: Client) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_long_list_comes_in_pages(browser: Client, bob: User) -> None:
    ids = tell(bob, 35)
    first = browser.get("/notifications")
    assert len(first.context["notifications"]) == 30
    older = browser.get("/notifications", {"before": first.context["more_before"]})
    assert [one.happening_id for one in older.context["notifications"]] == ids[4::-1]
    assert older.context["more_before"] is None
    assert b"These were all" in browser.get("/notifications", {"before": "1"}).content


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "\u0663", ""])
def test_nonsense_in_the_address_is_as_good_as_nothing(browser: Client, bob: User, before: str) -> None:
    tell(bob)
    assert len(browser.get("/notifications", {"before": before}).context["notifications"]) == 1
    assert len(browser.get(API, {"before": before, "limit": before}).json()["results"]) == 1


def test_list_takes_as_many_queries_for_one_as_for_thirty(
    browser: Client, bob: User, django_assert_num_queries: Any
) -> None:
    tell(bob)
    browser.get("/notifications")  # notes that the session was seen, once in five minutes
    with django_assert_num_queries(6):  # session, user, list, bell, and two for the left rail
        browser.get("/notifications")
    tell(bob, 40)
    with django_assert_num_queries(6):
        browser.get("/notifications")


def test_opening_one_reads_it_and_leads_to_its_page(browser: Client, bob: User) -> None:
    [one] = tell(bob)
    answer = browser.get(f"/notifications/{one}")
    assert (answer.status_code, answer["Location"]) == (302, "/channel0")
    assert Notification.objects.get().read_at is not None


def test_what_is_not_ones_own_leads_to_the_list(browser: Client, alice: User) -> None:
    [one] = tell(alice)
    assert browser.get(f"/notifications/{one}")["Location"] == "/notifications"
    assert Notification.objects.get().read_at is None
    assert browser.get(f"/notifications/{2**70}").status_code in {302, 404}


def test_all_are_read_and_unread_again_without_javascript(browser: Client, bob: User) -> None:
    first, second = tell(bob, 2)
    browser.get(f"/notifications/{first}")
    answer = browser.post("/notifications/read", follow=True)
    assert not Notification.objects.unread().exists()
    browser.post("/notifications/read", {"undo": answer.context["undo"]})
    assert [one.happening_id for one in Notification.objects.unread()] == [second]


@pytest.mark.parametrize("undo", ["x", "2026-02-30T10:00:00Z", "2026-02-20T10:00:00", "\x00"])
def test_undo_of_nonsense_marks_all_read(browser: Client, bob: User, undo: str) -> None:
    tell(bob)
    assert browser.post("/notifications/read", {"undo": undo}).status_code == 302
    assert not Notification.objects.unread().exists()


def test_badge_counts_no_further_than_it_shows(browser: Client, bob: User) -> None:
    happenings = tell(bob, 1)
    assert "data-bell-badge >1<" in browser.get("/").content.decode().replace("  ", " ")
    browser.get(f"/notifications/{happenings[0]}")
    assert "data-bell-badge hidden" in browser.get("/").content.decode()
    tell(bob, 101)
    assert ">99+<" in browser.get("/").content.decode()
    assert "data-bell" not in Client().get("/").content.decode()


def test_program_reads_and_marks(browser: Client, bob: User) -> None:
    ids = tell(bob, 3)
    found = browser.get(API, {"limit": 2}).json()
    assert (found["unread"], found["more"]) == (3, True)
    assert [one["id"] for one in found["results"]] == ids[:0:-1]
    assert browser.get(API, {"before": ids[1]}).json()["results"][0]["text"] == "Channel 0 is live"
    browser.post(f"{API}/read", {"id": ids[0]}, content_type=JSON)
    assert browser.get(API).json()["unread"] == 2
    read_at = browser.post(f"{API}/read", {}, content_type=JSON).json()["read_at"]
    assert browser.get(API).json()["unread"] == 0
    assert browser.delete(f"{API}/read", {"read_at": read_at}, content_type=JSON).status_code == 204
    assert browser.get(API).json()["unread"] == 2


def test_programs_of_nobody_read_nothing(client: Client) -> None:
    for path in (API, f"{API}/read", f"{API}/preferences", f"{API}/push"):
        assert client.get(path).status_code in {401, 403, 405}
        assert client.post(path, {}, content_type=JSON).status_code in {401, 403, 405}


def test_form_saves_what_one_wants(browser: Client, bob: User) -> None:
    shown = browser.get("/accounts/notifications/")
    boxes = [box for row in shown.context["rows"] for box in row["boxes"]]
    wanted = {box["name"] for box in boxes if box["on"]} - {"live:push", "live:in_app"} | {"live:mail"}
    browser.post("/accounts/notifications/", {"wanted": sorted(wanted)})
    said = {(one.kind, one.way, one.wanted) for one in NotificationPreference.objects.filter(user=bob)}
    assert said == {("live", "push", False), ("live", "in_app", False), ("live", "mail", True)}
    tell(bob)
    assert not Notification.objects.exists()
    defaults = {box["name"] for box in boxes if box["on"]}
    browser.post("/accounts/notifications/", {"wanted": sorted(defaults)})
    assert not NotificationPreference.objects.exists()


def test_security_cannot_be_turned_off(browser: Client, bob: User) -> None:
    browser.post("/accounts/notifications/", {"wanted": []})
    notify_user(user_id=bob.pk, kind=Kind.SECURITY, text="New sign-in.", path="/accounts/password/change/")
    assert Notification.objects.count() == 1
    change = {"kind": "security", "way": "mail", "wanted": False}
    answer = browser.put(f"{API}/preferences", change, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "always_on")


def test_program_changes_one_wish(browser: Client, bob: User) -> None:
    browser.put(f"{API}/preferences", {"kind": "live", "way": "push", "wanted": False}, content_type=JSON)
    held = {(one["kind"], one["way"]): one["wanted"] for one in browser.get(f"{API}/preferences").json()}
    assert (held["live", "push"], held["live", "in_app"], held["live", "mail"]) == (False, True, False)
    for nonsense in (
        {"kind": "love", "way": "push", "wanted": True},
        {"kind": "live", "way": "drum", "wanted": True},
        {},
    ):
        assert browser.put(f"{API}/preferences", nonsense, content_type=JSON).status_code == 400


def subscription(service: PushService, name: str = "bobs") -> dict[str, Any]:
    given = service.browser(name).subscription
    return {"endpoint": given["endpoint"], "keys": {"p256dh": given["p256dh"], "auth": given["auth"]}}


def test_browser_subscribes_and_is_listed(browser: Client, bob: User, pushes: PushService) -> None:
    given = subscription(pushes)
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    assert browser.post(f"{API}/push", given, content_type=JSON, headers={"user-agent": agent}).status_code == 201
    one = PushSubscription.objects.get()
    assert (one.user_id, one.label) == (bob.pk, "Firefox on Linux")
    assert b"Firefox on Linux" in browser.get("/accounts/notifications/").content
    browser.post(f"/accounts/notifications/browsers/{one.pk}")
    assert not PushSubscription.objects.exists()
    browser.post(f"{API}/push", given, content_type=JSON)
    browser.delete(f"{API}/push", {"endpoint": given["endpoint"]}, content_type=JSON)
    assert not PushSubscription.objects.exists()


def test_what_is_no_subscription_is_refused(browser: Client, pushes: PushService) -> None:
    good = subscription(pushes)
    no_keys = {"p256dh": "x", "auth": "y"}
    changes: list[dict[str, Any]] = [
        {"endpoint": "https://10.0.0.1/x"},
        {"endpoint": 5},
        {"keys": {}},
        {"keys": no_keys},
    ]
    for change in changes:
        assert browser.post(f"{API}/push", good | change, content_type=JSON).status_code == 400
    assert not PushSubscription.objects.exists()


def test_token_of_a_program_cannot_subscribe(bob: User, pushes: PushService) -> None:
    from accounts.services import create_api_token

    token = create_api_token(user=bob, name="bot")
    answer = Client().post(
        f"{API}/push", subscription(pushes), content_type=JSON, headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code in {401, 403}


def test_worker_is_at_the_root_and_asked_for_anew(client: Client) -> None:
    answer = client.get("/sw.js")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cache-Control"] == "no-cache"
    assert b"notificationclick" in answer.content


def test_private_key_is_shown_nowhere(browser: Client, settings: Any) -> None:
    settings.VAPID_PRIVATE_KEY = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
    shown = browser.get(f"{API}/push").json()["public_key"]
    assert shown.startswith("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx")
    assert settings.VAPID_PRIVATE_KEY not in browser.get("/accounts/notifications/").content.decode()
