"""`manage.py storage_report`: what recordings take, by tier and by channel."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Count, Sum
from django.template.defaultfilters import filesizeformat

from transcode.models import LiveJob
from vod.models import Vod


class Command(BaseCommand):
    help = "What recordings take in storage: by tier, and of the channels that take most."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--top", type=int, default=10, help="channels that are listed")

    def handle(self, *args: Any, **options: Any) -> None:
        done = LiveJob.objects.filter(consolidated_at__isnull=False)
        for row in done.values("storage_tier").annotate(count=Count("pk"), size=Sum("stored_bytes")).order_by("-size"):
            self._say(row["storage_tier"], row["count"], row["size"])
        waiting = LiveJob.objects.filter(finished_at__isnull=False, consolidated_at=None).count()
        self.stdout.write(f"{waiting} recordings are not one file a quality yet and not counted")
        sizes = dict(done.values_list("stream_id", "stored_bytes"))
        totals: dict[str, list[int]] = {}
        for login, stream_id in Vod.objects.filter(purged_at=None).values_list(
            "channel__owner__login", "broadcast__public_id"
        ):
            totals.setdefault(login, []).append(sizes.get(stream_id, 0))
        for login, found in sorted(totals.items(), key=lambda one: -sum(one[1]))[: options["top"]]:
            self._say(login, len(found), sum(found))

    def _say(self, name: str, count: int, size: int) -> None:
        self.stdout.write(f"{name:<25} {count:>7} recordings {filesizeformat(size):>12}")
