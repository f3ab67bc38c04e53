"""Sign-up that is open, by invitation, or closed."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.invitations import create_invitation, redeem_invitation
from accounts.models import Invitation, User
from common.errors import Gone
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
DAVE = {"username": "Dave", "email": "dave@example.org", "password1": PASSWORD}


def signs_up(browser: Client, **changes: str) -> bool:
    browser.post("/accounts/signup/", DAVE | changes)
    return bool(User.objects.filter(login=(DAVE | changes)["username"].lower()).exists())


@pytest.mark.parametrize("mode", ["closed", "invite"])
def test_nobody_signs_up_without_being_asked(settings: Any, mode: str) -> None:
    settings.SIGN_UP = mode
    assert not signs_up(Client())
    assert "closed" in Client().get("/accounts/signup/").content.decode() or mode == "invite"


def test_an_invitation_is_good_for_one(settings: Any) -> None:
    settings.SIGN_UP = "invite"
    code = create_invitation(by=None, days=7)
    dave, erin = Client(), Client()
    for browser in (dave, erin):
        assert browser.get(f"/accounts/invitation/{code}")["Location"] == "/accounts/signup/"

    assert signs_up(dave)
    assert not signs_up(erin, username="erin", email="erin@example.org")
    assert Invitation.objects.get().used_by == User.objects.get()


@pytest.fixture
def admin_client(bob: User) -> Client:
    """Bob is staff here."""
    User.objects.filter(pk=bob.pk).update(is_staff=True, is_superuser=True)
    browser = Client()
    browser.force_login(bob)
    return browser


def test_two_at_once_with_the_same_invitation(settings: Any, alice: User, bob: User) -> None:
    code = create_invitation(by=None, days=7)
    redeem_invitation(code=code, user=alice)
    with pytest.raises(Gone):
        redeem_invitation(code=code, user=bob)


def test_an_old_or_made_up_invitation_is_refused(settings: Any) -> None:
    settings.SIGN_UP = "invite"
    code = create_invitation(by=None, days=7)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for wrong in (code, "x" * 22, "y" * 500):
        browser = Client()
        page = browser.get(f"/accounts/invitation/{wrong}", follow=True).content.decode()
        assert "used already, or it is too old" in page
        assert not signs_up(browser)


def test_a_name_that_cannot_be_does_not_cost_the_invitation(settings: Any, alice: User) -> None:
    settings.SIGN_UP = "invite"
    browser = Client()
    browser.get(f"/accounts/invitation/{create_invitation(by=None, days=7)}")
    assert browser.post("/accounts/signup/", DAVE | {"username": "a1ice"}).status_code == 200
    assert signs_up(browser)


def test_closed_is_closed_even_with_an_invitation(settings: Any) -> None:
    settings.SIGN_UP = "closed"
    browser = Client()
    browser.get(f"/accounts/invitation/{create_invitation(by=None, days=7)}")
    assert not signs_up(browser)


def test_staff_make_invitations_and_see_the_links_once(admin_client: Client) -> None:
    form = {"note": "For Dave", "days": "3", "how_many": "2"}
    page = admin_client.post("/admin/accounts/invitation/add/", form, follow=True).content.decode()
    assert page.count("/accounts/invitation/") >= 2
    assert Invitation.objects.filter(note="For Dave").count() == 2
    assert "/accounts/invitation/" not in admin_client.get("/admin/accounts/invitation/").content.decode().replace(
        "/admin/accounts/invitation/", ""
    )


@pytest.mark.parametrize(
    "form", [{"days": "0", "how_many": "1"}, {"days": "400", "how_many": "1"}, {"days": "7", "how_many": "1000"}]
)
def test_invitations_are_bounded(admin_client: Client, form: dict[str, str]) -> None:
    assert admin_client.post("/admin/accounts/invitation/add/", form).status_code == 200
    assert not Invitation.objects.exists()
