"""Reporting, deciding, telling who reported, forgetting."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.leaving import remove_account
from accounts.models import Report, User
from accounts.notifications.models import Notification
from accounts.reports import limits, services
from accounts.reports.services import (
    dismiss_reports,
    prune_reports,
    report_subject,
    resolve_reports,
    suspend_reported,
)
from accounts.services import create_user
from common.errors import DomainError, InvalidInput, NotAllowed, TooMany
from streaming.models import Broadcast
from tests.accounts.reports.conftest import Things

pytestmark = pytest.mark.django_db
Send = Callable[..., Report]


@pytest.fixture
def send(things: Things) -> Send:
    def act(reporter: User, name: str = "mill", reason: str = "spam", text: str = "") -> Report:
        return report_subject(reporter=reporter, kind="thing", subject=things[name], reason=reason, text=text)[0]

    return act


@pytest.fixture
def dora() -> User:
    """Dora is staff."""
    return User.objects.create_superuser("dora", password=None)


def told(user: User) -> list[str]:
    own = Notification.objects.of(user.pk).filter(happening__kind="report")
    return [f"{one.happening.text} {one.happening.detail} {one.happening.path}" for one in own]


def test_a_report_keeps_what_was_seen(send: Send, bob: User, alice: User, rename: Callable[..., None]) -> None:
    send(bob, text="Look at\r\nthe title.")
    rename("mill", "Nothing to see")
    report = Report.objects.get()
    assert (report.reporter, report.reported, report.state, report.text) == (bob, alice, "open", "Look at\nthe title.")
    assert report.title == "The mill of alice"
    assert report.snapshots[0]["facts"] == [["Title", "mill"]]


def test_reporting_again_changes_the_open_one(send: Send, bob: User, rename: Callable[..., None]) -> None:
    first = send(bob, text="Spam.")
    rename("mill", "Hate")
    again = send(bob, reason="hate", text="Look now.")
    assert again.pk == first.pk
    report = Report.objects.get()
    assert (report.reason, report.text) == ("hate", "Look now.")
    assert [kept["facts"][0][1] for kept in report.snapshots] == ["mill", "Hate"]
    assert report.changed_at is not None


def test_database_itself_keeps_it_at_one(send: Send, bob: User) -> None:
    send(bob)
    row = Report.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
    resolve_reports(reports=Report.objects.all(), by=bob)
    send(bob)
    assert Report.objects.count() == 2, "a new one once the first is decided on"


@pytest.mark.parametrize(
    ("reason", "text", "code"),
    [
        ("", "", "no_such_reason"),
        ("because", "", "no_such_reason"),
        ("other", " \n", "no_text"),
        ("spam", "x" * (limits.TEXT_MAX + 1), "invalid"),
        ("spam", "a\x00b", "invalid"),
        ("spam", "turned \u202e around", "invalid"),
    ],
)
def test_what_makes_no_sense_is_refused(send: Send, bob: User, reason: str, text: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        send(bob, reason=reason, text=text)
    assert refused.value.code == code
    assert not Report.objects.exists()
    assert send(bob, reason="other", text="x\r\n" * (limits.TEXT_MAX // 2)), "an end of a line is one character"


def test_nobody_reports_himself(send: Send, alice: User) -> None:
    with pytest.raises(NotAllowed):
        send(alice)


def test_reports_of_one_person_are_limited(send: Send, bob: User, charlie: User) -> None:
    for _ in range(limits.REPORTS_PER_HOUR):
        send(bob)
    with pytest.raises(TooMany) as refused:
        send(bob)
    assert 0 < refused.value.retry_seconds <= 3600
    send(charlie)


def test_nobody_fills_the_queue_alone(send: Send, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OPEN_MAX", 2)
    send(bob, "mill")
    send(bob, "wheel")
    with pytest.raises(TooMany):
        send(bob, "pond")
    send(bob, "wheel", text="One that is there may be changed.")
    dismiss_reports(reports=Report.objects.filter(key="mill"), by=bob)
    send(bob, "pond")


def test_deciding_on_one_decides_on_all_of_the_same(send: Send, bob: User, charlie: User, dora: User) -> None:
    report, _, other = send(bob), send(charlie), send(charlie, "wheel")
    assert resolve_reports(reports=Report.objects.filter(pk=report.pk), by=dora) == 2
    assert set(Report.objects.filter(key="mill").values_list("state", "handled_by")) == {("resolved", dora.pk)}
    assert dismiss_reports(reports=Report.objects.all(), by=dora) == 1, "what is decided stays"
    other.refresh_from_db()
    assert (other.state, other.handled_by) == ("dismissed", dora)
    assert other.handled_at is not None


def test_who_reported_hears_what_was_decided(send: Send, bob: User, charlie: User, dora: User) -> None:
    send(bob)
    send(charlie)
    send(bob, "wheel")
    resolve_reports(reports=Report.objects.filter(key="mill"), by=dora)
    dismiss_reports(reports=Report.objects.filter(key="wheel"), by=dora)
    acted = "Thank you: the staff acted on your report. The mill of alice /report/thing/mill/sent"
    assert told(charlie) == [acted]
    assert len(told(bob)) == 2
    assert "nothing against the rules. The wheel of alice" in told(bob)[0]
    assert not told(dora)


def test_suspending_ends_the_broadcast_and_resolves_all_about_the_person(
    send: Send, alice: User, bob: User, charlie: User, dora: User, django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("streaming.broadcast_services.drop_publisher", lambda **_: None)
    broadcast = Broadcast.objects.create(channel=alice.channel, state="live")
    send(bob)
    send(charlie, "wheel")
    with django_capture_on_commit_callbacks(execute=True):
        assert suspend_reported(reports=Report.objects.filter(key="mill"), by=dora) == [alice]
    alice.refresh_from_db()
    broadcast.refresh_from_db()
    assert (alice.is_active, broadcast.state) == (False, "ended")
    assert set(Report.objects.values_list("state", "handled_by")) == {("resolved", dora.pk)}


def test_staff_do_not_suspend_themselves(send: Send, things: Things, alice: User, bob: User) -> None:
    send(bob)
    assert suspend_reported(reports=Report.objects.all(), by=alice) == []
    alice.refresh_from_db()
    assert (alice.is_active, Report.objects.get().state) == (True, "open")


def test_what_most_report_comes_first_then_what_is_new(send: Send, bob: User, charlie: User, dora: User) -> None:
    send(bob, "wheel")
    send(charlie, "wheel")
    send(bob, "mill")
    send(bob, "pond")
    assert [(one.key, one.same) for one in Report.objects.queue()] == [  # type: ignore[attr-defined]
        ("wheel", 2), ("wheel", 2), ("pond", 1), ("mill", 1),
    ]  # fmt: skip


def test_deciding_costs_as_many_queries_for_many_as_for_one(send: Send, bob: User, charlie: User, dora: User) -> None:
    def cost(name: str, *people: User) -> int:
        for one in people:
            send(one, name)
        with CaptureQueriesContext(connection) as asked:
            assert resolve_reports(reports=Report.objects.filter(key=name), by=dora) == len(people)
        return len(asked)

    crowd = [create_user(login=f"viewer{number}") for number in range(8)]
    assert cost("mill", bob) == cost("wheel", bob, charlie, *crowd)


def test_decided_ones_go_after_their_time_and_open_ones_stay(send: Send, bob: User, dora: User, settings: Any) -> None:
    for name in ("mill", "wheel", "pond"):
        send(bob, name)
    resolve_reports(reports=Report.objects.filter(key__in=["mill", "wheel"]), by=dora)
    long_ago = timezone.now() - timedelta(days=settings.REPORTS_KEEP_DAYS, seconds=1)
    Report.objects.update(created_at=long_ago)
    assert prune_reports() == 0
    Report.objects.filter(key="mill").update(handled_at=long_ago)
    assert prune_reports() == 1
    assert set(Report.objects.values_list("key", flat=True)) == {"wheel", "pond"}


def test_pruning_goes_on_until_nothing_is_left(send: Send, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PRUNE_BATCH", 1)
    for name in ("mill", "wheel", "pond"):
        send(bob, name)
    Report.objects.update(state="resolved", handled_at=timezone.now() - timedelta(days=9_999))
    assert prune_reports() == 3


def test_who_leaves_is_forgotten(send: Send, things: Things, alice: User, bob: User, dora: User) -> None:
    send(bob, text="She insults people.")
    remove_account(user=bob)
    report = Report.objects.get()
    assert (report.reporter, report.reported) == (None, alice)
    assert resolve_reports(reports=Report.objects.all(), by=dora) == 1, "nobody is left to be told"
    remove_account(user=alice)
    assert not Report.objects.exists(), "what was kept of her is hers to take along"


def test_a_decision_that_fails_half_way_is_none(
    send: Send, bob: User, dora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(bob)

    def broken(**_: Any) -> None:
        raise DomainError("No.")

    monkeypatch.setattr(services, "create_happening", broken)
    with pytest.raises(DomainError):
        resolve_reports(reports=Report.objects.all(), by=dora)
    assert Report.objects.get().state == "open"


@pytest.mark.django_db(transaction=True)
def test_sent_twice_at_once_it_is_one_report(things: Things, bob: User) -> None:
    """Both look before either has written; without the lock the database refuses the second."""
    begin = Barrier(2)

    def act(text: str) -> bool:
        begin.wait(10)
        try:
            return report_subject(reporter=bob, kind="thing", subject=things["mill"], reason="spam", text=text)[1]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(act, ("one", "two"))) == [False, True]
    assert Report.objects.count() == 1
