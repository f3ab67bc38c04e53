"""Pushing to browsers: who gets what, and what is done about those that don't."""

from collections import Counter
from typing import Any

import pytest

from accounts.models import User
from accounts.notifications import Kind, create_happening, notify_user, push
from accounts.notifications.models import Happening, NotificationPreference, PushSubscription
from accounts.notifications.push_outcomes import TRIES, Outcome, next_try_seconds, verdict_of
from accounts.notifications.tasks import send_pushes
from common.errors import InvalidInput
from tests.accounts.notifications.push_service import Browser, PushService

pytestmark = pytest.mark.django_db


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[Any], int]]:
    """What was put into the queue, instead of there: arguments and delay."""
    found: list[tuple[list[Any], int]] = []
    monkeypatch.setattr(send_pushes, "apply_async", lambda args, countdown: found.append((list(args), countdown)))
    return found


@pytest.fixture
def happening() -> Happening:
    made = create_happening(kind=Kind.LIVE, text="Alice is live", detail="Mühlen & more", path="/alice")
    assert made is not None
    return made


def subscribe(user: User, browser: Browser) -> PushSubscription:
    return push.subscribe_browser(user_id=user.pk, **browser.subscription, label="Firefox on Linux")


def send(happening: Happening, *subscriptions: PushSubscription, tries: int = 0) -> Counter[Outcome]:
    ids = [one.pk for one in subscriptions]
    return push.send_pushes(happening_id=happening.pk, subscription_ids=ids, tries=tries)


def test_browser_reads_what_happened(bob: User, pushes: PushService, happening: Happening) -> None:
    browser = pushes.browser("bobs")
    assert send(happening, subscribe(bob, browser)) == Counter({Outcome.SENT: 1}), pushes.refused
    [message] = browser.messages
    assert (message["text"], message["detail"], message["path"]) == ("Alice is live", "Mühlen & more", "/alice")
    assert message["id"] == happening.pk
    assert browser.headers[0]["Urgency"] == "high"
    assert 7000 < int(browser.headers[0]["TTL"]) <= 7200
    assert pushes.claims[0]["k"] == push.public_key()


def test_newer_news_of_the_same_page_take_the_place_of_older(bob: User, pushes: PushService) -> None:
    browser = pushes.browser("bobs")
    one = subscribe(bob, browser)
    for path in ("/alice", "/alice", "/dora"):
        made = create_happening(kind=Kind.LIVE, text="On air", path=path)
        assert made is not None
        send(made, one)
    topics = [headers["Topic"] for headers in browser.headers]
    assert topics[0] == topics[1] != topics[2]


@pytest.mark.parametrize("status", [403, 404, 410])
def test_browser_that_has_left_is_forgotten(bob: User, pushes: PushService, happening: Happening, status: int) -> None:
    gone, there = pushes.browser("gone", answer=status), pushes.browser("there")
    counts = send(happening, subscribe(bob, gone), subscribe(bob, there))
    assert counts == Counter({Outcome.GONE: 1, Outcome.SENT: 1})
    assert [one.endpoint for one in PushSubscription.objects.all()] == [there.subscription["endpoint"]]


def test_service_that_is_busy_is_asked_again_when_it_wants(
    bob: User, pushes: PushService, happening: Happening, queued: list[Any]
) -> None:
    one = subscribe(bob, pushes.browser("busy", answer=429, answer_headers={"Retry-After": "120"}))
    send(happening, one)
    [(arguments, seconds)] = queued
    assert arguments == [happening.pk, [one.pk], 1]
    assert seconds == 120


def test_rest_of_a_batch_spares_a_service_that_is_busy(
    bob: User, pushes: PushService, happening: Happening, queued: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "PUSHES_AT_ONCE", 1)
    many = [subscribe(bob, pushes.browser(f"b{n}", answer=429, answer_headers={"Retry-After": "60"})) for n in range(5)]
    send(happening, *many)
    assert pushes.asked == 1
    assert sorted(queued[0][0][1]) == sorted(one.pk for one in many)


def test_service_that_never_recovers_is_given_up(
    bob: User, pushes: PushService, happening: Happening, queued: list[Any]
) -> None:
    one = subscribe(bob, pushes.browser("broken", answer=503))
    for tries in range(TRIES):
        send(happening, one, tries=tries)
    assert len(queued) == TRIES - 1
    one.refresh_from_db()
    assert one.failures == 1
    PushSubscription.objects.update(failures=9)
    send(happening, one, tries=TRIES)
    assert not PushSubscription.objects.exists()


def test_sending_again_forgives_failures(bob: User, pushes: PushService, happening: Happening) -> None:
    one = subscribe(bob, pushes.browser("bobs"))
    PushSubscription.objects.update(failures=9)
    send(happening, one)
    one.refresh_from_db()
    assert one.failures == 0
    assert one.last_sent_at is not None


