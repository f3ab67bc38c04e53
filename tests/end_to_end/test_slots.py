"""Encoding slots in a whole stack: nobody is kept off air, partners are first, a killed worker costs no slot."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest

from bench.broadcasts import wait_for_state
from bench.kill_recovery import ffmpegs, live_worker_above
from bench.show import Show
from bench.stack import Person, Stack
from tests.media.counter_clip import Clip
from tests.transcode.live_services import wait_until

CLIP = Clip(width=320, height=180, fps=30, seconds=90, gop_seconds=1.0, kbps=250)
SLOW = 30.0  # seconds for anything on a busy machine


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack(LIVE_SLOTS=1, LIVE_BROADCASTS=4) as stack:
        yield stack


def status(stack: Stack, show: Show) -> dict[str, Any]:
    found = stack.api("GET", f"/channels/{show.streamer.login}/health", as_=show.streamer).json()
    return dict(found.get("status") or {})


def has_slot(stack: Stack, show: Show) -> bool:
    return bool(status(stack, show).get("slot"))


def is_told(stack: Stack, show: Show, code: str) -> bool:
    return code in [warning["code"] for warning in status(stack, show).get("warnings", [])]


def qualities(stack: Stack, show: Show) -> set[str]:
    text = stack.http.get(show.playlist()).text
    return {line.split("/")[0] for line in text.splitlines() if line and not line.startswith("#")}


def make_partner(stack: Stack, person: Person) -> None:
    chosen = f"Channel.objects.filter(owner__login={person.login!r})"
    code = f"from streaming.models import Channel; {chosen}.update(tier='partner')"
    stack.manage("shell", "-c", code)


def test_the_partner_gets_the_next_slot_and_nobody_waits_to_be_on_air(stack: Stack) -> None:
    people = stack.create_users(["alice", "dora", "bob"], streamer=True)
    make_partner(stack, people[2])
    with ExitStack() as on_air:
        alice, dora, bob = (on_air.enter_context(Show(stack, person, clip=CLIP, loop=True)) for person in people)
        wait_until(lambda: has_slot(stack, alice), "Alice came first and has no slot", SLOW)
        assert qualities(stack, alice) == {"source", "160p", "audio"}
        for show in (dora, bob):
            assert qualities(stack, show) == {"source", "audio"}
            wait_until(partial(is_told, stack, show, "no_slot"), "nobody said why", SLOW)
        stream_id = bob.stream_id

        alice.finish()
        wait_until(lambda: "160p" in qualities(stack, bob), "Bob's qualities did not come", SLOW)
        assert wait_for_state(stack, bob.streamer, "live", seconds=SLOW)["id"] == stream_id
        assert qualities(stack, dora) == {"source", "audio"}

        (encoder,) = ffmpegs(stack)
        os.kill(live_worker_above(encoder, stack).pid, signal.SIGKILL)
        wait_until(lambda: {one.pid for one in ffmpegs(stack)} - {encoder.pid}, "Bob's slot was lost", SLOW)
        assert not has_slot(stack, dora)

        bob.finish()
        wait_until(lambda: "160p" in qualities(stack, dora), "Dora's qualities did not come", SLOW)
