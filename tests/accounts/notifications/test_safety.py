"""People hear what concerns the safety of their account."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client, override_settings

from accounts.models import User
from accounts.notifications.models import Notification, PushSubscription
from accounts.tasks import send_letter
from tests.accounts.notifications.push_service import PushService
from tests.accounts.notifications.test_pages import subscription
from tests.conftest import PASSWORD
from tests.pages.conftest import PLAIN_STATIC_FILES

pytestmark = pytest.mark.django_db
FIREFOX = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"}


@pytest.fixture(autouse=True)
def _plain_static_files() -> Iterator[None]:
    with override_settings(STORAGES=PLAIN_STATIC_FILES):
        yield


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(send_letter, "delay", lambda *words: sent.append(words))
    return sent


def sign_in(browser: Client, login: str = "bob") -> None:
    answer = browser.post("/accounts/login/", {"login": login, "password": PASSWORD}, headers=FIREFOX)
    assert answer.status_code == 302, answer.content


def told(user: User) -> list[str]:
    return [one.happening.text for one in Notification.objects.of(user.pk)]


def test_new_browser_is_told_of_and_known_then(bob: User, letters: list[Any]) -> None:
    browser = Client()
    sign_in(browser)
    assert told(bob) == ["New sign-in: Firefox on Linux"]
    browser.post("/accounts/logout/")
    sign_in(browser)
    assert len(told(bob)) == 1
    sign_in(Client())
    assert len(told(bob)) == 2


def test_browser_known_to_one_is_new_to_another(alice: User, bob: User, letters: list[Any]) -> None:
    browser = Client()
    sign_in(browser)
    browser.post("/accounts/logout/")
    sign_in(browser, "alice")
    assert told(alice) == ["New sign-in: Firefox on Linux"]


def test_mark_of_a_known_browser_cannot_be_made_up(bob: User, letters: list[Any]) -> None:
    browser = Client()
    browser.cookies["known_to"] = f"[{bob.pk}]"
    sign_in(browser)
    assert len(told(bob)) == 1


def test_letter_goes_to_a_confirmed_address(bob: User, letters: list[tuple[str, ...]]) -> None:
    User.objects.filter(pk=bob.pk).update(email="bob@example.org")
    sign_in(Client())
    assert letters == []
    EmailAddress.objects.create(user=bob, email="bob@example.org", verified=True, primary=True)
    sign_in(Client())
    [(to, subject, text)] = letters
    assert to == "bob@example.org"
    assert subject.startswith("New sign-in: Firefox on Linux")
    assert "change your password" in text


def test_change_of_the_password_is_told(bob: User, letters: list[Any]) -> None:
    browser = Client()
    browser.force_login(bob)
    new = "another correct horse"
    browser.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert told(bob) == ["Your password was changed"]


def test_signing_out_ends_push_in_this_browser_only(bob: User, pushes: PushService, letters: list[Any]) -> None:
    browsers = [Client(), Client()]
    for number, browser in enumerate(browsers):
        sign_in(browser)
        given = subscription(pushes, f"b{number}")
        assert browser.post("/api/v1/notifications/push", given, content_type="application/json").status_code == 201
    browsers[0].post("/accounts/logout/")
    [left] = PushSubscription.objects.all()
    assert left.endpoint.endswith("/b1")
