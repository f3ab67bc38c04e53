"""What the media side tells Prometheus: slots, who waits for one, and how fast each broadcast's encoder is.

Everything is read from Redis and the database at the moment of the scrape, so one scrape of any site process shows
the whole cluster. Label values are queues, machines and lag classes: their number does not grow with broadcasts.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from redis import Redis

from transcode import redis_keys, slot_ledger
from transcode.slots import CPU_QUEUE, GPU_QUEUE, Job, Machine, free_slots

QUEUES = (GPU_QUEUE, CPU_QUEUE)
SLOW_LAG_SECONDS = 1.5


class MediaCollector(Collector):
    """Prometheus asks it at each scrape."""

    def collect(self) -> Iterator[Metric]:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=5) as redis:
            facts = slot_ledger.read_facts(redis)
        yield from slot_metrics(facts.machines, facts.jobs)
        yield _gauge("millrace_live_workers", "Live workers that are there", len(facts.workers))
        yield from speed_metrics([job.machine for job in facts.jobs], self._statuses(facts.jobs))

    def _statuses(self, jobs: Iterable[Job]) -> list[dict[str, Any]]:
        keys = [redis_keys.status_key(job.stream_id) for job in jobs]
        with Redis.from_url(settings.LIVE_REDIS_URL, socket_connect_timeout=2, socket_timeout=5) as redis:
            return [json.loads(text) if text else {} for text in (redis.mget(keys) if keys else [])]


def slot_metrics(machines: Iterable[Machine], jobs: Iterable[Job]) -> Iterator[Metric]:
    """What an autoscaler acts on (pure)."""
    machines, jobs = list(machines), list(jobs)
    free = free_slots(machines, jobs)
    sold = _by_queue("millrace_live_slots", "Encoding slots that live workers sell")
    left = _by_queue("millrace_live_slots_free", "Encoding slots that nobody has")
    room = _by_queue("millrace_live_room", "Broadcasts that live workers can have on air at all")
    for queue in QUEUES:
        of_queue = [machine for machine in machines if machine.queue == queue]
        sold.add_metric([queue], sum(machine.slots for machine in of_queue))
        left.add_metric([queue], sum(free[machine.name] for machine in of_queue))
        room.add_metric([queue], sum(machine.room for machine in of_queue))
    yield from (sold, left, room)
    counts = Counter(_situation(job) for job in jobs)
    broadcasts = GaugeMetricFamily(
        "millrace_live_broadcasts",
        "Open broadcasts: encoding, on air without a slot, needing none, or waiting for a worker",
        labels=["situation"],
    )
    for situation in ("encoding", "passthrough", "no_slot_needed", "waiting"):
        broadcasts.add_metric([situation], counts[situation])
    yield broadcasts


def speed_metrics(machines: list[str | None], statuses: list[dict[str, Any]]) -> Iterator[Metric]:
    """How far encoders are behind their sources, by machine (pure). `statuses` in the order of `machines`."""
    lag = GaugeMetricFamily(
        "millrace_transcoder_lag_seconds", "How far the slowest encoder is behind its source", labels=["machine"]
    )
    slow = GaugeMetricFamily("millrace_transcoders_slow", "Encoders that do not keep up", labels=["machine"])
    shedding = GaugeMetricFamily("millrace_transcoders_shedding", "Broadcasts that shed a quality", labels=["machine"])
    ingest = GaugeMetricFamily("millrace_ingest_bits_per_second", "What encoders send", labels=["machine"])
    for machine in sorted({name for name in machines if name}):
        of_machine = [status for name, status in zip(machines, statuses, strict=True) if name == machine and status]
        lags = [float(status.get("transcoder_lag_seconds", 0)) for status in of_machine]
        lag.add_metric([machine], max(lags, default=0.0))
        slow.add_metric([machine], sum(value > SLOW_LAG_SECONDS for value in lags))
        shedding.add_metric([machine], sum(_warns(status, "overloaded") for status in of_machine))
        ingest.add_metric([machine], sum(float(status.get("bitrate_kbps", 0)) * 1000 for status in of_machine))
    yield from (lag, slow, shedding, ingest)


def _situation(job: Job) -> str:
    if job.machine is None:
        return "waiting"
    if not job.needs_slot:
        return "no_slot_needed"
    return "encoding" if job.holds_slot else "passthrough"


def _warns(status: dict[str, Any], code: str) -> bool:
    return code in {warning.get("code") for warning in status.get("warnings", [])}


def _by_queue(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=["queue"])


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
