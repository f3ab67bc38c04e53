"""What makes a Celery worker a live worker: the queues it takes broadcasts from, and what it says it offers."""

import gc
import logging
import threading
from typing import Any

from celery.signals import celeryd_after_setup, worker_init, worker_ready
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from transcode import slot_ledger
from transcode.encoder_trials import chosen_pipeline
from transcode.ffmpeg import SOFTWARE
from transcode.limits import WORKER_BEAT_SECONDS
from transcode.process import ffmpeg_timing_option
from transcode.slots import CPU_QUEUE, GPU_QUEUE, Machine, machine_queue

log = logging.getLogger(__name__)

LIVE_QUEUE = "live"  # `celery worker -Q live`: take broadcasts, from the queues of what this machine is


def kind_queue() -> str:
    """The queue of what this machine is: as it was told, or by the encoder that works on it."""
    if settings.LIVE_QUEUE != "auto":
        return str(settings.LIVE_QUEUE)
    return CPU_QUEUE if chosen_pipeline() is SOFTWARE else GPU_QUEUE


def offered(*, room: int) -> Machine:
    """What a worker on this machine with room for so many broadcasts offers."""
    return Machine(settings.LIVE_MACHINE, kind_queue(), slots=settings.LIVE_SLOTS, room=room)


class Beat(threading.Thread):
    """Says again and again that this worker is there and what it offers; silence is how its death is noticed."""

    def __init__(self, worker: str, machine: Machine) -> None:
        super().__init__(name="live-worker-beat", daemon=True)
        self._worker, self._machine = worker, machine
        self._ended = threading.Event()
        self._redis = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)

    def run(self) -> None:
        while not self._ended.is_set():
            self.beat()
            self._ended.wait(WORKER_BEAT_SECONDS)

    def beat(self) -> None:
        try:
            slot_ledger.offer(self._redis, worker=self._worker, machine=self._machine)
        except (RedisError, OSError):
            log.warning("Redis could not be told of this worker")

    def end(self) -> None:
        self._ended.set()


@celeryd_after_setup.connect
def choose_queues(instance: Any, **_facts: Any) -> None:
    """Instead of `live`: the queue of this machine's kind, and the machine's own."""
    queues = instance.app.amqp.queues
    if LIVE_QUEUE not in queues.consume_from:
        return
    for name in (kind_queue(), machine_queue(settings.LIVE_MACHINE)):
        queues.select_add(name)
    queues.deselect(LIVE_QUEUE)


@worker_init.connect
def before_forking(**_facts: Any) -> None:
    """What the worker's children inherit: the answer of FFmpeg, and memory that stays shared. Without the freeze each
    child's first garbage collection touches, and so copies, all that was imported: 57 MB instead of 8."""
    ffmpeg_timing_option()
    gc.collect()
    gc.freeze()


@worker_ready.connect
def begin_to_offer(sender: Any, **_facts: Any) -> None:
    """From now on broadcasts can be sent here."""
    if machine_queue(settings.LIVE_MACHINE) in sender.app.amqp.queues.consume_from:
        Beat(sender.hostname, offered(room=sender.pool.num_processes)).start()