def test_stale_news_are_not_pushed(bob: User, pushes: PushService, happening: Happening) -> None:
    one = subscribe(bob, pushes.browser("bobs"))
    Happening.objects.update(created_at="2020-01-01T00:00:00Z")
    assert send(happening, one) == Counter()
    assert pushes.asked == 0


def test_pushes_to_one_service_share_a_connection(
    bob: User, pushes: PushService, happening: Happening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "PUSHES_AT_ONCE", 1)
    subscriptions = [subscribe(bob, pushes.browser(f"b{n}")) for n in range(10)]
    send(happening, *subscriptions)
    assert (pushes.asked, pushes.connections) == (10, 1)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/1",
        "https://user:pass@push.example/1",
        "https://127.0.0.1/1",
        "https://[::1]/1",
        "https://169.254.169.254/latest/meta-data",
        "https://push.example:22/1",
        "ftp://push.example/",
        "javascript:alert(1)",
        "https://push.example/" + "x" * 2000,
        "https://push.example/\nHost: evil",
        "",
    ],
)
def test_endpoint_must_be_on_the_internet(bob: User, endpoint: str) -> None:
    with pytest.raises(InvalidInput):
        push.subscribe_browser(
            user_id=bob.pk,
            endpoint=endpoint,
            p256dh="BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
            auth="BTBZMqHH6r4Tts7J_aSIgg",
        )


def test_endpoint_that_leads_home_after_all_gets_nothing(
    bob: User, pushes: PushService, happening: Happening, settings: Any
) -> None:
    browser = pushes.browser("bobs")
    one = subscribe(bob, browser)
    settings.OUTBOUND_NETWORKS = []
    assert send(happening, one) == Counter({Outcome.GONE: 1})
    assert pushes.asked == 0


def test_browser_of_somebody_else_becomes_ones_own(alice: User, bob: User, pushes: PushService) -> None:
    browser = pushes.browser("shared")
    subscribe(alice, browser)
    subscribe(bob, browser)
    assert [one.user_id for one in PushSubscription.objects.all()] == [bob.pk]


def test_oldest_of_too_many_browsers_is_forgotten(bob: User, pushes: PushService) -> None:
    first = subscribe(bob, pushes.browser("b0"))
    for number in range(1, 11):
        subscribe(bob, pushes.browser(f"b{number}"))
    assert PushSubscription.objects.count() == 10
    assert not PushSubscription.objects.filter(pk=first.pk).exists()


def test_nobody_forgets_a_browser_of_somebody_else(alice: User, bob: User, pushes: PushService) -> None:
    one = subscribe(bob, pushes.browser("bobs"))
    assert not push.forget_browser(user_id=alice.pk, subscription_id=one.pk)
    assert push.forget_browser(user_id=bob.pk, endpoint=one.endpoint)


def test_only_who_wants_a_kind_is_pushed_it(
    alice: User, bob: User, charlie: User, pushes: PushService, happening: Happening, queued: list[Any]
) -> None:
    subscriptions = {user: subscribe(user, pushes.browser(user.login)) for user in (alice, bob, charlie)}
    NotificationPreference.objects.create(user=bob, kind=Kind.LIVE, way="push", wanted=False)
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    assert push.queue_pushes(happening=happening, user_ids=[alice.pk, bob.pk, charlie.pk]) == 1
    assert queued == [([happening.pk, [subscriptions[alice].pk], 0], 0)]


@pytest.mark.django_db(transaction=True)
def test_telling_somebody_queues_the_push_after_the_commit(bob: User, pushes: PushService, queued: list[Any]) -> None:
    one = subscribe(bob, pushes.browser("bobs"))
    happening = notify_user(user_id=bob.pk, kind=Kind.RECORDING, text="It is ready.", path="/videos/1")
    assert happening is not None
    assert queued == [([happening.pk, [one.pk], 0], 0)]


@pytest.mark.parametrize(
    ("status", "retry_after", "outcome", "seconds"),
    [
        (201, "", Outcome.SENT, 0),
        (200, "", Outcome.SENT, 0),
        (301, "", Outcome.REFUSED, 0),
        (400, "", Outcome.REFUSED, 0),
        (413, "", Outcome.REFUSED, 0),
        (404, "", Outcome.GONE, 0),
        (410, "", Outcome.GONE, 0),
        (429, "30", Outcome.LATER, 30),
        (429, "Wed, 21 Oct 2026 07:28:00 GMT", Outcome.LATER, 0),
        (503, "99999999999999", Outcome.LATER, 0),
        (500, "", Outcome.LATER, 0),
    ],
)
def test_what_an_answer_means(status: int, retry_after: str, outcome: Outcome, seconds: int) -> None:
    verdict = verdict_of(status, retry_after)
    assert (verdict.outcome, verdict.wait_seconds) == (outcome, seconds)


def test_waits_become_longer_and_end() -> None:
    waits = [next_try_seconds(tries, 0, 1.0) for tries in range(1, TRIES + 1)]
    assert waits == [10, 20, 40, 80, None]
    assert next_try_seconds(1, 300, 0.0) == 300
    assert next_try_seconds(1, 3600, 0.0) is None
