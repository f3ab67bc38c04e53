"""Mails: both forms, one thing to do, and addresses that only the configuration decides."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from accounts.models import User
from common.letters import Paragraph, build_letter, paragraphs_of
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def html_of(letter: Any) -> str:
    return str(letter.alternatives[0][0])


def test_a_letter_has_both_forms_and_one_button() -> None:
    letter = build_letter(
        to="a@example.org", subject="Hello\nBcc: x@y", text="Hi.\n\nOpen it:\nhttps://example.org/x\n"
    )
    assert letter.subject == "Hello Bcc: x@y"
    assert "https://example.org/x" in letter.body
    assert html_of(letter).count("<a ") == 1


def test_what_people_wrote_stays_text() -> None:
    letter = build_letter(to="a@example.org", subject="<b>", text="<script>alert(1)</script>")
    assert "<script>" not in html_of(letter)
    assert "&lt;script&gt;" in html_of(letter)


@pytest.mark.parametrize(
    "text", ["Open it:\njavascript:alert(1)", "Open it:\nhttps://x.example and more", "https://x.example"]
)
def test_only_a_label_and_an_address_are_a_button(text: str) -> None:
    assert paragraphs_of(text) == [Paragraph(text)]


@pytest.mark.parametrize("headers", [{}, {"host": "localhost"}, {"x-forwarded-host": "evil.example"}])
@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org"])
def test_addresses_in_mails_are_of_the_configured_site(
    alice: User, letters: list[Any], settings: Any, headers: dict[str, str], email: str
) -> None:
    settings.SITE_URL = "https://live.example"
    Client(headers=headers).post("/accounts/password/reset/", {"email": email})
    text = letters[0].body + html_of(letters[0])
    assert set(re.findall(r"https?://[^/\s\"<]+", text)) == {"https://live.example"}


def test_another_host_is_not_answered_at_all(alice: User, letters: list[Any]) -> None:
    answer = Client(HTTP_HOST="evil.example").post("/accounts/password/reset/", {"email": "alice@example.org"})
    assert answer.status_code == 400
    assert not mail.outbox


def test_alice_chooses_a_new_password_by_the_link_once(alice: User, letters: list[Any]) -> None:
    Client().post("/accounts/password/reset/", {"email": "alice@example.org"})
    path = re.search(r"http://[^/]+(/accounts/password/reset/key/\S+)", letters[0].body)
    assert path is not None
    new = {"password1": "another fine horse", "password2": "another fine horse"}
    browser = Client()
    form = browser.get(path[1], follow=True).redirect_chain[-1][0]
    browser.post(form, new)
    alice.refresh_from_db()
    assert alice.check_password("another fine horse")
    assert "no longer works" in Client().get(path[1], follow=True).content.decode()
    assert letters[-1].subject == "Your password was changed"


def test_an_address_is_changed_once_it_is_confirmed(alice: User, letters: list[Any]) -> None:
    EmailAddress.objects.create(user=alice, email="alice@example.org", verified=True, primary=True)
    browser = Client()
    browser.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    browser.post("/accounts/email/", {"action_add": "", "email": "alicia@example.org"})
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    path = re.search(r"http://[^/]+(/accounts/confirm-email/\S+)", letters[-1].body)
    assert path is not None
    assert Client().get(path[1]).status_code == 200, "looking at it changes nothing"
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    Client().post(path[1])
    alice.refresh_from_db()
    assert alice.email == "alicia@example.org"


def test_changing_it_asks_for_the_password_of_who_signed_in_long_ago(alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    answer = browser.post("/accounts/email/", {"action_add": "", "email": "alicia@example.org"})
    assert answer["Location"].startswith("/accounts/reauthenticate/")
