"""Signing up and in on the site."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import suspend_user
from streaming.models import Channel

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def unhashed_static_files(settings: Any) -> None:
    """Nothing has been collected here, so pages must not ask for hashed names."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}


def sign_up(login: str, email: str = "dave@example.org") -> Client:
    browser = Client()
    browser.post("/accounts/signup/", {"username": login, "email": email, "password1": PASSWORD})
    return browser


def test_sign_up_makes_user_and_channel_and_keeps_the_case() -> None:
    sign_up("DaveTheBrave")
    user = User.objects.get()
    assert (user.login, user.display_name, user.email) == ("davethebrave", "DaveTheBrave", "dave@example.org")
    assert Channel.objects.get().owner == user


@pytest.mark.parametrize("login", ["ALICE", "alice", "admin", "a", "_x_y", "a b c", "api", "<script>", "x" * 26])
def test_impossible_name_makes_nobody(alice: User, login: str) -> None:
    sign_up(login)
    assert User.objects.count() == 1


@pytest.mark.parametrize("login", ["alice", "Alice", "ALICE", "alice@example.org", "Alice@Example.org"])
def test_sign_in_by_login_or_address_in_any_case(alice: User, login: str) -> None:
    browser = Client()
    browser.post("/accounts/login/", {"login": login, "password": PASSWORD})
    assert browser.get("/api/v1/me").status_code == 200


def test_wrong_password_does_not_sign_in(alice: User) -> None:
    browser = Client()
    browser.post("/accounts/login/", {"login": "alice", "password": "wrong horse"})
    assert browser.get("/api/v1/me").status_code == 401


def test_suspended_user_is_out_at_once_and_stays_out(alice: User) -> None:
    browser = Client()
    browser.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    suspend_user(user=alice)
    assert browser.get("/api/v1/me").status_code == 401
    browser.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert browser.get("/api/v1/me").status_code == 401
