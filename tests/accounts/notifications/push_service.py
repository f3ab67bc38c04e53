"""A push service on this machine that is as strict as a real one: it checks the signature and opens the message.

It opens it by RFC 8291 step by step, not with the library that closed it.
"""

import base64
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

__all__ = ["Browser", "PushService", "open_message", "push_service", "verified_claims"]

DAY_SECONDS = 86_400


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def raw_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """One that subscribed: its keys, and what reached it."""

    service: "PushService"
    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: os.urandom(16))
    messages: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answer: int = 201
    answer_headers: dict[str, str] = field(default_factory=dict)

    @property
    def point(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def subscription(self) -> dict[str, str]:
        return {"endpoint": f"{self.service.url}/push/{self.name}", "p256dh": b64(self.point), "auth": b64(self.secret)}


def verified_claims(authorization: str, audience: str, now: float) -> dict[str, Any]:
    """RFC 8292: ES256 over the token with the key beside it, for us, for 24 hours at most. Raises ValueError."""
    scheme, _, rest = authorization.partition(" ")
    fields = dict(part.strip().split("=", 1) for part in rest.split(","))
    if scheme.lower() != "vapid" or set(fields) != {"t", "k"}:
        raise ValueError("no VAPID header")
    signed, _, signature = fields["t"].rpartition(".")
    head, claims = (json.loads(raw_of(part)) for part in signed.split("."))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw_of(fields["k"]))
    raw = raw_of(signature)
    if head["alg"] != "ES256" or len(raw) != 64:
        raise ValueError("not ES256")
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    try:
        public.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise ValueError("the signature is wrong") from None
    if claims["aud"] != audience:
        raise ValueError("for another service")
    if not now < claims["exp"] <= now + DAY_SECONDS:
        raise ValueError("over, or for more than a day")
    if not str(claims.get("sub", "")).startswith(("mailto:", "https://")):
        raise ValueError("no contact")
    return {**claims, "k": fields["k"]}


def open_message(body: bytes, *, key: ec.EllipticCurvePrivateKey, secret: bytes) -> bytes:
    """RFC 8291, section 3.4, and RFC 8188: one record. Raises on anything that was not closed for this browser."""
    salt, size, id_length = body[:16], int.from_bytes(body[16:20]), body[20]
    sender = body[21 : 21 + id_length]
    if size < 18 or len(body) > 4096:
        raise ValueError("wrong size")
    own = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    both = HKDF(hashes.SHA256(), 32, secret, b"WebPush: info\x00" + own + sender).derive(shared)
    content_key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(both)
    nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(both)
    padded = AESGCM(content_key).decrypt(nonce, body[21 + id_length :], None)
    content, mark, _ = padded.rpartition(b"\x02")
    if not mark:
        raise ValueError("no end of the record")
    return content


class PushService(ThreadingHTTPServer):
    """Takes POSTs to /push/<browser>; refuses what a real one refuses."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.browsers: dict[str, Browser] = {}
        self.claims: list[dict[str, Any]] = []
        self.asked = 0
        self.refused: list[str] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def browser(self, name: str, **more: Any) -> Browser:
        self.browsers[name] = Browser(self, name, **more)
        return self.browsers[name]

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().finish_request(request, client_address)


class _Request(BaseHTTPRequestHandler):
    server: PushService
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        service = self.server
        service.asked += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        browser = service.browsers.get(self.path.rpartition("/")[2])
        status = 404 if browser is None else browser.answer
        if browser is not None and status == 201:
            try:
                service.claims.append(verified_claims(self.headers["Authorization"], service.url, time.time()))
                self._check_headers()
                browser.messages.append(json.loads(open_message(body, key=browser.key, secret=browser.secret)))
                browser.headers.append(dict(self.headers.items()))
            except Exception as error:
                service.refused.append(repr(error))
                status = 400
        self.send_response(status)
        for name, value in (browser.answer_headers if browser else {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _check_headers(self) -> None:
        if self.headers["Content-Encoding"] != "aes128gcm" or not self.headers["TTL"].isdigit():
            raise ValueError("headers")
        if len(self.headers.get("Topic", "")) > 32 or self.headers["Urgency"] not in {"low", "normal", "high"}:
            raise ValueError("headers")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def push_service() -> Iterator[PushService]:
    service = PushService()
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.shutdown()
        service.server_close()
