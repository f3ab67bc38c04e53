"""Claim: 20 writers, 1,000 readers, a fault every second: no acknowledged message is lost, doubled or moved.

    python -m bench.chat_order [seconds] [readers] [seed]

Gateways are killed, Redis loses its subscribers or is killed itself, a fifth of the readers lose their connections at
once; everyone comes back with what he has. Then all lists are compared. There is no rival: the control is the same run
without the defence (tests/chat/order/test_order.py).
"""

import sys
import tempfile
from pathlib import Path

import uvloop

from bench.chat_servers import room_with_writers, temporary_database
from bench.report import Line, report
from tests.chat.gateway_process import PrivateRedis
from tests.chat.order.storm import Plan, Storm

WRITERS = 20


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    readers = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    with temporary_database(), tempfile.TemporaryDirectory() as directory:
        redis = PrivateRedis(Path(directory))  # durable: it is killed, too
        redis.start()
        try:
            room_id, tokens = room_with_writers(0, WRITERS)
            plan = Plan(seconds=seconds, readers=readers, seed=seed)
            outcome = uvloop.run(Storm(plan, redis, room_id, tokens).run())
        finally:
            redis.kill()
    found = outcome.violations()
    kinds = {kind: sum(one.startswith(kind) for one in found) for kind in ("lost", "doubled", "reordered")}
    faults = ", ".join(f"{count} × {fault}" for fault, count in outcome.faults.items())
    print(f"faults: {faults}; connections: {outcome.connects:,} for {readers + WRITERS:,} clients")
    for one in found[:10]:
        print(f"  {one}")
    lines = [Line(f"messages {kind}", count, "", 0.0) for kind, count in kinds.items()]
    lines.append(Line("messages acknowledged", len(outcome.acked), "", note=f"faults: {faults}"))
    return report(f"Order of {WRITERS} writers' messages at {readers:,} readers, {seconds:.0f} s of faults", lines)


if __name__ == "__main__":
    sys.exit(main())
