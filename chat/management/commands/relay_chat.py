"""`./manage.py relay_chat`: one subscription per room for all gateways of this machine."""

from typing import Any

import uvloop
from django.core.management.base import BaseCommand, CommandParser

from chat.relay import serve


class Command(BaseCommand):
    help = "Pass Redis' chat events on to this machine's gateways (their MILLRACE_CHAT_FEED_URL)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--socket", required=True, help="path of the Unix socket to listen on")

    def handle(self, *args: Any, **options: Any) -> None:
        uvloop.run(serve(options["socket"]))
