"""What Prometheus is told of the whole cluster in one scrape."""

import json

import pytest
import redis
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from transcode import redis_keys, slot_ledger
from transcode.models import LiveJob
from transcode.slots import CPU_QUEUE, GPU_QUEUE, Machine

ALICE, BOB, CHARLIE, DORA = ("a" * 24, "b" * 24, "c" * 24, "d" * 24)


def scrape(client: Client) -> dict[tuple[str, str], float]:
    """(name, the one label's value) → value."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.django_db
def test_one_scrape_shows_slots_queue_and_speed_of_every_machine(client: Client, empty_redis: "redis.Redis") -> None:
    slot_ledger.offer(empty_redis, worker="live-1@cpu", machine=Machine("cpu", CPU_QUEUE, slots=1, room=8))
    slot_ledger.offer(empty_redis, worker="live-2@cpu", machine=Machine("cpu", CPU_QUEUE, slots=1, room=8))
    slot_ledger.offer(empty_redis, worker="live-1@gpu", machine=Machine("gpu", GPU_QUEUE, slots=4, room=8))
    for stream_id in (ALICE, BOB, CHARLIE, DORA):
        LiveJob.objects.create(stream_id=stream_id)
    for stream_id, machine in ((ALICE, "cpu"), (BOB, "cpu"), (CHARLIE, "gpu")):
        empty_redis.set(redis_keys.lease_key(stream_id), f"{machine}/token")
    empty_redis.set(redis_keys.no_slot_key(CHARLIE), 1)
    slot_ledger.settle(empty_redis)
    warnings = [{"code": "overloaded", "text": ""}]
    status = {"transcoder_lag_seconds": 2.5, "bitrate_kbps": 3000, "warnings": warnings}
    empty_redis.set(redis_keys.status_key(ALICE), json.dumps(status))
    told = scrape(client)

    assert told["millrace_live_slots", CPU_QUEUE] == 1
    assert told["millrace_live_slots_free", CPU_QUEUE] == 0
    assert told["millrace_live_slots_free", GPU_QUEUE] == 4
    assert told["millrace_live_room", CPU_QUEUE] == 16
    assert told["millrace_live_workers", ""] == 3
    situations = ("encoding", "passthrough", "no_slot_needed", "waiting")
    assert [told["millrace_live_broadcasts", situation] for situation in situations] == [1, 1, 1, 1]
    assert told["millrace_transcoder_lag_seconds", "cpu"] == 2.5
    assert told["millrace_transcoders_slow", "cpu"] == 1
    assert told["millrace_transcoders_shedding", "cpu"] == 1
    assert told["millrace_ingest_bits_per_second", "cpu"] == 3_000_000
    assert told["millrace_transcoders_slow", "gpu"] == 0


@pytest.mark.django_db
def test_an_idle_cluster_tells_noughts_and_no_broadcast_has_a_label(client: Client, empty_redis: "redis.Redis") -> None:
    told = scrape(client)
    assert set(told.values()) == {0}
    LiveJob.objects.create(stream_id=ALICE)
    assert not [label for _, label in scrape(client) if ALICE in label]


@pytest.mark.django_db
def test_a_scrape_that_cannot_read_fails(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: object) -> slot_ledger.Facts:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(slot_ledger, "read_facts", away)
    assert client.get("/metrics").status_code == 503
