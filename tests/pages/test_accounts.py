"""Signing up, in and out, with errors beside the field."""

import pytest
from django.test import Client

from accounts.models import User
from streaming.models import Channel
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def test_signing_up_makes_a_channel(db: None) -> None:
    form = {"username": "Alice", "email": "alice@example.org", "password1": PASSWORD}

    answer = Client().post("/accounts/signup/", form)

    assert answer.status_code == 302
    assert Channel.objects.get(owner__login="alice").owner.display_name == "Alice"


@pytest.mark.parametrize("login", ["admin", "a", "é" * 5, "has space", "_alice"])
def test_a_login_that_cannot_be_is_refused_beside_the_field(login: str) -> None:
    form = {"username": login, "email": "alice@example.org", "password1": PASSWORD}

    page = Client().post("/accounts/signup/", form).content.decode()

    assert 'id="id_username_error"' in page
    assert 'aria-invalid="true"' in page
    assert not User.objects.exists()


def test_alice_signs_in_and_out(alice: User) -> None:
    browser = Client()

    browser.post("/accounts/login/", {"login": "Alice", "password": PASSWORD})
    assert "Your channel" in browser.get("/").content.decode()

    browser.post("/accounts/logout/")
    assert "Your channel" not in browser.get("/").content.decode()


def test_a_wrong_password_is_said(alice: User) -> None:
    page = Client().post("/accounts/login/", {"login": "alice", "password": "wrong"}).content.decode()

    assert 'role="alert"' in page
    assert "not correct" in page


@pytest.mark.parametrize("path", ["/accounts/password/reset/done/", "/accounts/inactive/", "/accounts/confirm-email/"])
def test_the_pages_in_between_are_ours(path: str) -> None:
    page = Client().get(path).content.decode()

    assert "brand__name" in page
    assert 'class="entrance__card"' in page
