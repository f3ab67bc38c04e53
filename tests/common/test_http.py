"""The way out goes to the internet, and nowhere else: no name, form of address or redirect changes that."""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from common import http
from common.http import OutboundClient, OutboundFailed, OutboundRefused, check_url, is_public

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]


class Canary(ThreadingHTTPServer):
    """A service of this machine that nobody outside may reach."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hit)
        self.hits: list[str] = []
        self.connections = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().finish_request(request, client_address)


class _Hit(BaseHTTPRequestHandler):
    server: Canary
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.hits.append(self.path)
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.port}/secret")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(10_000):
                self.wfile.write(b"x" * 10_000)
        elif self.path == "/silent":
            threading.Event().wait(3)
        else:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def canary() -> Iterator[Canary]:
    server = Canary()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


async def get(url: str) -> http.Answer:
    async with OutboundClient() as client:
        return await client.request("GET", url, headers={})


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.0",  # noqa: S104
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "no address",
    ],
)
def test_address_that_is_not_the_internets(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e"])
def test_address_of_the_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https:///nohost",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://example.com:22/",
        "https://example.com:6379/",
        "https://example.com:99999/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://example.com/a b",
        "https://example.com\\@127.0.0.1/",
        "https://exämple.com/",
        "https://example.com/\r\nX: y",
        "https://[::1/",
        "x" * 3000,
        "",
    ],
)
def test_address_that_is_refused_before_anyone_is_asked(url: str) -> None:
    with pytest.raises(OutboundRefused):
        check_url(url)


def test_address_of_a_push_service_is_fine() -> None:
    assert check_url("https://fcm.googleapis.com/fcm/send/abc:def").hostname == "fcm.googleapis.com"
    assert check_url("https://push.example:8443/x").port == 8443


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1"])
async def test_name_or_number_that_means_this_machine(canary: Canary, host: str) -> None:
    with pytest.raises((OutboundRefused, OutboundFailed)):
        await get(f"https://{host}/")
    assert canary.connections == 0


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """A resolver of the test's own: for each name the answers to the first question, the second …"""
    answers: dict[str, list[list[str]]] = {}

    async def resolve(host: str, port: int) -> list[str]:
        found = answers[host]
        return found.pop(0) if len(found) > 1 else found[0]

    monkeypatch.setattr(http, "resolve", resolve)
    return answers


class Dialled(Exception):
    """The network was asked for a connection."""


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that would have been connected to."""
    found: list[str] = []

    async def connect_tcp(self: Any, host: str, *rest: Any, **more: Any) -> Any:
        found.append(host)
        raise Dialled

    monkeypatch.setattr("httpcore.AnyIOBackend.connect_tcp", connect_tcp)
    return found


async def test_name_that_changes_its_mind_is_asked_once(names: dict[str, list[list[str]]], dialled: list[str]) -> None:
    names["rebind.example"] = [["93.184.215.14"], ["127.0.0.1"]]
    with pytest.raises(Dialled):
        await get("https://rebind.example/")
    assert dialled == ["93.184.215.14"]  # the address that was judged, not the name
    with pytest.raises(OutboundRefused):
        await get("https://rebind.example/")
    assert dialled == ["93.184.215.14"]


async def test_one_bad_address_among_good_ones_is_enough(names: dict[str, list[list[str]]], dialled: list[str]) -> None:
    names["mixed.example"] = [["93.184.215.14", "10.0.0.1"]]
    with pytest.raises(OutboundRefused):
        await get("https://mixed.example/")
    assert dialled == []


async def test_operator_may_name_a_network_of_his_own(canary: Canary, settings: Any) -> None:
    settings.OUTBOUND_NETWORKS = LOOPBACK
    answer = await get(f"http://127.0.0.1:{canary.port}/hello")
    assert (answer.status, answer.body, canary.hits) == (200, b"ok", ["/hello"])


async def test_other_networks_stay_closed_then(
    settings: Any, names: dict[str, list[list[str]]], dialled: list[str]
) -> None:
    settings.OUTBOUND_NETWORKS = LOOPBACK
    names["home.example"] = [["10.0.0.1"]]
    for url in ("https://home.example/", "http://home.example/"):
        with pytest.raises(OutboundRefused):
            await get(url)
    names["plain.example"] = [["93.184.215.14"]]
    with pytest.raises(OutboundRefused):  # nothing goes over the internet in the clear
        await get("http://plain.example/")
    with pytest.raises(OutboundRefused):
        await get("https://plain.example:6379/")
    assert dialled == []


async def test_redirect_is_an_answer_and_not_followed(canary: Canary, settings: Any) -> None:
    settings.OUTBOUND_NETWORKS = LOOPBACK
    answer = await get(f"http://127.0.0.1:{canary.port}/redirect")
    assert answer.status == 302
    assert canary.hits == ["/redirect"]


async def test_no_more_than_so_much_is_read(canary: Canary, settings: Any) -> None:
    settings.OUTBOUND_NETWORKS = LOOPBACK
    answer = await get(f"http://127.0.0.1:{canary.port}/endless")
    assert len(answer.body) == http.ANSWER_BYTES


async def test_nobody_waits_for_ever(canary: Canary, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OUTBOUND_NETWORKS = LOOPBACK
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.2)
    with pytest.raises(OutboundFailed):
        await get(f"http://127.0.0.1:{canary.port}/silent")


async def test_nothing_listens_there(settings: Any) -> None:
    settings.OUTBOUND_NETWORKS = LOOPBACK
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(OutboundFailed):
            await get(f"http://127.0.0.1:{port}/")


async def test_proxy_of_the_environment_is_not_asked(
    canary: Canary, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    settings.OUTBOUND_NETWORKS = LOOPBACK
    assert (await get(f"http://127.0.0.1:{canary.port}/")).status == 200


async def test_connection_is_kept_for_the_next_request(canary: Canary, settings: Any) -> None:
    settings.OUTBOUND_NETWORKS = LOOPBACK
    async with OutboundClient() as client:
        for _ in range(3):
            await client.request("GET", f"http://127.0.0.1:{canary.port}/", headers={})
        await asyncio.sleep(0)
    assert (len(canary.hits), canary.connections) == (3, 1)
