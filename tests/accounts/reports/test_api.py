"""Reporting by programs."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Report, User
from accounts.reports import limits
from accounts.services import create_api_token, create_limited_token
from tests.accounts.reports.conftest import Things

pytestmark = pytest.mark.django_db
MILL = {"kind": "thing", "subject": "mill", "reason": "spam"}


def program(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def bobs(things: Things, bob: User) -> Client:
    return program(create_limited_token(user=bob, name="test", scopes=["user:edit:reports"]))


def send(client: Client, **changes: Any) -> Any:
    return client.post("/api/v1/reports", {**MILL, **changes}, "application/json")


def test_a_report_is_made_and_then_changed(bobs: Client, bob: User) -> None:
    answer = send(bobs)
    assert answer.status_code == 201
    assert answer.json() == {
        "kind": "thing", "title": "The mill of alice", "reason": "spam", "text": "", "state": "open",
        "created_at": answer.json()["created_at"], "url": "/report/thing/mill/sent",
    }  # fmt: skip
    answer = send(bobs, reason="hate", text="Now this.")
    assert (answer.status_code, answer.json()["text"]) == (200, "Now this.")
    assert Report.objects.get().reporter == bob


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"kind": "planet"}, 404, "There are: "),
        ({"subject": "moon"}, 404, "no such thing"),
        ({"subject": "x" * 500}, 400, "no more than"),
        ({"reason": "because"}, 400, "not a valid choice"),
        ({"reason": "other"}, 400, "Say in a few words"),
        ({"text": "x" * (limits.TEXT_MAX + 1)}, 400, "no more than"),
        ({"text": "\u202e"}, 400, "cannot be shown"),
    ],
)
def test_what_makes_no_sense_is_refused(bobs: Client, wrong: dict[str, str], status: int, said: str) -> None:
    answer = send(bobs, **wrong)
    assert (answer.status_code, Report.objects.exists()) == (status, False)
    assert said in answer.content.decode()


def test_ones_own_is_refused(things: Things, alice: User) -> None:
    answer = send(program(create_api_token(user=alice, name="test")))
    assert (answer.status_code, answer.json()["code"]) == (403, "own")


def test_strangers_and_other_scopes_are_refused(things: Things, bob: User) -> None:
    assert send(Client()).status_code == 401
    chats = create_limited_token(user=bob, name="test", scopes=["chat:edit"])
    answer = send(program(chats))
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    assert not Report.objects.exists()


def test_a_session_needs_its_csrf_token(things: Things, bob: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(bob)
    assert send(browser).status_code == 403
    unprotected = Client()
    unprotected.force_login(bob)
    assert send(unprotected).status_code == 201, "nothing else was in the way"


def test_who_asks_too_often_is_told_when_to_come_again(bobs: Client) -> None:
    for _ in range(limits.REPORTS_PER_HOUR):
        assert send(bobs).status_code in (200, 201)
    answer = send(bobs)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 3600


def test_nobody_reports_for_somebody_else_or_decides_by_a_body(bobs: Client, bob: User, alice: User) -> None:
    send(bobs, reporter=alice.pk, state="resolved", title="Mine", handled_by=alice.pk)
    report = Report.objects.get()
    assert (report.reporter, report.state, report.title, report.handled_by) == (bob, "open", "The mill of alice", None)
