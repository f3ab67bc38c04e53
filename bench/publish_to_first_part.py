"""From the encoder's `publish` to the first part's bytes fetched through the front (median of 10).

python -m bench.publish_to_first_part
"""

import re
import sys
import time

from bench.broadcasts import NotReached, broadcast
from bench.report import Line, median_line, report
from bench.show import Show
from bench.stack import Person, Stack

ROUNDS = 10  # enough to meet a race that loses the first keyframe once in ten
BAR_SECONDS = 0.6
MISSED_SECONDS = 1.5  # who misses the first keyframe waits two seconds for the next
GIVE_UP_SECONDS = 10
POLL_SECONDS = 0.01
PART = re.compile(r'#EXT-X-PART:.*URI="([^"]+)"')


def first_part(stack: Stack, streamer: Person) -> float:
    """Seconds from `publish` to the whole first part in the client's hands. Nobody was told of it yet: signed here."""
    show = Show(stack, streamer)
    publisher = show.begin()
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while not (stream_id := broadcast(stack, streamer).get("id")):
        check(deadline)
    folder = f"/media/{stack.playback_token(str(stream_id))}/{stream_id}/source/"
    while not (part := PART.search(stack.http.get(f"{folder}index.m3u8").text)):
        check(deadline)
    while stack.http.get(folder + part[1]).status_code != 200:
        check(deadline)
    seconds = time.time() - publisher.asked_at
    show.wait_until_live()
    show.finish()
    return seconds


def check(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise NotReached(f"no part {GIVE_UP_SECONDS} s after publishing")
    time.sleep(POLL_SECONDS)


def main() -> int:
    with Stack(TRANSCODED_RUNGS=2) as stack:
        streamers = stack.create_users([f"alice{number}" for number in range(ROUNDS)], streamer=True)
        seconds = [first_part(stack, streamer) for streamer in streamers]
    missed = sum(one > MISSED_SECONDS for one in seconds)
    lines = [
        median_line(f"median of {ROUNDS}", seconds, bar=BAR_SECONDS),
        Line("rounds that missed the first keyframe", missed, unit="", bar=0),
    ]
    return report("Publish to first part", lines)


if __name__ == "__main__":
    sys.exit(main())
