"""What the rest of the product asks of the media side, and what is told upward."""

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.db import DatabaseError, connection
from django.dispatch import Signal
from pytest_django import DjangoCaptureOnCommitCallbacks

from transcode import redis_keys, services, slot_ledger
from transcode.models import LiveJob
from transcode.reports import Reports
from transcode.slots import CPU_QUEUE, GPU_QUEUE, Machine, machine_queue
from transcode.tasks import supervise_live

STREAM = "0123456789abcdef01234567"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, empty_redis: "redis.Redis") -> Iterator[list[str]]:
    """Broadcasts a worker was sent to."""
    found: list[str] = []
    monkeypatch.setattr(supervise_live, "apply_async", lambda arguments, **_: found.append(*arguments))
    yield found


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch, empty_redis: "redis.Redis") -> Iterator[list[str]]:
    """The queues workers were sent through."""
    found: list[str] = []
    monkeypatch.setattr(supervise_live, "apply_async", lambda _, queue: found.append(queue))
    yield found


def offer(client: "redis.Redis", name: str, *, queue: str = CPU_QUEUE, slots: int = 1, room: int = 4) -> None:
    slot_ledger.offer(client, worker=f"live-1@{name}", machine=Machine(name, queue, slots, room))


def take_lease(client: "redis.Redis", stream_id: str, machine: str) -> None:
    client.set(redis_keys.lease_key(stream_id), f"{machine}/token")


def slots(client: "redis.Redis") -> dict[str, str]:
    slot_ledger.settle(client)
    return {str(name): str(machine) for name, machine in client.hgetall(redis_keys.SLOTS).items()}


