"""Claim: unique viewers are counted exactly up to 512, and with less than 1 % error beyond.

    python -m bench.unique_viewers [rounds at a million]

Each round is a broadcast of its own, whose viewers are noted by the script that notes real ones; the names are
random, as are those of real ones. The rival is one HyperLogLog of Redis', told of the same viewers in the same run:
what a site would do without thinking about it, and what we did. Errors are shown in per cent of the truth.
"""

import math
import secrets
import statistics
import sys
import time
from dataclasses import dataclass

from redis import Redis

import bench.chat_servers  # noqa: F401  it brings a private Redis, and reads the settings
from bench.report import Line, report
from common.redis import redis_client
from streaming import redis_keys
from streaming.audience.names import Viewer
from streaming.audience.viewers import NOTE, note_call, read_counts

SIZES = {100: 300, 512: 100, 1_000: 300, 10_000: 100, 100_000: 20, 1_000_000: 4}  # viewers: rounds
AT_ONCE = 2_000
BAR_PERCENT = 1.0


@dataclass(frozen=True)
class Errors:
    """Of ours and of the rival, a figure for each round, in per cent."""

    ours: list[float]
    rival: list[float]


def round_of(client: Redis, viewers: int) -> tuple[float, float]:
    """One broadcast: the two estimates, as errors."""
    stream_id, note, now = secrets.token_hex(12), client.register_script(NOTE), time.time()
    rival = f"rival:{stream_id}"
    for first in range(0, viewers, AT_ONCE):
        with client.pipeline(transaction=False) as pipe:
            for _ in range(min(AT_ONCE, viewers - first)):
                name = f"page-{secrets.token_urlsafe(16)}"
                keys, arguments = note_call(stream_id, Viewer(name), now)
                note(keys=keys, args=arguments, client=pipe)
                pipe.pfadd(rival, name)
            pipe.execute()
    ever = read_counts([stream_id], now, 0)[0].ever or 0
    other = int(client.pfcount(rival))
    keys = [redis_keys.viewers(stream_id), redis_keys.unique_viewers(stream_id), rival]
    client.unlink(*keys, *(f"{redis_keys.unique_viewers(stream_id)}:{number}" for number in range(16)))
    return abs(ever - viewers) / viewers * 100, abs(other - viewers) / viewers * 100


def lines_of(viewers: int, errors: Errors) -> list[Line]:
    def note(found: list[float]) -> str:
        ordered = sorted(found)
        p95 = ordered[math.ceil(len(ordered) * 0.95) - 1]
        over = sum(one > BAR_PERCENT for one in found)
        return f"{len(found)} rounds: mean {statistics.mean(found):.2f} %, p95 {p95:.2f} %, {over} above 1 %"

    return [
        Line(f"{viewers:,} viewers, worst error", max(errors.ours), "%", BAR_PERCENT, note=note(errors.ours)),
        Line(f"{viewers:,} viewers, one HyperLogLog", max(errors.rival), "%", note=note(errors.rival)),
    ]


def main() -> int:
    sizes = SIZES | ({1_000_000: int(sys.argv[1])} if len(sys.argv) > 1 else {})
    lines: list[Line] = []
    client = redis_client()
    for viewers, rounds in sizes.items():
        pairs = [round_of(client, viewers) for _ in range(rounds)]
        lines += lines_of(viewers, Errors([ours for ours, _ in pairs], [rival for _, rival in pairs]))
        print(f"{viewers:,} done", flush=True)
    return report("Unique viewers, as they are counted and as one HyperLogLog of Redis' counts them", lines)


if __name__ == "__main__":
    sys.exit(main())
