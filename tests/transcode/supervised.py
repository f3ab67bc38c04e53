"""Runs one supervisor in a process of its own and writes every signal it sends as a line of JSON.

`python -m tests.transcode.supervised STREAM_ID`
"""

import json
import sys
from typing import Any

import django
import uvloop
from django.dispatch import Signal

SIGNALS = ("source_described", "source_refused", "run_live", "live_finished")


def main() -> None:
    django.setup()
    from transcode import signals
    from transcode.live_worker import Beat, offered
    from transcode.supervisor import supervise

    beat = Beat("under-test", offered(room=10))
    beat.beat()
    beat.start()
    for name in SIGNALS:
        _write_down(name, getattr(signals, name))
    uvloop.run(supervise(sys.argv[1]))


def _write_down(name: str, signal: Signal) -> None:
    def receive(**facts: Any) -> None:
        told = {key: value for key, value in facts.items() if key not in {"signal", "sender"}}
        sys.stdout.write(json.dumps({"signal": name, **told}) + "\n")
        sys.stdout.flush()

    signal.receivers.clear()  # the rest of the product is not under test
    signal.connect(receive, weak=False)


if __name__ == "__main__":
    main()
