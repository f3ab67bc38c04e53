"""Where slots are kept: the durable Redis. Workers say what they offer, leases say who works where, and one hash says
who has a slot. `settle` brings the hash in line with the rest; it may run anywhere, at any time, any number of times.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError

from transcode import redis_keys
from transcode.limits import WORKER_MS
from transcode.models import LiveJob
from transcode.slots import Job, Machine, give_slots, merge_workers

TRIES = 5  # others settle at the same time; whoever is last has seen what the others wrote


@dataclass(frozen=True)
class Facts:
    """Live workers by name, the machines they make up, and every open job in the order of the queue."""

    workers: dict[str, Machine]
    machines: Sequence[Machine]
    jobs: Sequence[Job]


def read_facts(redis: "Redis | Pipeline") -> Facts:
    """How things stand now."""
    workers = _read_workers(redis)
    jobs_open = LiveJob.objects.filter(finished_at=None).order_by("priority", "created_at")
    rows = list(jobs_open.values_list("stream_id", "priority", "wanted"))
    slots = {_text(name): _text(machine) for name, machine in redis.hgetall(redis_keys.SLOTS).items()}
    leases = _read_many(redis, [redis_keys.lease_key(stream_id) for stream_id, *_ in rows])
    declines = _read_many(redis, [redis_keys.no_slot_key(stream_id) for stream_id, *_ in rows])
    jobs = [
        Job(stream_id, priority, machine_of_lease(lease), slots.get(stream_id), needs_slot=wanted and decline is None)
        for (stream_id, priority, wanted), lease, decline in zip(rows, leases, declines, strict=True)
    ]
    return Facts(workers, merge_workers(workers), jobs)


def settle(redis: "Redis") -> Facts:
    """Give free slots to those who are first; returns the facts that were decided on."""
    for _ in range(TRIES):
        with redis.pipeline() as pipe:
            pipe.watch(redis_keys.SLOTS)  # type: ignore[no-untyped-call]
            facts = read_facts(pipe)
            before = {job.stream_id: job.slot for job in facts.jobs if job.slot}
            gone = {_text(name) for name in pipe.hkeys(redis_keys.SLOTS)} - {job.stream_id for job in facts.jobs}
            given = give_slots(facts.machines, facts.jobs)
            if given == before and not gone:
                return facts
            pipe.multi()
            for stream_id in gone | (set(before) - set(given)):
                pipe.hdel(redis_keys.SLOTS, stream_id)
            for stream_id, machine in given.items():
                pipe.hset(redis_keys.SLOTS, stream_id, machine)
            try:
                pipe.execute()
            except WatchError:
                continue
            return facts
    return facts


def forget_dead_workers(redis: "Redis") -> None:
    """Names of workers that are gone; one that only was silent says its name again."""
    dead = {_text(name) for name in redis.smembers(redis_keys.WORKERS)} - set(_read_workers(redis))
    if dead:
        redis.srem(redis_keys.WORKERS, *dead)


def offer(redis: "Redis", *, worker: str, machine: Machine) -> None:
    """What this worker offers; to be repeated before WORKER_MS are over."""
    pipe = redis.pipeline()
    pipe.sadd(redis_keys.WORKERS, worker)
    pipe.set(redis_keys.worker_key(worker), json.dumps(asdict(machine)), px=WORKER_MS)
    pipe.execute()


def has_slot(redis: "Redis", *, stream_id: str, machine: str) -> bool:
    held = redis.hget(redis_keys.SLOTS, stream_id)
    return held is not None and _text(held) == machine


def machine_of_lease(lease: bytes | str | None) -> str | None:
    """The machine part of a lease's value, as `Lease` writes it."""
    return _text(lease).rpartition("/")[0] if lease else None


def _read_workers(redis: "Redis | Pipeline") -> dict[str, Machine]:
    names = sorted(_text(name) for name in redis.smembers(redis_keys.WORKERS))
    offers = _read_many(redis, [redis_keys.worker_key(name) for name in names])
    return {name: Machine(**json.loads(text)) for name, text in zip(names, offers, strict=True) if text}


def _read_many(redis: "Redis | Pipeline", keys: list[str]) -> list[bytes | str | None]:
    return list(redis.mget(keys)) if keys else []


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
