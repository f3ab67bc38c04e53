"""Makes what the search and the recommendations read, from the rows that they are about."""

from typing import Any

from django.core.management.base import BaseCommand

from streaming.discovery import recommending, search_index
from vod import search_entries


class Command(BaseCommand):
    help = "Rebuild the search and the recommendations. The site may run meanwhile, and finds what it found before."

    def handle(self, *args: Any, **options: Any) -> None:
        search_index.rebuild_index()
        search_entries.index_everything()
        pairs = recommending.find_neighbours()
        self.stdout.write(f"Rebuilt; {pairs:,} pairs of channels are followed together.")
