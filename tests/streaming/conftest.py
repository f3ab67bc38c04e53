"""The world around the hooks: an encoder's connection to nginx-rtmp, its control socket, and the media side."""

import shutil
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from accounts.models import User
from streaming.models import Channel
from streaming.services import rotate_stream_key
from transcode import services as media_services

PUBLIC_ADDRESS = "203.0.113.5"


class FakeMedia:
    """The media side as the hooks see it; it remembers what it was asked."""

    def __init__(self) -> None:
        self.requested: list[tuple[str, int]] = []
        self.finished: list[str] = []
        self.status: dict[str, Any] | None = None
        self.failure: Exception | None = None

    def request_live(self, *, stream_id: str, priority: int = 5) -> None:
        if self.failure:
            raise self.failure
        self.requested.append((stream_id, priority))

    def wait_for_player(self, *, stream_id: str, seconds: float) -> bool:
        return False

    def finish_live(self, *, stream_id: str) -> None:
        self.finished.append(stream_id)

    def live_status(self, *, stream_id: str) -> dict[str, Any] | None:
        return self.status


@pytest.fixture(autouse=True)
def media(monkeypatch: pytest.MonkeyPatch) -> FakeMedia:
    fake = FakeMedia()
    for name in ("request_live", "wait_for_player", "finish_live", "live_status"):
        monkeypatch.setattr(media_services, name, getattr(fake, name))
    return fake


class ControlServer(socketserver.ThreadingUnixStreamServer):
    """Speaks for nginx's control module; remembers whom it was told to drop."""

    daemon_threads = True

    def __init__(self, path: str) -> None:
        self.dropped: list[str] = []
        super().__init__(path, _ControlRequest)


class _ControlRequest(BaseHTTPRequestHandler):
    server: ControlServer

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if asked.path == "/control/drop/publisher":
            self.server.dropped.append(parse_qs(asked.query)["name"][0])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass

    def address_string(self) -> str:
        return "unix"


@pytest.fixture(autouse=True)
def ingest_server(settings: Any) -> Iterator[ControlServer]:
    folder = tempfile.mkdtemp(prefix="ctl")  # short: a socket's path has at most 107 bytes
    path = str(Path(folder) / "s")
    server = ControlServer(path)
    settings.INGEST_CONTROL_SOCKET = path
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    shutil.rmtree(folder)


class Hooks:
    """Posts what nginx-rtmp posts."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.client = Client()

    def post(self, event: str, body: str | bytes, *, secret: str | None = None, **environ: Any) -> Any:
        path = f"/internal/ingest/{event}/{secret or self.secret}/"
        return self.client.post(path, data=body, content_type="application/x-www-form-urlencoded", **environ)

    def body(self, call: str, name: str, client: str, address: str = PUBLIC_ADDRESS, appended: str = "") -> str:
        fields = {
            "app": "live",
            "flashver": "FMLE/3.0 (compatible; FMSc/1.0)",
            "swfurl": "rtmp://stream.example/live",
            "tcurl": "rtmp://stream.example/live",
            "pageurl": "",
            "addr": address,
            "clientid": client,
            "call": call,
            "name": name,
            "type": "live",
        }
        return urlencode(fields) + appended

    def publish(self, key: str, client: str = "1", *, appended: str = "", address: str = PUBLIC_ADDRESS) -> Any:
        return self.post("publish", self.body("publish", key, client, address, appended))

    def publish_done(self, key: str, client: str = "1") -> Any:
        return self.post("publish_done", self.body("publish_done", key, client))

    def update(self, key: str, client: str = "1", *, call: str = "update_publish") -> Any:
        return self.post("update", self.body(call, key, client))

    def play(self, name: str, client: str = "9", *, address: str = "127.0.0.1", appended: str = "") -> Any:
        return self.post("play", self.body("play", name, client, address, appended))


@pytest.fixture
def hooks(settings: Any) -> Hooks:
    return Hooks(settings.INGEST_HOOK_SECRET)


@pytest.fixture
def channel(alice: User) -> Channel:
    """Alice's channel."""
    return Channel.objects.get(owner=alice)


@pytest.fixture
def key(channel: Channel) -> str:
    """Alice's stream key."""
    return rotate_stream_key(channel=channel)
