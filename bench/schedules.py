"""Whether what runs on a schedule is done within it, with 100,000 live channels and a million users.

    python -m bench.schedules [--scale 1] [--rounds 5]

Runs the tasks that look at every broadcast, as a worker would, one after the other, on the made-up site of
`bench.pages`. Half of the live broadcasts are watched. The bar is half of each schedule.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

from bench.report import KEPT, Line, report

SHARE = 0.5  # of its schedule that a task may take
RESULT = KEPT / "schedules" / "result.json"
WATCHED_SHARE = 2  # every second broadcast
# As the schedule names them, in their order.
TASKS = ("reconcile-broadcasts", "count-viewers", "create-missing-vods", "look-after-clips", "index-live-channels")


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds of each round, within a made-up site's environment."""
    import django

    django.setup()
    from django.conf import settings
    from django.utils import timezone

    from common.redis import redis_client
    from config.celery import app
    from streaming import redis_keys
    from streaming.models import Broadcast, IngestSession

    app.loader.import_default_modules()
    spent: dict[str, list[float]] = {name: [] for name in TASKS}
    gone_at = time.time() + 3_600
    names = list(Broadcast.objects.live().order_by("pk").values_list("public_id", flat=True))[::WATCHED_SHARE]
    with redis_client().pipeline(transaction=False) as pipe:
        for number, name in enumerate(names):
            viewers = {f"viewer{viewer}": gone_at for viewer in range(1 + 2_000 // (number + 1))}
            pipe.zadd(redis_keys.viewers(name), viewers)
            pipe.zadd(redis_keys.WATCHED, {name: gone_at})
        pipe.execute()
    for _ in range(rounds):
        IngestSession.objects.open().update(last_seen_at=timezone.now())  # as their encoders would
        for name in TASKS:
            task = app.tasks[settings.CELERY_BEAT_SCHEDULE[name]["task"]]
            began = time.perf_counter()
            task.apply(throw=True)
            spent[name].append(time.perf_counter() - began)
    assert Broadcast.objects.live().count() > 0, "the broadcasts were ended: nothing was measured"
    return spent


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(json.dumps(measure(options.rounds)))
        return 0
    from bench.seeded import run, seeded

    with seeded(options.scale) as environment:
        environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(Path.cwd())}
        run(environment, "-m", "bench.schedules", "--inside", "--rounds", str(options.rounds))
    spent: dict[str, list[float]] = json.loads(RESULT.read_text())
    title = f"Schedules with {100_000 * options.scale:,.0f} live channels"
    from config.settings import CELERY_BEAT_SCHEDULE

    lines = [
        Line(
            f"{name}, every {CELERY_BEAT_SCHEDULE[name]['schedule']:g} s",
            statistics.median(seconds),
            bar=CELERY_BEAT_SCHEDULE[name]["schedule"] * SHARE,
            note=f"first {seconds[0]:.2f}, worst {max(seconds):.2f}",
        )
        for name, seconds in spent.items()
    ]
    return report(title, lines)


if __name__ == "__main__":
    sys.exit(main())
