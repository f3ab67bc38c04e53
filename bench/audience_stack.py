"""A stack whose channels are on air without any video: viewers are counted, and nothing is encoded beside them."""

import json

import httpx

from bench.stack import Person, Stack

PROCESSES = "edge,site,worker,beat,postgres,redis,live-redis"
# On air for as long as the stack runs: the encoder was heard of in the future, and nobody here does its media work.
GO_LIVE = """
from datetime import timedelta
from django.utils import timezone
from streaming.broadcast_services import announce_live
from streaming.models import Broadcast, Channel, IngestSession
from transcode.models import LiveJob
for login in {logins!r}:
    broadcast = Broadcast.objects.create(channel=Channel.objects.get(owner__login=login), title="On air")
    session = broadcast.ingest_sessions.create(client_id="bench-" + login)
    IngestSession.objects.filter(pk=session.pk).update(last_seen_at=timezone.now() + timedelta(days=1))
    announce_live(stream_id=broadcast.public_id)
    print("stream", broadcast.public_id)
"""
SIGN_IN = """
import json
from accounts.models import User
from bench.signed_in import session_of
names = [f"visitor{{number}}" for number in range({people})]
users = User.objects.bulk_create(User(login=name, display_name=name, password="!") for name in names)
print("sessions", json.dumps([[session_of(user) for _ in range({each})] for user in users]))
"""


class AudienceStack(Stack):
    """Use as a context manager; `people` are on air."""

    def __init__(self) -> None:
        super().__init__(PROCESSES=PROCESSES)

    def is_ready(self) -> bool:
        """Ingest, chat and origin are not part of it."""
        try:
            return self.http.get("/healthz/live").status_code == 200
        except httpx.HTTPError:
            return False

    def streamers(self, *logins: str) -> list[Person]:
        """People whose channels are on air."""
        people = self.create_users(list(logins), streamer=True)
        self.manage("shell", "-c", GO_LIVE.format(logins=list(logins)))
        return people

    @property
    def secret_key(self) -> str:
        return (self.data / "secret_key").read_text().strip()

    def sessions(self, people: int, each: int) -> list[list[str]]:
        """That many accounts, each signed in in so many browsers: the session cookies."""
        script = SIGN_IN.format(people=people, each=each)
        line = next(one for one in self.manage("shell", "-c", script).splitlines() if one.startswith("sessions "))
        found: list[list[str]] = json.loads(line.partition(" ")[2])
        return found
