"""The staff's queue."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.safestring import mark_safe

from accounts.models import Report, User
from accounts.reports.services import report_subject
from accounts.services import create_user
from tests.accounts.reports.conftest import Things
from tests.bones import bones_of
from tests.chat.xss_corpus import PAYLOADS

pytestmark = pytest.mark.django_db
QUEUE = "/admin/accounts/report/"
SOME = [one for one in PAYLOADS if len(one) <= 200 and "\x00" not in one][::9]


@pytest.fixture
def dora() -> User:
    return User.objects.create_superuser("dora", password=None)


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def staff(dora: User) -> Client:
    return browser_of(dora)


@pytest.fixture
def reports(things: Things, bob: User, charlie: User) -> dict[str, Report]:
    """Two of the mill, then one of the wheel."""
    made = [(bob, "mill", "spam"), (charlie, "mill", "hate"), (bob, "wheel", "spam")]
    return {
        f"{person.login} {name}": report_subject(
            reporter=person, kind="thing", subject=things[name], reason=reason, text=f"Says {person.login}."
        )[0]
        for person, name, reason in made
    }


def shown(answer: Any) -> list[str]:
    """Titles in the list, in their order."""
    return re.findall(r'field-title"><a [^>]*>The (\w+) of alice', answer.content.decode())


def act(browser: Client, action: str, report: Report) -> Any:
    return browser.post(QUEUE, {"action": action, "_selected_action": [report.pk]}, follow=True)


def test_what_is_open_is_shown_the_most_reported_first(staff: Client, reports: dict[str, Report]) -> None:
    assert shown(staff.get(QUEUE)) == ["mill", "mill", "wheel"]
    act(staff, "dismiss", reports["bob mill"])
    assert shown(staff.get(QUEUE)) == ["wheel"]
    assert shown(staff.get(f"{QUEUE}?state=dismissed")) == ["mill", "mill"]
    assert len(shown(staff.get(f"{QUEUE}?state=all"))) == 3
    assert shown(staff.get(f"{QUEUE}?state=nonsense")) == ["wheel"]


def test_it_is_filtered_and_searched(staff: Client, reports: dict[str, Report]) -> None:
    assert shown(staff.get(f"{QUEUE}?reason__exact=hate")) == ["mill"]
    assert shown(staff.get(f"{QUEUE}?kind=thing")) == ["mill", "mill", "wheel"]
    assert shown(staff.get(f"{QUEUE}?kind=clip")) == []
    assert shown(staff.get(f"{QUEUE}?q=wheel")) == ["wheel"]
    assert shown(staff.get(f"{QUEUE}?q=charlie")) == ["mill"]
    assert len(shown(staff.get(f"{QUEUE}?q=alice"))) == 3


def test_one_report_leads_everywhere(staff: Client, reports: dict[str, Report], alice: User, bob: User) -> None:
    page = staff.get(f"{QUEUE}{reports['bob mill'].pk}/change/").content.decode()
    addresses = (
        "/mill", "/admin/mill", f"/admin/accounts/user/{alice.pk}/change/", f"/admin/accounts/user/{bob.pk}/change/",
        f"{QUEUE}{reports['charlie mill'].pk}/change/",
    )  # fmt: skip
    for address in addresses:
        assert f'href="{address}"' in page, address
    assert "<dt>Title</dt><dd>mill</dd>" in page
    assert 'name="_save"' not in page
    assert "/report/" not in re.sub(QUEUE, "", page), "that page is its reporter's"
    person = staff.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
    about = re.search(r'<a href="([^"]+)">3</a>', person)
    assert about and len(shown(staff.get(about[1].replace("&amp;", "&")))) == 3
    assert "/admin/accounts/report/?state=all&amp;reported=" in person


@pytest.mark.parametrize(("action", "state"), [("resolve", "resolved"), ("dismiss", "dismissed")])
def test_who_decides_is_written_down(
    staff: Client, reports: dict[str, Report], dora: User, action: str, state: str
) -> None:
    answer = act(staff, action, reports["bob mill"])
    assert f"2 {state}" in answer.content.decode()
    decided = Report.objects.filter(state=state)
    assert {(one.key, one.handled_by, one.handled_at is None) for one in decided} == {("mill", dora, False)}


def test_suspending_from_the_queue(
    staff: Client, reports: dict[str, Report], alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = act(staff, "suspend", reports["bob mill"])
    assert "Suspended, and resolved what was open: alice." in answer.content.decode()
    alice.refresh_from_db()
    assert not alice.is_active
    assert not Report.objects.open().exists()


def test_nobody_changes_makes_or_deletes_one(staff: Client, reports: dict[str, Report]) -> None:
    one = reports["bob mill"]
    assert staff.get(f"{QUEUE}add/").status_code == 403
    assert staff.post(f"{QUEUE}{one.pk}/delete/", {"post": "yes"}).status_code == 403
    assert staff.post(f"{QUEUE}{one.pk}/change/", {"title": "x", "state": "resolved"}).status_code == 403
    act(staff, "delete_selected", one)
    assert Report.objects.open().count() == 3


def test_rights_are_asked_for(reports: dict[str, Report], alice: User) -> None:
    """Who may look decides nothing; who may decide suspends nobody."""
    helper = create_user(login="helper")
    User.objects.filter(pk=helper.pk).update(is_staff=True)
    assert browser_of(helper).get(QUEUE).status_code == 403
    for right, action in (("view_report", "resolve"), ("change_report", "suspend")):
        helper.user_permissions.add(Permission.objects.get(codename=right))
        browser = browser_of(helper)
        assert browser.get(QUEUE).status_code == 200
        act(browser, action, reports["bob mill"])
        assert Report.objects.open().count() == 3, right
    act(browser, "resolve", reports["bob mill"])
    assert Report.objects.open().count() == 1, "that he may by now"
    helper.user_permissions.add(Permission.objects.get(codename="change_user"))
    act(browser_of(helper), "suspend", reports["bob wheel"])
    alice.refresh_from_db()
    assert not alice.is_active
    assert browser_of(create_user(login="viewer")).get(QUEUE).status_code == 302


def test_no_text_becomes_part_of_the_queue(
    staff: Client, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = reports["bob wheel"].pk
    pages = (QUEUE, f"{QUEUE}{one}/change/")

    def write(text: str) -> None:
        Report.objects.update(title=text, text=text, snapshots=[{"at": text, "facts": [[text, text], ["b", text]]}])

    def elements() -> list[Any]:
        return [bones_of(staff.get(page).content.decode()).elements for page in pages]

    write("plain")
    plain = elements()
    assert len(SOME) > 20
    for text in SOME:
        write(text.replace("\n", " "))
        assert elements() == plain, text
    monkeypatch.setattr("accounts.reports.admin.truncatechars", lambda text, most: mark_safe("<img src=x>"))
    monkeypatch.setattr("accounts.reports.admin.linebreaksbr", lambda text: mark_safe("<img src=x>"))
    assert all(now != then for now, then in zip(elements(), plain, strict=True)), "markup would be seen"


def test_a_full_queue_costs_as_many_queries_as_one(staff: Client, things: Things, reports: dict[str, Report]) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert staff.get(QUEUE).status_code == 200
        return len(asked)

    staff.get(QUEUE)  # the first page of a session writes down where it began
    few = cost()
    for number in range(20):
        reporter = create_user(login=f"viewer{number}")
        report_subject(reporter=reporter, kind="thing", subject=things["pond"], reason="spam")
    assert cost() == few
