"""A proxy in front of an S3 service that fails a share of the requests, in the ways services and networks do."""

import http.client
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

SLOW_DOWN = (
    b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'
)
HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}


class FlakyProxy:
    """Use as a context manager. `share` of the requests fail: half with 503, half with a cut connection."""

    def __init__(self, target: str, *, share: float, seed: int = 1) -> None:
        self.share, self.requests, self.failed = share, 0, 0
        self._target = urlsplit(target)
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                proxy.handle(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def handle(self, client: BaseHTTPRequestHandler) -> None:
        body = client.rfile.read(int(client.headers.get("Content-Length", 0)))
        with self._lock:
            self.requests += 1
            fate = self._chance.random() / self.share if self.share else 1.0
            self.failed += fate < 1
        if fate < 0.5:
            self._answer(client, 503, [("Content-Length", str(len(SLOW_DOWN)))], SLOW_DOWN)
        elif fate < 1:
            client.close_connection = True
            client.connection.close()
        else:
            self._pass_on(client, body)

    def _pass_on(self, client: BaseHTTPRequestHandler, body: bytes) -> None:
        """With the Host that was signed."""
        upstream = http.client.HTTPConnection(str(self._target.hostname), self._target.port, timeout=60)
        upstream.putrequest(client.command, client.path, skip_host=True, skip_accept_encoding=True)
        for name, value in client.headers.items():
            if name.lower() not in HOP_BY_HOP | {"expect"}:
                upstream.putheader(name, value)
        upstream.endheaders(body)
        answer = upstream.getresponse()
        content = answer.read()
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
        if client.command != "HEAD" and not any(name.lower() == "content-length" for name, _ in headers):
            headers.append(("Content-Length", str(len(content))))
        self._answer(client, answer.status, headers, content)
        upstream.close()

    def _answer(
        self, client: BaseHTTPRequestHandler, status: int, headers: list[tuple[str, str]], content: bytes
    ) -> None:
        client.send_response_only(status)
        for name, value in headers:
            client.send_header(name, value)
        client.end_headers()
        if client.command != "HEAD":
            client.wfile.write(content)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
