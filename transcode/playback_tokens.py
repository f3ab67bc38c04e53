"""Signed, expiring permission to fetch one broadcast's media: checked without any state, before any cache."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256

SIGNATURE_BYTES = 24  # of HMAC-SHA-256's 32: 192 bits keep the URL short and are far beyond guessing
MAX_TOKEN_LENGTH = 64


def sign(*, key: bytes, stream_id: str, expires_at: int) -> str:
    """A token for everything under `/media/<token>/<stream_id>/` until `expires_at` (Unix seconds)."""
    return f"{expires_at:x}.{_signature(key, stream_id, expires_at)}"


def is_valid(*, key: bytes, token: str, stream_id: str, now: float) -> bool:
    """Whether `token` was signed by us for this broadcast and has not expired."""
    expires_at = signed_until(key=key, token=token, stream_id=stream_id)
    return expires_at is not None and expires_at >= now


def signed_until(*, key: bytes, token: str, stream_id: str) -> int | None:
    """When a token that was signed by us for this broadcast expires (Unix seconds); None for any other text."""
    if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
        return None
    expiry_text, _, signature = token.partition(".")
    try:
        expires_at = int(expiry_text, 16)
    except ValueError:
        return None
    # The text must be the canonical one, or several spellings of one token would fill the edge's cache.
    if expiry_text != f"{expires_at:x}":
        return None
    genuine = hmac.compare_digest(signature, _signature(key, stream_id, expires_at))
    return expires_at if genuine else None


def _signature(key: bytes, stream_id: str, expires_at: int) -> str:
    mac = hmac.new(key, f"{stream_id}/{expires_at}".encode(), sha256).digest()
    return urlsafe_b64encode(mac[:SIGNATURE_BYTES]).decode()
