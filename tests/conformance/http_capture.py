"""A capture that keeps every rule about HTTP: the recorder and the probes at the model server."""

import asyncio
from dataclasses import replace
from functools import lru_cache
from typing import cast

from tests.conformance.capture import Capture, Expected
from tests.conformance.model_server import AWAY, ENDS_AT, GONE_AT, PART, TARGET, ModelObserver, run_virtually
from tests.conformance.observer import Observer
from tests.conformance.probes import Probes
from tests.conformance.recorder import Recorder


@lru_cache(maxsize=1)
def http_capture() -> Capture:
    """Made once; a mutation copies what it changes."""
    capture = Capture(Expected(target_duration=TARGET, part_target=PART))
    run_virtually(_record(capture))
    _ask_what_the_model_cannot(capture)
    return capture


async def _record(capture: Capture) -> None:
    model = ModelObserver(capture)
    observer = cast(Observer, model)  # it answers `ask` and `note` and has nothing else
    recorder = Recorder(observer, poll_seconds=0.4)
    probes = Probes(observer, "low/index.m3u8", crowd=5)
    await recorder.start()
    await asyncio.sleep(2.13)
    await probes.while_live(delta_pairs=5)
    await probes.unknown("/media/token/unknown")
    await asyncio.sleep(AWAY[0] - model.seconds)
    observer.note("encoder_gone")
    await asyncio.sleep(0.3)
    await probes.frozen()
    await asyncio.sleep(ENDS_AT - 0.4 - model.seconds)
    await probes.held_to_the_end(asyncio.sleep(0))
    await probes.after_the_end()
    await asyncio.sleep(GONE_AT + 1 - model.seconds)
    await recorder.stop()


def _ask_what_the_model_cannot(capture: Capture) -> None:
    """It has no TLS and no open files, and nothing at it comes in bursts."""
    for one in [one for one in capture.exchanges if one.purpose in {"poll", "media"}][:6]:
        capture.exchanges.append(replace(one, purpose="A-151", http_version="HTTP/2"))
    capture.facts = {
        "origin_files_before_hang_up": 40,
        "origin_files_after_hang_up": 41,
        "tls_version": 1.3,
        "tls_old_accepted": 0,
        "tls_forward_secret": 1,
        "tls_key_bits": 256,
        "tls_key_is_ec": 1,
        "tls_sha1": 0,
    }
    capture.happenings.append(replace(capture.happenings[0], name="bursts"))
