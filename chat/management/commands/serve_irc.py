"""`./manage.py serve_irc`: the chat rooms for IRC clients and Twitch bots."""

from typing import Any

import uvloop
from django.core.management.base import BaseCommand, CommandParser

from chat.irc_server import IrcServer


class Command(BaseCommand):
    help = "Serve the chat rooms over IRC."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        uvloop.run(IrcServer().serve(options["host"], options["port"]))
