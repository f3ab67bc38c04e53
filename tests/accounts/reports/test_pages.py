"""The page on which something is reported, and the one of what became of it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils.safestring import mark_safe

from accounts.models import Report, User
from accounts.reports import limits
from accounts.reports.services import dismiss_reports
from tests.bones import bones_of
from tests.chat.xss_corpus import PAYLOADS
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("things")]
PAGE, SENT = "/report/thing/mill", "/report/thing/mill/sent"
SOME = [one for one in PAYLOADS if len(one) <= limits.TITLE_MAX and "\x00" not in one][::9]


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def test_who_reports_is_thanked_and_told_what_comes(bob: User) -> None:
    answer = browser_of(bob).post(PAGE, {"reason": "hate", "text": "In the title."}, follow=True)
    assert answer.redirect_chain == [(SENT, 302)]
    assert "Thank you" in text_of(answer)
    assert "What happens next" in text_of(answer)
    assert "In the title." in text_of(answer)
    report = Report.objects.get()
    assert (report.reporter, report.reason, report.state) == (bob, "hate", "open")


def test_who_is_not_signed_in_comes_back_after_it(bob: User) -> None:
    browser = Client()
    answer = browser.get(PAGE)
    assert answer["Location"] == f"/accounts/login/?next={PAGE}"
    answer = browser.post(answer["Location"], {"login": "bob", "password": PASSWORD, "next": PAGE}, follow=True)
    assert "Report this thing" in text_of(answer)
    assert Client().post(PAGE, {"reason": "spam"}).status_code == 302
    assert not Report.objects.exists()


def test_form_is_protected_against_forgery(bob: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(bob)
    assert browser.post(PAGE, {"reason": "spam"}).status_code == 403
    token = browser.get(PAGE).context["csrf_token"]
    assert browser.post(PAGE, {"reason": "spam", "csrfmiddlewaretoken": str(token)}).status_code == 302


def test_what_was_said_before_stands_in_the_form(bob: User) -> None:
    browser = browser_of(bob)
    browser.post(PAGE, {"reason": "hate", "text": "At 12:00."})
    page = browser.get(PAGE).content.decode()
    assert "You have reported this" in page
    assert re.search(r'value="hate"[^>]*checked', page)
    assert "At 12:00." in page
    browser.post(PAGE, {"reason": "spam", "text": "At 13:00."})
    assert Report.objects.get().text == "At 13:00."


def test_nobody_is_offered_to_report_himself(alice: User) -> None:
    page = browser_of(alice).get(PAGE)
    assert "This is your own" in text_of(page)
    assert b'name="reason"' not in page.content
    assert "This is your own" in text_of(browser_of(alice).post(PAGE, {"reason": "spam"}))
    assert not Report.objects.exists()


def test_limit_is_said_and_keeps_what_was_typed(bob: User) -> None:
    browser = browser_of(bob)
    for _ in range(limits.REPORTS_PER_HOUR):
        browser.post(PAGE, {"reason": "spam"})
    answer = browser.post(PAGE, {"reason": "hate", "text": "One more."})
    assert "You have reported much" in text_of(answer)
    assert "One more." in text_of(answer)
    assert Report.objects.get().reason == "spam"


def test_what_is_not_there_cannot_be_reported(bob: User) -> None:
    browser = browser_of(bob)
    for address in ("/report/thing/moon", "/report/planet/mill", "/report/thing/", "/report/thing/a/b"):
        assert browser.get(address).status_code == 404, address
        assert browser.post(address, {"reason": "spam"}).status_code == 404, address


def test_outcome_is_its_reporters_alone(alice: User, bob: User, charlie: User) -> None:
    browser_of(bob).post(PAGE, {"reason": "hate", "text": "She said it."})
    for other in (alice, charlie):
        assert browser_of(other).get(SENT).status_code == 404
    assert Client().get(SENT).status_code == 302
    dismiss_reports(reports=Report.objects.all(), by=charlie)
    shown = text_of(browser_of(bob).get(SENT))
    assert "found nothing against the rules" in shown
    assert "What happens next" not in shown
    assert "You have reported this" not in text_of(browser_of(bob).get(PAGE)), "a new one begins"


@pytest.mark.parametrize("address", [PAGE, SENT])
def test_no_text_becomes_part_of_a_page(
    address: str, bob: User, rename: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(bob)
    browser.post(PAGE, {"reason": "hate", "text": "plain"})
    plain = bones_of(browser.get(address).content.decode()).elements
    assert len(SOME) > 20
    for text in SOME:
        rename("mill", text)
        Report.objects.update(title=text, text=text)
        assert bones_of(browser.get(address).content.decode()).elements == plain, text
    rename("mill", mark_safe("<img src=x>"))
    monkeypatch.setattr(Report, "get_reason_display", lambda self: mark_safe("<img src=x>"))
    assert bones_of(browser.get(address).content.decode()).elements != plain, "markup would be seen"
