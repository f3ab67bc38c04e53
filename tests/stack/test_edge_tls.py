"""TLS at the edge: who may speak, in which protocol, and who is sent over from plain HTTP."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.certificates import Certificates, make_certificates
from bench.free_ports import free_ports
from stack import nginx
from stack.errors import StackError
from tests.stack.test_edge import GOOD, STREAM, Edge, media, running_edge


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return make_certificates(tmp_path)


@pytest.fixture
def edge(settings: Any, tmp_path: Path, certificates: Certificates) -> Iterator[Edge]:
    settings.TLS_CERT, settings.TLS_KEY = str(certificates.certificate), str(certificates.key)
    settings.TLS_PORT = free_ports(1)[0]
    settings.SITE_URL, settings.SECURE = f"https://localhost:{settings.TLS_PORT}", True
    with running_edge(settings, tmp_path) as running:
        yield running


def trusting(certificates: Certificates) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificates.authority))


def shake_hands(context: ssl.SSLContext, port: int) -> tuple[str | None, str | None, str]:
    """TLS version, application protocol and cipher that were agreed on."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        cipher = secured.cipher()
        return secured.version(), secured.selected_alpn_protocol(), cipher[0] if cipher else ""


def test_browsers_get_http_2_and_others_http_1(edge: Edge, settings: Any, certificates: Certificates) -> None:
    """A-151"""
    for offered, agreed in ((["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1")):
        context = trusting(certificates)
        context.set_alpn_protocols(offered)
        assert shake_hands(context, settings.TLS_PORT)[:2] == ("TLSv1.3", agreed)


def test_older_clients_have_forward_secrecy_too(edge: Edge, settings: Any, certificates: Certificates) -> None:
    """A-157"""
    context = trusting(certificates)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    version, _, cipher = shake_hands(context, settings.TLS_PORT)
    assert version == "TLSv1.2"
    assert cipher.startswith("ECDHE-")


@pytest.mark.parametrize("weakness", ["version", "cipher"])
def test_weak_clients_are_refused(edge: Edge, settings: Any, certificates: Certificates, weakness: str) -> None:
    """A-157"""
    context = trusting(certificates)
    if weakness == "version":
        with pytest.warns(DeprecationWarning):
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    else:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AES128-SHA")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake_hands(context, settings.TLS_PORT)


def test_media_and_pages_come_over_tls(edge: Edge, settings: Any, certificates: Certificates) -> None:
    edge.put(f"live/{STREAM}/source/1-7.2.m4s", "part")
    with httpx.Client(base_url=settings.SITE_URL, verify=trusting(certificates)) as client:
        assert client.get(media(GOOD, "source/1-7.2.m4s")).text == "part"
        assert client.get(media(GOOD, "source/index.m3u8")).status_code == 200
        assert client.get("/alice").text == "site /alice"
    assert edge.site[-1].headers["x-forwarded-proto"] == "https"


def test_pages_asked_over_plain_http_are_sent_over(edge: Edge, settings: Any) -> None:
    """To the address people use, not to whatever Host the client named."""
    for path in ("/alice?x=1", "/api/v1/streams", "/static/a.css"):
        answer = edge.client.get(path, headers={"Host": "evil.example"})
        assert (answer.status_code, answer.headers["location"]) == (308, f"{settings.SITE_URL}{path}")


def test_media_and_health_are_answered_over_plain_http_too(edge: Edge) -> None:
    """A-154: media is never answered by a redirect."""
    edge.put(f"live/{STREAM}/source/1-7.2.m4s", "part")
    assert edge.client.get(media(GOOD, "source/1-7.2.m4s")).text == "part"
    assert edge.client.get(media(GOOD, "source/9-9.0.m4s")).text == "part"
    assert edge.client.get(media(GOOD, "source/index.m3u8")).status_code == 200
    assert edge.client.get("/healthz/ready").status_code == 200


def test_certificate_that_cannot_be_read_is_one_sentence(settings: Any, tmp_path: Path) -> None:
    settings.TLS_CERT, settings.TLS_KEY = str(tmp_path / "none.pem"), ""
    with pytest.raises(StackError, match=r"none\.pem cannot be read"):
        nginx.edge_values([])
