"""Hooks in any order, repeated, late, lost or forged, against a small model of what should come out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from redis import Redis

from common.redis import redis_client
from streaming import redis_keys
from streaming.broadcast_services import announce_live
from streaming.limits import HEALTHY_SECONDS, SILENT_SECONDS, STARTING_SECONDS_MAX
from streaming.models import Broadcast, IngestNotice, IngestSession
from streaming.reconcile import reconcile_broadcasts
from streaming.services import end_broadcast
from tests.streaming.conftest import Hooks

CLIENTS = st.sampled_from(["1", "2", "3", "4"])
GRACE_SECONDS = 30


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class HookMachine(RuleBasedStateMachine):
    """One channel, four connections. The model is the plain reading of the rules, without any database."""

    hooks: Hooks
    key: str
    clock: Clock

    @initialize()
    def begin(self) -> None:
        Broadcast.objects.all().delete()
        IngestNotice.objects.all().delete()
        for name in redis_client().keys("streaming:early-done:*"):
            redis_client().delete(name)
        self.state: str | None = None  # of the open broadcast
        self.begun = 0  # broadcasts so far
        self.was_live = False
        self.deadline: datetime | None = None
        self.publisher: str | None = None
        self.seen: datetime = self.clock.now
        self.connected: datetime = self.clock.now
        self.known: dict[str, tuple[str, int]] = {}  # client -> why its last session ended, of which broadcast
        self.connected_at: dict[str, datetime] = {}
        self.early: set[str] = set()

    # --- What happens

    @rule(client=CLIENTS)
    def publish(self, client: str) -> None:
        self._pass(0.01)
        answer = self.hooks.publish(self.key, client)
        assert answer.status_code == (302 if self._model_publish(client) else 403)

    def _model_publish(self, client: str) -> bool:
        now = self.clock.now
        if self.publisher == client:
            return True
        if self.publisher is not None:
            if now - self.seen <= timedelta(seconds=HEALTHY_SECONDS):
                return False
            self._close("replaced")
        if self.state == "reconnecting" and self.deadline is not None and self.deadline < now:
            self.state = None
        if self.state is None:
            self.state, self.was_live = "starting", False
            self.begun += 1
        self.deadline, self.publisher = None, client
        self.seen = self.connected = self.connected_at[client] = now
        self.known[client] = ("", self.begun)
        if client in self.early:
            self.early.discard(client)
            self._close("done")
            self._lose()
        return True

    @rule(client=CLIENTS)
    def publish_done(self, client: str) -> None:
        self._pass(0.01)
        assert self.hooks.publish_done(self.key, client).status_code == 204
        if self.publisher == client:
            self._close("done")
            self._lose()
        elif client not in self.known:
            self.early.add(client)

    @rule(client=CLIENTS)
    def update(self, client: str) -> None:
        self._pass(0.01)
        answer = self.hooks.update(self.key, client)
        assert answer.status_code == (204 if self._model_update(client) else 403)

    def _model_update(self, client: str) -> bool:
        if self.publisher == client:
            self.seen = self.clock.now
            return True
        cause, of_broadcast = self.known.get(client, ("", 0))
        carries_on = cause == "lost" and self.state == "reconnecting" and of_broadcast == self.begun
        if not carries_on or self.publisher is not None:
            return False
        self.publisher, self.seen, self.deadline = client, self.clock.now, None
        self.connected = self.connected_at[client]
        self.known[client] = ("", self.begun)
        self.state = "live" if self.was_live else "reconnecting"
        return True

    @rule()
    def first_segment(self) -> None:
        self._pass(0.01)
        newest = Broadcast.objects.order_by("-pk").first()
        announce_live(stream_id=newest.public_id if newest else "0" * 24)
        if self.state is not None:
            self.was_live = True
            if self.publisher is not None:
                self.state, self.deadline = "live", None

    @rule()
    def streamer_ends_it(self) -> None:
        self._pass(0.01)
        for broadcast in Broadcast.objects.open():
            end_broadcast(broadcast=broadcast, reason="Enough.")
        self._end()

    @rule(seconds=st.sampled_from([1, 6, 13, 16, 31, 61]))
    def time_passes(self, seconds: int) -> None:
        self._pass(seconds)

    @rule()
    def tick(self) -> None:
        redis_client().set(redis_keys.RECONCILE_AT, 1)
        reconcile_broadcasts()
        now = self.clock.now
        if self.state == "reconnecting" and self.deadline is not None and self.deadline < now:
            self._end()
        if self.publisher is not None and now - self.seen > timedelta(seconds=SILENT_SECONDS):
            self._close("lost")
            self._lose()
        without_picture = self.publisher is not None and self.state != "live"
        if without_picture and now - self.connected > timedelta(seconds=STARTING_SECONDS_MAX):
            self._end()

    # --- What must hold after each step

    @invariant()
    def database_agrees_with_the_model(self) -> None:
        if not hasattr(self, "known"):
            return
        running = [(row.state, row.reconnect_deadline) for row in Broadcast.objects.open()]
        assert running == ([(self.state, self.deadline)] if self.state else [])
        assert Broadcast.objects.count() == self.begun
        publishers = [row.client_id for row in IngestSession.objects.open()]
        assert publishers == ([self.publisher] if self.publisher else [])

    def _pass(self, seconds: float) -> None:
        self.clock.now += timedelta(seconds=seconds)

    def _close(self, cause: str) -> None:
        assert self.publisher is not None
        self.known[self.publisher] = (cause, self.begun)
        self.publisher = None

    def _lose(self) -> None:
        self.state = "reconnecting"
        self.deadline = self.clock.now + timedelta(seconds=GRACE_SECONDS)

    def _end(self) -> None:
        if self.publisher is not None:
            self._close("closed")
        self.state = self.deadline = None


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(300)
def test_any_order_of_hooks_ends_in_the_right_state(
    hooks: Hooks, key: str, empty_redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "RECONNECT_GRACE_SECONDS", GRACE_SECONDS)
    monkeypatch.setattr("streaming.ingest.control.CONTROL_SECONDS", 0.2)
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    machine: Any = type("Machine", (HookMachine,), {"hooks": hooks, "key": key, "clock": clock})
    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            database=None,
            derandomize=True,  # the same interleavings in every run; raise max_examples to look for more
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
