"""Bots and tokens: made, shown once, named, revoked."""

import re

import pytest

from accounts.models import ApiToken, User
from accounts.services import create_api_token, find_token
from tests.conftest import PASSWORD
from tests.pages.conftest import browser_of, confirmed_browser_of

pytestmark = pytest.mark.django_db


def test_only_who_is_signed_in_has_tokens() -> None:
    assert browser_of(None).get("/accounts/tokens/")["Location"].startswith("/accounts/login/")
    assert browser_of(None).post("/accounts/tokens/1/revoke")["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    ("may", "scopes"), [("chat", "chat:read chat:edit"), ("moderate", "chat:read chat:edit channel:moderate")]
)
def test_a_token_is_shown_once(bob: User, may: str, scopes: str) -> None:
    browser = confirmed_browser_of(bob)
    page = browser.post("/accounts/tokens/", {"name": "My bot", "may": may, "days": "60"})
    shown = re.search(r'value="oauth:(mrt[a-z0-9]{27})"', page.content.decode())
    assert shown is not None
    assert "no-store" in page["Cache-Control"]
    token = find_token(shown[1])
    assert token is not None
    assert (token.user, token.name, token.scopes) == (bob, "My bot", scopes)
    assert token.expires_at is not None
    later = browser.get("/accounts/tokens/").content.decode()
    assert shown[1] not in later
    assert "My bot" in later
    assert token.prefix in later


def test_a_token_for_everything_has_no_limits(bob: User) -> None:
    confirmed_browser_of(bob).post("/accounts/tokens/", {"name": "script", "may": "everything", "days": "0"})
    assert (ApiToken.objects.get().scopes, ApiToken.objects.get().expires_at) == ("", None)


def test_a_token_for_what_is_ticked(bob: User) -> None:
    browser = confirmed_browser_of(bob)
    form = {"name": "clipper", "may": "chosen", "scopes": ["clips:edit", "read"], "days": "60"}
    browser.post("/accounts/tokens/", form)
    assert ApiToken.objects.get().scopes == "read clips:edit"
    page = browser.get("/accounts/tokens/").content.decode()
    assert "<li>Make and delete clips</li>" in page
    assert "<li>Replace the stream key</li>" not in page


def test_a_token_takes_the_password_and_then_comes_with_all_that_was_ticked(bob: User) -> None:
    browser = browser_of(bob)
    form = {"name": "clipper", "may": "chosen", "scopes": ["clips:edit", "read"], "days": "60"}
    asked = browser.post("/accounts/tokens/", form)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not ApiToken.objects.exists()
    page = browser.post(asked["Location"], {"password": PASSWORD, "next": "/accounts/tokens/"})
    assert "Your new token" in page.content.decode()
    assert ApiToken.objects.get().scopes == "read clips:edit"


@pytest.mark.parametrize(
    ("scopes", "says"), [([], "Tick at least one thing"), (["all", "read"], "There is no scope “all”.")]
)
def test_ticks_that_make_no_token_are_kept_and_explained(bob: User, scopes: list[str], says: str) -> None:
    form = {"name": "clipper", "may": "chosen", "scopes": scopes, "days": "0"}
    page = confirmed_browser_of(bob).post("/accounts/tokens/", form).content.decode()
    assert says in page
    assert 'value="clipper"' in page
    assert bool(re.search('name="scopes" value="read"[^>]*checked', page)) == ("read" in scopes)
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "form", [{"name": "", "may": "chat"}, {"name": "x", "may": "all"}, {"name": "x" * 61, "may": "chat"}]
)
def test_what_cannot_be_is_said_beside_the_field(bob: User, form: dict[str, str]) -> None:
    page = confirmed_browser_of(bob).post("/accounts/tokens/", form).content.decode()
    assert 'aria-invalid="true"' in page
    assert not ApiToken.objects.exists()


def test_making_many_is_refused(bob: User) -> None:
    browser = confirmed_browser_of(bob)
    for number in range(12):
        page = browser.post("/accounts/tokens/", {"name": str(number), "may": "chat", "days": "0"}).content.decode()
    assert "many tokens in the last hour" in page
    assert ApiToken.objects.count() == 10


def test_bob_revokes_his_own_and_nobody_elses(alice: User, bob: User) -> None:
    create_api_token(user=bob, name="old")
    token = ApiToken.objects.get()
    page = browser_of(alice).post(f"/accounts/tokens/{token.pk}/revoke", follow=True).content.decode()
    assert "You have no such token." in page
    page = browser_of(bob).post(f"/accounts/tokens/{token.pk}/revoke", follow=True).content.decode()
    assert "Revoked." in page
    assert "You have no tokens." in page
    assert not ApiToken.objects.current().exists()
