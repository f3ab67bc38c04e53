"""What the TLS probe says of a server that speaks TLS well, but only HTTP/1.1."""

import asyncio
import ssl
from pathlib import Path

from bench.certificates import make_certificates
from tests.conformance.capture import Capture, Expected
from tests.conformance.rule import RULES, judge
from tests.conformance.rules import load_rules
from tests.conformance.tls_probe import TlsFront, ask_over_tls

load_rules()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n#EXTM3U\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if await reader.readline():
        writer.write(ANSWER)
    writer.close()


async def test_a_server_without_http_2_is_noticed_and_its_tls_judged(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    capture = Capture(Expected())
    async with server:
        front = TlsFront("127.0.0.1", server.sockets[0].getsockname()[1], made.authority)
        await ask_over_tls(front, "/media/token/stream", ["index.m3u8"], capture)
    [asked] = capture.exchanges
    assert (asked.status, asked.http_version, asked.body) == (200, "HTTP/1.1", b"#EXTM3U\n")
    verdicts = {one.rule.id: one.outcome for one in judge(capture, {id: RULES[id] for id in ("A-151", "A-157")})}
    assert verdicts == {"A-151": "failed", "A-157": "passed"}
