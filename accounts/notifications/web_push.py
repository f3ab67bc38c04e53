"""What a push looks like on the wire: signed (VAPID, RFC 8292), encrypted (RFC 8291, aes128gcm), with its headers.

Knows no settings and no network: keys, payload and the time go in, headers and bytes come out.
"""

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

PUBLIC_KEY_BYTES = 65  # an uncompressed point of P-256
AUTH_BYTES = 16  # RFC 8291, section 3.2
PAYLOAD_MAX_BYTES = 3_993  # so that the message has 4,096 at most: every push service takes that (RFC 8030, 7.2)
SIGNATURE_SECONDS = 12 * 3600  # RFC 8292, section 2: at most 24 hours
SIGNATURE_KEPT_SECONDS = 6 * 3600  # one is used for that long: half its life is left
TOPIC_CHARACTERS = 32  # RFC 8030, section 5.4


@dataclass(frozen=True)
class Receiver:
    """Where a browser is pushed to, and the keys to encrypt for it."""

    endpoint: str
    p256dh: bytes
    auth: bytes


@dataclass(frozen=True)
class Message:
    """What is pushed: `topic` lets a newer one take the place of one that still waits at the push service."""

    payload: bytes
    seconds: int
    urgency: str
    topic: str


def signing_key(text: str, seed: bytes) -> ec.EllipticCurvePrivateKey:
    """The private key as web-push tools print it (32 bytes in base64url); without one it is made of the seed.

    Raises ValueError where `text` is no such key.
    """
    if not text:
        return _key_of_seed(seed)
    raw = from_base64url(text)
    if len(raw) != 32:
        raise ValueError("A VAPID key has 32 bytes in base64url.")
    return ec.derive_private_key(int.from_bytes(raw), ec.SECP256R1())


def public_key_text(key: ec.EllipticCurvePrivateKey) -> str:
    """What browsers want as `applicationServerKey`."""
    return to_base64url(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def check_keys(p256dh: str, auth: str) -> tuple[bytes, bytes]:
    """A browser's keys as it gave them. Raises ValueError: a point that is not on the curve must not reach us later."""
    point, secret = from_base64url(p256dh), from_base64url(auth)
    if len(point) != PUBLIC_KEY_BYTES or len(secret) != AUTH_BYTES:
        raise ValueError("The keys of a subscription have 65 and 16 bytes.")
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    return point, secret


def payload_of(content: dict[str, Any]) -> bytes:
    """As JSON, which must fit."""
    payload = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    if len(payload) > PAYLOAD_MAX_BYTES:
        raise ValueError("This is too much for one push.")
    return payload


def topic_of(tag: str) -> str:
    """A name of 32 letters of base64url for any text."""
    return to_base64url(hashlib.sha256(tag.encode()).digest())[:TOPIC_CHARACTERS]


def encrypt(payload: bytes, receiver: Receiver) -> bytes:
    """For this browser alone; each message has a key pair and a salt of its own."""
    encrypted: bytes = http_ece.encrypt(
        payload,
        salt=os.urandom(16),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=receiver.p256dh,
        auth_secret=receiver.auth,
        version="aes128gcm",
    )
    return encrypted


class Signer:
    """Signs for push services: one signature for each of them, used for some hours."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, contact: str) -> None:
        self._vapid = Vapid02(key)
        self._contact = contact
        self._signature = lru_cache(maxsize=256)(self._sign)

    def headers(self, message: Message, endpoint: str, now: float) -> dict[str, str]:
        """All that goes with a message."""
        parts = urlsplit(endpoint)
        return {
            "Authorization": self._signature(f"{parts.scheme}://{parts.netloc}", int(now) // SIGNATURE_KEPT_SECONDS),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(message.seconds),
            "Urgency": message.urgency,
            "Topic": message.topic,
        }

    def _sign(self, audience: str, period: int) -> str:
        expires_at = period * SIGNATURE_KEPT_SECONDS + SIGNATURE_SECONDS
        signed: dict[str, str] = self._vapid.sign({"aud": audience, "exp": expires_at, "sub": self._contact})
        return signed["Authorization"]


def to_base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def from_base64url(text: str) -> bytes:
    """Raises ValueError for anything else; browsers leave the padding out."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise ValueError("This is no base64url.") from error


def _key_of_seed(seed: bytes) -> ec.EllipticCurvePrivateKey:
    """Always the same key for the same seed: any number in the group's range is one."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256, FIPS 186-4, D.1.2.3
    number = int.from_bytes(hashlib.sha512(seed).digest()) % (order - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1())
