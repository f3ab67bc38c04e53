"""Sessions: listed, ended, gone with the password."""

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.models import User
from accounts.sessions import session_is_current
from accounts.signals import session_ended
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)
ALICE = {"login": "alice", "password": PASSWORD}
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"


def signed_in(agent: str = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36") -> Client:
    browser = Client(HTTP_USER_AGENT=agent)
    browser.post("/accounts/login/", ALICE)
    return browser


def is_signed_in(browser: Client) -> bool:
    return bool(browser.get("/api/v1/me").status_code == 200)


def test_both_browsers_are_in_the_list(alice: User) -> None:
    here, _ = signed_in(), signed_in(FIREFOX)
    page = here.get("/accounts/security/").content.decode()
    assert "Firefox on Windows" in page
    assert "Chrome on Linux" in page
    assert page.count("This browser") == 1


def test_ending_one_session_ends_its_sockets_too(alice: User) -> None:
    here, there = signed_in(), signed_in(FIREFOX)
    told: list[int] = []
    session_ended.connect(lambda user_id, **_: told.append(user_id), weak=False, dispatch_uid="test")
    key = there.session.session_key
    row = UserSession.objects.get(session_key=key)

    here.post(f"/accounts/sessions/{row.pk}/end")
    session_ended.disconnect(dispatch_uid="test")

    assert told == [alice.pk]
    assert not session_is_current(session_key=key, user_id=alice.pk)
    assert not is_signed_in(there)
    assert is_signed_in(here)


def test_nobody_ends_the_session_of_another(alice: User, bob: User) -> None:
    here = signed_in()
    bobs = Client()
    bobs.post("/accounts/login/", {"login": "bob", "password": PASSWORD})
    row = UserSession.objects.get(user=alice)
    page = bobs.post(f"/accounts/sessions/{row.pk}/end", follow=True).content.decode()
    assert "no such session" in page
    assert is_signed_in(here)


def test_ending_all_others(alice: User) -> None:
    here, others = signed_in(), [signed_in(), signed_in(FIREFOX)]
    here.post("/accounts/sessions/end")
    assert [is_signed_in(one) for one in (here, *others)] == [True, False, False]


def test_a_new_password_ends_the_others(alice: User) -> None:
    here, there = signed_in(), signed_in(FIREFOX)
    new = {"oldpassword": PASSWORD, "password1": "another fine horse", "password2": "another fine horse"}
    assert here.post("/accounts/password/change/", new).status_code == 302
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)


def test_signing_in_makes_a_new_session_id(alice: User) -> None:
    browser = Client()
    browser.get("/accounts/login/")
    browser.session["before"] = True
    browser.session.save()
    before = browser.session.session_key
    browser.post("/accounts/login/", ALICE)
    assert browser.session.session_key not in (None, before)


def test_pages_without_a_session_write_nothing(alice: User) -> None:
    browser = signed_in()
    browser.get("/api/v1/me")
    seen = UserSession.objects.get().last_seen_at
    for _ in range(3):
        browser.get("/api/v1/me")
    assert UserSession.objects.get().last_seen_at == seen, "once in five minutes is enough"
