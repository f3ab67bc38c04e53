"""`./manage.py relay_chat`: one subscription per room for all gateways of this machine."""

from typing import Any

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.relay import serve


class Command(BaseCommand):
    help = "Pass Redis' chat events on to this machine's gateways (their MILLRACE_CHAT_FEED_URL)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--socket", required=True, help="path of the Unix socket to listen on")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.CHAT_REDIS_CLUSTER:
            raise CommandError(
                "A relay hears one Redis. In a cluster (MILLRACE_CHAT_REDIS_CLUSTER) gateways hear it themselves."
            )
        uvloop.run(serve(options["socket"]))
