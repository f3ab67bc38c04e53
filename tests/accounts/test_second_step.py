"""Two-step sign-in: asked for, good once, not to be gone around, and needed by staff."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import User
from tests.accounts.second_steps import code_of, give_recovery_codes, give_second_step
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
ALICE = {"login": "alice", "password": PASSWORD}


def is_signed_in(browser: Client) -> bool:
    return bool(browser.get("/api/v1/me").status_code == 200)


def test_a_password_alone_does_not_sign_in(alice: User) -> None:
    secret = give_second_step(alice)
    browser = Client()
    assert browser.post("/accounts/login/", ALICE)["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(browser)
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert is_signed_in(browser)


@pytest.mark.parametrize("steps_ago", [5, -5])
def test_codes_of_other_times_do_not_count(alice: User, steps_ago: int) -> None:
    secret = give_second_step(alice)
    browser = Client()
    browser.post("/accounts/login/", ALICE)
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret, steps_ago=steps_ago)})
    assert not is_signed_in(browser)


def test_a_code_counts_once(alice: User) -> None:
    secret = give_second_step(alice)
    code = code_of(secret)
    first, second = Client(), Client()
    for browser in (first, second):
        browser.post("/accounts/login/", ALICE)
        browser.post("/accounts/2fa/authenticate/", {"code": code})
    assert is_signed_in(first)
    assert not is_signed_in(second)


def test_a_recovery_code_counts_once(alice: User) -> None:
    give_second_step(alice)
    code = give_recovery_codes(alice)[0]
    first, second = Client(), Client()
    for browser in (first, second):
        browser.post("/accounts/login/", ALICE)
        browser.post("/accounts/2fa/authenticate/", {"code": code})
    assert is_signed_in(first)
    assert not is_signed_in(second)


def test_a_reset_password_does_not_go_around_it(alice: User, letters: list[Any]) -> None:
    """Who reads someone's mails has one of two things: neither the link itself nor the new password signs him in."""
    secret = give_second_step(alice)
    browser = Client()
    browser.post("/accounts/password/reset/", {"email": "alice@example.org"})
    path = re.search(r"http://[^/]+(/accounts/password/reset/key/\S+)", letters[0].body)
    assert path is not None
    form = browser.get(path[1], follow=True).redirect_chain[-1][0]
    browser.post(form, {"password1": "another fine horse", "password2": "another fine horse"}, follow=True)
    alice.refresh_from_db()
    assert alice.check_password("another fine horse")
    assert not is_signed_in(browser)
    assert Authenticator.objects.filter(user=alice, type="totp").exists(), "it is still there"

    asked = browser.post("/accounts/login/", {"login": "alice", "password": "another fine horse"})
    assert asked["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(browser)
    for path_of_secrets in ("/accounts/2fa/totp/deactivate/", "/accounts/2fa/recovery-codes/", "/accounts/tokens/"):
        assert browser.get(path_of_secrets)["Location"].startswith("/accounts/login/")
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert is_signed_in(browser)


def test_guessing_codes_is_stopped(alice: User) -> None:
    secret = give_second_step(alice)
    browser = Client()
    browser.post("/accounts/login/", ALICE)
    for number in range(12):
        browser.post("/accounts/2fa/authenticate/", {"code": f"{number:06}"})
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert not is_signed_in(browser)


def test_secrets_lie_sealed_in_the_database(alice: User) -> None:
    secret = give_second_step(alice)
    codes = give_recovery_codes(alice)
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert not any(code in stored for code in codes)


def test_setting_it_up_asks_for_the_password_first(alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    for path in (
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/2fa/recovery-codes/generate/",
    ):
        assert "/accounts/reauthenticate/" in browser.get(path)["Location"]


def test_alice_sets_up_an_app(alice: User, letters: list[Any]) -> None:
    browser = Client()
    browser.post("/accounts/login/", ALICE)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = browser.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    answer = browser.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    page_of_codes = browser.get(answer["Location"]).content.decode()
    assert page_of_codes.count("<li>") >= 10
    assert "****" in str(browser.get(answer["Location"]).context["unused_codes"]), "codes are shown once"
    assert Authenticator.objects.filter(user=alice, type="totp").exists()


@pytest.fixture
def staff_need_it(settings: Any) -> None:
    settings.STAFF_SECOND_STEP = True


@pytest.mark.usefixtures("staff_need_it")
def test_staff_reach_the_admin_with_it_only(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    browser = Client()
    browser.force_login(alice)
    answer = browser.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/2fa/"
    give_second_step(alice)
    assert browser.get("/admin/").status_code == 200


def test_the_admin_has_no_door_of_its_own(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    give_second_step(alice)
    browser = Client()
    for answer in (
        browser.get("/admin/login/?next=/admin/"),
        browser.post("/admin/login/?next=/admin/", {"username": "alice", "password": PASSWORD}),
    ):
        assert answer["Location"].startswith("/accounts/login/?next=")
    assert not is_signed_in(browser)


def test_who_is_no_staff_is_led_away_from_the_admin(alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    assert browser.get("/admin/login/")["Location"] == "/"
