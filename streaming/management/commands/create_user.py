"""`manage.py create_user LOGIN`: an account from the command line, with an API token and, if wished, a stream key."""

import json
import secrets
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, transaction

from accounts.services import create_api_token, create_user
from common.errors import DomainError
from streaming.models import Channel
from streaming.services import rotate_stream_key

PASSWORD_BYTES = 12  # 96 bits for a generated password


class Command(BaseCommand):
    help = "Create a user; prints the password, an API token and, with --streamer, the stream key. Each is shown once."

    requires_system_checks = ()  # it must work, and fail with one sentence, on a half-configured machine

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("login")
        parser.add_argument("--streamer", action="store_true", help="also make a stream key")
        parser.add_argument("--password", help="default: a generated one")
        parser.add_argument("--email")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        password = options["password"] or secrets.token_urlsafe(PASSWORD_BYTES)
        try:
            made = _create(options["login"], password, options["email"], streamer=options["streamer"])
        except DomainError as error:
            raise CommandError(error.text) from None
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {error}") from None
        self.stdout.write(json.dumps(made) if options["json"] else _for_people(made))


def _create(login: str, password: str, email: str | None, *, streamer: bool) -> dict[str, Any]:
    with transaction.atomic():  # all of it or nothing: a half-made user could not be made again
        user = create_user(login=login, password=password, email=email)
        made: dict[str, Any] = {"login": user.login, "password": password, "user_id": user.pk}
        made["api_token"] = create_api_token(user=user, name="create_user")
        if streamer:
            channel = Channel.objects.get(owner=user)
            made["channel_id"] = channel.pk
            made["stream_key"] = rotate_stream_key(channel=channel)
    return made


def _for_people(made: dict[str, Any]) -> str:
    lines = [
        f"Created {made['login']}. Write these down: they are shown once.",
        "",
        f"  sign in at   {settings.SITE_URL}/accounts/login/",
        f"  login        {made['login']}",
        f"  password     {made['password']}",
        f"  API token    {made['api_token']}",
    ]
    if "stream_key" in made:
        host = urlsplit(settings.SITE_URL).hostname
        server = settings.PUBLIC_RTMP_URL or f"rtmp://{host}:{settings.RTMP_PORT}/live"
        lines += [
            "",
            "OBS → Settings → Stream → Service “Custom…”:",
            f"  Server       {server}",
            f"  Stream key   {made['stream_key']}",
            "OBS → Settings → Output: keyframe interval 2 s, encoder x264 or NVENC H.264, audio AAC.",
            f"Watch it at    {settings.SITE_URL}/{made['login']}",
        ]
    return "\n".join(lines)
