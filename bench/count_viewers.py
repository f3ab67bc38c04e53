"""Claim: counting the viewers of 100,000 broadcasts on air takes less than the 5 s after which they are counted again.

    python -m bench.count_viewers [broadcasts]

Made-up channels on air in a private PostgreSQL, and viewers in a private Redis: a few for most, thousands for some.
What is timed is the task itself, with everything that it writes; what changes from one count to the next is said for
each line.
"""

import random
import statistics
import sys
import time

from django.db import connection
from django.utils import timezone

from bench.chat_servers import temporary_database
from bench.report import Line, report
from common.redis import redis_client
from streaming import redis_keys
from streaming.audience.viewers import count_viewers
from streaming.limits import VIEWER_SECONDS
from streaming.models import Broadcast, Category, Channel

BAR_SECONDS = 5.0
CATEGORIES = 200
ROUNDS = 3
AT_ONCE = 1_000


def make(broadcasts: int) -> list[str]:
    """Channels on air, spread over the categories; the ids of their broadcasts."""
    from accounts.models import User

    Category.objects.bulk_create(Category(name=f"Category {n}", slug=f"category-{n}") for n in range(CATEGORIES))
    categories = list(Category.objects.values_list("pk", flat=True))
    users = User.objects.bulk_create(
        (User(login=f"c{n}", display_name=f"c{n}", password="!") for n in range(broadcasts)),  # noqa: S106  nobody's
        batch_size=5_000,
    )
    channels = Channel.objects.bulk_create(
        (Channel(owner=user, is_live=True, category_id=random.choice(categories)) for user in users), batch_size=5_000
    )
    now = timezone.now()
    made = Broadcast.objects.bulk_create(
        (Broadcast(channel=channel, state="live", started_at=now) for channel in channels), batch_size=5_000
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return [broadcast.public_id for broadcast in made]


def fill(streams: list[str]) -> int:
    """Viewers by a long tail: one broadcast in a thousand has some thousand. They stay for the whole run."""
    client, gone_at, total = redis_client(), time.time() + 3_600, 0
    for first in range(0, len(streams), AT_ONCE):
        with client.pipeline(transaction=False) as pipe:
            for stream_id in streams[first : first + AT_ONCE]:
                many = min(3_000, int(random.paretovariate(1.0)))
                total += many
                pipe.zadd(redis_keys.viewers(stream_id), {f"user-{n}": gone_at for n in range(many)})
                pipe.sadd(redis_keys.unique_viewers(stream_id), *range(many))
            pipe.zadd(redis_keys.WATCHED, dict.fromkeys(streams[first : first + AT_ONCE], gone_at))
            pipe.execute()
    return total


def change(streams: list[str], share: float) -> None:
    """In so many of them somebody comes."""
    with redis_client().pipeline(transaction=False) as pipe:
        for stream_id in random.sample(streams, int(len(streams) * share)):
            name = f"page-{random.getrandbits(60)}"
            pipe.zadd(redis_keys.viewers(stream_id), {name: time.time() + 3_600 + VIEWER_SECONDS})
        pipe.execute()


def timed() -> tuple[float, int]:
    began = time.perf_counter()
    changed = count_viewers()
    return time.perf_counter() - began, len(changed)


def main() -> int:
    broadcasts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with temporary_database():
        streams = make(broadcasts)
        total = fill(streams)
        seconds, changed = timed()
        note = f"{total:,} viewers; every sample and unique is due as well"
        lines = [Line(f"first count, {changed:,} change", seconds, "s", note=note)]
        for share in (0.0, 0.05, 0.3):
            rounds = []
            for _ in range(ROUNDS):
                change(streams, share)
                rounds.append(timed())
            worst = max(seconds for seconds, _ in rounds)
            note = f"median {statistics.median(seconds for seconds, _ in rounds):.2f} s, {rounds[-1][1]:,} written"
            lines.append(Line(f"count when {share:.0%} change", worst, "s", BAR_SECONDS, note=note))
    return report(f"Counting the viewers of {broadcasts:,} broadcasts", lines)


if __name__ == "__main__":
    sys.exit(main())
