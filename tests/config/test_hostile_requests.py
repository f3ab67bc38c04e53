"""Requests that no browser sends: someone else's host name, more of everything than anybody needs."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from accounts.services import create_api_token
from bench.free_ports import free_ports
from streaming.models import Broadcast
from tests.pages.conftest import PLAIN_STATIC_FILES
from vod.models import Vod

EVIL = "evil.example"
START_SECONDS = 30.0
MILLION = 1_000_000


@pytest.fixture(autouse=True)
def _plain_static_files(settings: LazySettings) -> None:
    settings.STORAGES = PLAIN_STATIC_FILES


@pytest.fixture
def pages(alice: User) -> list[str]:
    """Pages that name themselves: to search engines, feed readers, other sites, in mails."""
    broadcast = Broadcast.objects.create(channel=alice.channel, title="Then", state="ended")
    vod = Vod.objects.create(broadcast=broadcast, channel=alice.channel, title="Then", duration_seconds=60)
    return [
        "/", "/alice", f"/videos/{vod.public_id}", "/embed/alice", "/alice/videos.rss", "/alice/videos.atom",
        "/sitemap.xml", "/sitemap-channels.xml", "/sitemap-videos.xml", "/robots.txt", "/accounts/login/",
        "/accounts/password/reset/", f"/oembed?url=http://127.0.0.1:8000/videos/{vod.public_id}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "host", [EVIL, f"127.0.0.1.{EVIL}", f"127.0.0.1@{EVIL}", f"{EVIL}#127.0.0.1", "127.0.0.1:80:80", "[::1", "", "a b"]
)
def test_foreign_host_is_refused(pages: list[str], host: str) -> None:
    for page in pages:
        answer = Client().get(page, headers={"Host": host})
        assert answer.status_code == 400, page
        assert EVIL.encode() not in answer.content


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-URL", "X-Rewrite-URL"])
def test_foreign_host_beside_ours_is_ignored(pages: list[str], header: str) -> None:
    value = f"host={EVIL};proto=https" if header == "Forwarded" else f"https://{EVIL}/"
    for page in pages:
        plain, poisoned = Client().get(page), Client().get(page, headers={header: value})
        assert poisoned.status_code == plain.status_code == 200, page
        assert EVIL.encode() not in poisoned.content
        assert EVIL not in str(poisoned.headers)


@pytest.mark.django_db
def test_invented_parameters_neither_break_a_page_nor_reach_it(pages: list[str]) -> None:
    for page in (page for page in pages if "?" not in page):
        for query in ("?_=1719402938&utm_source=a", "?" + "&".join(f"busted{number}=x" for number in range(900))):
            answer = Client().get(page + query)
            assert answer.status_code == 200, page
            assert b"busted" not in answer.content


@pytest.mark.django_db
def test_million_fields_are_refused_unread(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    fields = "&".join(f"a{number}=" for number in range(MILLION))
    kind = "application/x-www-form-urlencoded"
    for page in ("/accounts/login/", "/dashboard/", "/alice/follow"):
        assert client.post(page, data=fields, content_type=kind).status_code in (400, 413), page
    assert client.get("/api/v1/streams?" + fields[:MILLION]).status_code == 400


@pytest.mark.django_db
def test_million_parts_are_refused_unread(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    one = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    body = one * 20_000 + "--x--\r\n"
    assert client.post("/dashboard/", data=body, content_type="multipart/form-data; boundary=x").status_code == 400


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000, "9" * 100_000])
def test_deep_or_endless_json_is_refused(alice: User, body: str) -> None:
    token = create_api_token(user=alice, name="test")
    headers = {"Authorization": f"Bearer {token}"}
    client = Client(raise_request_exception=False)
    for method, path in (("PATCH", "/api/v1/channels/alice"), ("POST", "/api/v1/clips")):
        answer = client.generic(method, path, body, content_type="application/json", headers=headers)
        assert answer.status_code == 400, (path, answer.content)
        assert answer.json()["detail"]


@pytest.mark.django_db
def test_large_json_is_refused(alice: User) -> None:
    headers = {"Authorization": f"Bearer {create_api_token(user=alice, name='test')}"}
    body = json.dumps({"title": "a" * 2 * MILLION})
    client = Client(raise_request_exception=False)
    answer = client.patch("/api/v1/channels/alice", body, content_type="application/json", headers=headers)
    assert answer.status_code in (400, 413)


@pytest.fixture(scope="module")
def site() -> Iterator[int]:
    """The port of the site's real process. It is asked for what needs no database."""
    (port,) = free_ports(1)
    argv = [sys.executable, "-m", "daphne", "--bind", "127.0.0.1", "--port", str(port), "--verbosity", "0"]
    root = Path(__file__).parents[2]
    process = subprocess.Popen([*argv, "config.asgi:application"], cwd=root, env=os.environ)
    try:
        _wait(port, process)
        yield port
    finally:
        process.kill()  # it has nothing to tidy up
        process.wait(10)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        assert process.poll() is None
        assert time.monotonic() < deadline, "the site does not start"
        time.sleep(0.1)


def _answers(port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("GET", "/robots.txt")
            return connection.getresponse().status == 200
    except OSError:
        return False


RAW = {
    "a header of a megabyte": b"GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"a" * MILLION + b"\r\n\r\n",
    "a line of a megabyte": b"GET /robots.txt?" + b"a" * MILLION + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a hundred thousand headers": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-A: b\r\n" * 100_000 + b"\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello",
    "a length and chunks": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length below nothing": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
    "a chunk of no number": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "two hosts": b"GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
    "no request at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "a whole address of another": b"GET http://evil.example/robots.txt HTTP/1.1\r\nHost: evil.example\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("what", RAW)
def test_site_survives(site: int, services: None, what: str) -> None:
    with socket.create_connection(("127.0.0.1", site), timeout=10) as connection:
        try:
            connection.sendall(RAW[what])
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65_536)
        except OSError:
            answer = b""  # it hung up, which is an answer
    assert not answer or answer.split()[1][:1] == b"4", answer[:200]
    assert _answers(site)
