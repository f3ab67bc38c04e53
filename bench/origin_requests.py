"""Claim: whatever the viewers, a part costs an edge at most one request upstream, and its origin next to none.

    python -m bench.origin_requests [--viewers 1000] [--seconds 10]

Viewers behind the edge nginx reload two renditions (blocking) and fetch every part; `--early` of them ask for each part
before it is there, as its preload hint invites. Counted are, for each part published: requests that reach the origin
process, and fetches that leave this machine's edge (origin to live Redis). Beside it what a server without an edge of
this kind answers itself: every request of every viewer.
"""

import argparse
import os
import secrets
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from bench.held_load import HeldLoad
from bench.origin_held import LOAD_CORE, WARM_UP_SECONDS, Publisher, edge_before, fetch, live_services
from bench.processes import pin
from bench.report import Line, report
from transcode.playback_tokens import sign

VIEWERS = 1_000
RENDITIONS = ("source", "audio")


def counts(port: int) -> dict[str, int]:
    """The origin's counters by name."""
    lines = (line.rsplit(" ", 1) for line in fetch(port, "/metrics").splitlines())
    return {name: int(value) for name, value in lines}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.origin_requests")
    parser.add_argument("--viewers", type=int, default=VIEWERS)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--early", action="store_true", help="every other viewer asks for hinted parts")
    options = parser.parse_args()
    stream_id = secrets.token_hex(12)
    token = sign(key=settings.PLAYBACK_SIGNING_KEY, stream_id=stream_id, expires_at=round(time.time() + 3600))
    paths = {name: f"/media/{token}/{stream_id}/{name}/index.m3u8" for name in RENDITIONS}
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="millrace-requests-")))
        directory.chmod(0o755)
        redis, origin = stack.enter_context(live_services(directory))
        port, _ = stack.enter_context(edge_before(origin, directory))
        pin(LOAD_CORE, os.getpid())
        publisher = Publisher(redis.url, stream_id, options.seconds + WARM_UP_SECONDS + 2)
        fetches = ("part", "hint") if options.early else ("part",)
        load = HeldLoad(("127.0.0.1", port), paths, options.viewers * len(RENDITIONS), fetches=fetches)
        load.begin()
        load.run(WARM_UP_SECONDS)
        before, began, load.parts = counts(origin.port), time.monotonic(), 0
        load.run(options.seconds)
        after, ended, taken = counts(origin.port), time.monotonic(), load.parts
        published = sum(began <= at < ended for at in publisher.times().values())
        load.close()
        publisher.stop()
    grown = {name: (after[name] - before[name]) / published for name in after}
    asked, permissions = (grown[f'millrace_origin_requests_total{{kind="{kind}"}}'] for kind in ("media", "authorise"))
    lines = [
        Line("fetches upstream of this edge for each part", grown["millrace_origin_upstream_fetches_total"], "", 1.0),
        Line("media requests to the origin for each part", asked, "", None if options.early else 1.0),
        Line("permissions asked for each part", permissions, ""),
        Line("parts taken by viewers for each part", taken / published, "", note="what a bare origin would answer"),
        Line("refused", load.refused, "", 0),
    ]
    return report(
        f"{options.viewers} viewers at one edge, {published} parts published, {taken} taken by viewers", lines
    )


if __name__ == "__main__":
    sys.exit(main())