@pytest.mark.django_db
def test_request_sends_one_worker_however_often_it_is_made(
    sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.request_live(stream_id=STREAM, priority=3)
        services.request_live(stream_id=STREAM, priority=9)
        assert sent == []  # only once the job is stored

    assert sent == [STREAM]
    assert LiveJob.objects.get().priority == 3


@pytest.mark.django_db
def test_missing_workers_are_sent_in_order_of_priority(sent: list[str], empty_redis: "redis.Redis") -> None:
    for number, priority in enumerate((5, 0, 3, 5)):
        LiveJob.objects.create(stream_id=f"{number:024}", priority=priority)
    LiveJob.objects.create(stream_id="e" * 24, wanted=False)
    LiveJob.objects.create(stream_id="f" * 24, finished_at="2026-01-01T00:00Z")
    empty_redis.set(redis_keys.lease_key(f"{3:024}"), "a worker")
    services.reconcile_live()
    services.reconcile_live()

    assert sent == [f"{1:024}", f"{2:024}", f"{0:024}", "e" * 24]


@pytest.mark.django_db
def test_finish_tells_the_worker_or_sends_one(
    sent: list[str], empty_redis: "redis.Redis", django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    LiveJob.objects.create(stream_id=STREAM)
    orders = empty_redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    orders.subscribe(redis_keys.control_channel(STREAM))
    assert orders.get_message(timeout=1) is None  # subscribed
    empty_redis.set(redis_keys.lease_key(STREAM), "a worker")
    for expected in ([], [STREAM]):  # one owns it; nobody does
        with django_capture_on_commit_callbacks(execute=True):
            services.finish_live(stream_id=STREAM)
        assert sent == expected
        empty_redis.delete(redis_keys.lease_key(STREAM))

    heard = [message["data"] for message in iter(lambda: orders.get_message(timeout=0.3), None)]
    assert heard == ['{"order": "finish"}'] * 2
    assert not LiveJob.objects.get().wanted


@pytest.mark.django_db
def test_broadcast_goes_to_a_machine_with_a_free_slot_and_then_to_any(
    queues: list[str], empty_redis: "redis.Redis"
) -> None:
    offer(empty_redis, "small", slots=0)
    offer(empty_redis, "big", slots=2)
    offer(empty_redis, "fast", queue=GPU_QUEUE, slots=1)
    LiveJob.objects.create(stream_id=STREAM)
    for _ in range(3):
        services.reconcile_live()
        empty_redis.delete(redis_keys.dispatch_key(STREAM))  # the pause is over

    assert queues == [machine_queue("fast"), CPU_QUEUE, CPU_QUEUE]


@pytest.mark.django_db
def test_nobody_is_sent_where_there_is_no_room(queues: list[str], empty_redis: "redis.Redis") -> None:
    offer(empty_redis, "small", room=1)
    for number, priority in enumerate((5, 0)):
        LiveJob.objects.create(stream_id=f"{number:024}", priority=priority)
    services.reconcile_live()
    assert queues == [machine_queue("small")]
    assert not empty_redis.exists(redis_keys.dispatch_key(f"{0:024}"))

    take_lease(empty_redis, f"{1:024}", "small")
    services.reconcile_live()
    assert len(queues) == 1


@pytest.mark.django_db
def test_slots_follow_leases_and_come_back_when_a_worker_dies(empty_redis: "redis.Redis") -> None:
    alice, bob, charlie = ("a" * 24, "b" * 24, "c" * 24)
    offer(empty_redis, "one", slots=1)
    LiveJob.objects.create(stream_id=alice)
    take_lease(empty_redis, alice, "one")
    assert slots(empty_redis) == {alice: "one"}

    for stream_id, priority in ((charlie, 5), (bob, 0)):
        LiveJob.objects.create(stream_id=stream_id, priority=priority)
        take_lease(empty_redis, stream_id, "one")
    assert slots(empty_redis) == {alice: "one"}  # nothing is taken from her

    empty_redis.delete(redis_keys.lease_key(alice))  # killed, and taken over soon
    assert slots(empty_redis) == {alice: "one"}
    take_lease(empty_redis, alice, "another")
    assert slots(empty_redis) == {bob: "one"}
    take_lease(empty_redis, alice, "one")
    assert slots(empty_redis) == {bob: "one"}
    LiveJob.objects.filter(stream_id=bob).update(finished_at="2026-01-01T00:00Z")
    assert slots(empty_redis) == {alice: "one"}  # she came before Charlie
    empty_redis.set(redis_keys.no_slot_key(alice), 1)
    assert slots(empty_redis) == {charlie: "one"}


@pytest.mark.django_db
def test_workers_that_are_gone_are_forgotten(empty_redis: "redis.Redis") -> None:
    for name in ("one", "two"):
        offer(empty_redis, name)
    empty_redis.delete(redis_keys.worker_key("live-1@one"))
    services.reconcile_live()

    assert empty_redis.smembers(redis_keys.WORKERS) == {"live-1@two"}


@pytest.mark.django_db(transaction=True)
def test_slots_are_never_sold_twice_whoever_settles_at_the_same_time(empty_redis: "redis.Redis") -> None:
    offer(empty_redis, "one", slots=3)
    for number in range(10):
        LiveJob.objects.create(stream_id=f"{number:024}")
        take_lease(empty_redis, f"{number:024}", "one")

    def settle() -> None:
        slot_ledger.settle(empty_redis)
        connection.close()

    threads = [threading.Thread(target=settle) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(empty_redis.hgetall(redis_keys.SLOTS)) == [f"{number:024}" for number in range(3)]


def _connect_player(client: "redis.Redis") -> None:
    """What a supervisor does when its puller has joined."""
    client.set(redis_keys.player_key(STREAM), 1, ex=5)
    client.rpush(redis_keys.player_waiters_key(STREAM), 1)


def test_publish_answer_waits_for_the_puller(empty_redis: "redis.Redis") -> None:
    assert not services.wait_for_player(stream_id=STREAM, seconds=0.2)
    threading.Timer(0.2, _connect_player, args=[empty_redis]).start()
    began = time.monotonic()

    assert services.wait_for_player(stream_id=STREAM, seconds=5)
    assert time.monotonic() - began < 2
    assert services.wait_for_player(stream_id=STREAM, seconds=5)


def test_status_is_what_the_worker_said_last(empty_redis: "redis.Redis") -> None:
    assert services.live_status(stream_id=STREAM) is None
    empty_redis.set(redis_keys.status_key(STREAM), '{"fps": 30.0}')

    assert services.live_status(stream_id=STREAM) == {"fps": 30.0}


async def test_reports_keep_their_order_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transcode.reports.RETRY_SECONDS", 0.02)
    done: list[Any] = []
    failures = [DatabaseError("away"), DatabaseError("still away")]

    def flaky(**facts: Any) -> None:
        if failures:
            raise failures.pop()
        done.append(facts["number"])

    signal = Signal()
    signal.connect(flaky, weak=False)
    reports = Reports(STREAM)
    for number in range(3):
        reports.signal(signal, number=number)
    await asyncio.wait_for(reports.drain(), 5)
    await reports.close()

    assert done == [0, 1, 2]


async def test_report_that_fails_does_not_stop_the_next() -> None:
    done: list[int] = []

    def receive(*, number: int, **_: Any) -> None:
        if number == 0:
            raise ValueError("a receiver's mistake")
        done.append(number)

    signal = Signal()
    signal.connect(receive, weak=False)
    reports = Reports(STREAM)
    reports.signal(signal, number=0)
    reports.signal(signal, number=1)
    await asyncio.wait_for(reports.drain(), 5)
    await reports.close()

    assert done == [1]


async def test_question_waits_for_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transcode.reports.RETRY_SECONDS", 0.02)
    failures = [DatabaseError("away")]

    def ask(*, stream_id: str) -> str:
        if failures:
            raise failures.pop()
        return stream_id

    reports = Reports(STREAM)
    assert await asyncio.wait_for(reports.ask(ask), 5) == STREAM
    await reports.close()
