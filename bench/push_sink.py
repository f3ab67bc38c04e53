"""A push service for benches, in a process of its own: it checks every signature and opens every message.

Run by `bench.go_live`, which reads from its output what came.
"""

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tests.accounts.notifications.push_service import Browser, push_service

EVERYONE = "everyone"  # all subscriptions of the bench have the keys of one browser


@dataclass(frozen=True)
class Came:
    """What had come when it was asked."""

    opened: int
    refused: int


class PushSink:
    """The other end of the process."""

    def __init__(self, pipe: Connection, endpoint: str, p256dh: str, auth: str) -> None:
        self._pipe, self.endpoint, self.p256dh, self.auth = pipe, endpoint, p256dh, auth

    def came(self) -> Came:
        self._pipe.send("came")
        return Came(*self._pipe.recv())

    def wait_for(self, count: int, seconds: float) -> Came:
        """Until so many were opened, or the time is over."""
        until = time.monotonic() + seconds
        while (came := self.came()).opened < count and time.monotonic() < until:
            time.sleep(0.1)
        return came


def _serve(pipe: Connection) -> None:
    # It stands for machines of others: what it costs must not slow ours.
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with push_service() as service:
        browser: Browser = service.browser(EVERYONE)
        given = browser.subscription
        pipe.send((given["endpoint"], given["p256dh"], given["auth"]))
        while pipe.recv() == "came":
            pipe.send((len(browser.messages), len(service.refused)))


@contextmanager
def push_sink() -> Iterator[PushSink]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield PushSink(ours, *ours.recv())
    finally:
        ours.send("stop")
        process.join(5)
        process.kill()
