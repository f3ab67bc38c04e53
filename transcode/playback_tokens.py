"""Signed, expiring permission to fetch one broadcast's media: checked without any state, before any cache.

A token says what it is for: what was signed for a live broadcast does not open its recording, which its owner may hide.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from enum import StrEnum
from hashlib import sha256

from transcode.hls import names

SIGNATURE_BYTES = 24  # of HMAC-SHA-256's 32: 192 bits keep the URL short and are far beyond guessing
MAX_TOKEN_LENGTH = 64


class Scope(StrEnum):
    """What a token was signed for; its first letter."""

    LIVE = "l"
    RECORDING = "r"
    DOWNLOAD = "d"


# Kinds of media by the scopes that open them. nginx tells them apart by the same patterns (`$media_kind`).
OPENED_BY = {
    "live": frozenset({Scope.LIVE}),  # playlists that grow, parts
    "recording": frozenset({Scope.RECORDING}),
    "download": frozenset({Scope.DOWNLOAD}),
    "shared": frozenset({Scope.LIVE, Scope.RECORDING}),  # segments and sprites, which both list
}
_WHOLE_FILE = re.compile(r".*\.(m4s|mp4|jpg)")


def media_kind(path: str) -> str:
    """A key of `OPENED_BY` for a path below the stream id."""
    if path.startswith(f"{names.RECORDING_DIR}/"):
        return "recording"
    if path.startswith(f"{names.DOWNLOAD_DIR}/"):
        return "download"
    return "shared" if _WHOLE_FILE.fullmatch(path) and not names.is_part(path) else "live"


def sign(*, key: bytes, stream_id: str, expires_at: int, scope: Scope = Scope.LIVE) -> str:
    """A token for what `scope` opens under `/media/<token>/<stream_id>/` until `expires_at` (Unix seconds)."""
    return f"{scope}.{expires_at:x}.{_signature(key, scope, stream_id, expires_at)}"


def is_valid(*, key: bytes, token: str, stream_id: str, now: float, kind: str = "live") -> bool:
    """Whether `token` was signed by us for this broadcast and this kind of media, and has not expired."""
    expires_at = signed_until(key=key, token=token, stream_id=stream_id)
    return expires_at is not None and expires_at >= now and opens(token, kind)


def opens(token: str, kind: str) -> bool:
    """Whether tokens that begin as this one are for this kind of media; says nothing of the signature."""
    return token[:1] in OPENED_BY.get(kind, ())


def signed_until(*, key: bytes, token: str, stream_id: str) -> int | None:
    """When a token that was signed by us for this broadcast expires (Unix seconds); None for any other text."""
    if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
        return None
    scope, _, rest = token.partition(".")
    expiry_text, _, signature = rest.partition(".")
    try:
        expires_at = int(expiry_text, 16)
    except ValueError:
        return None
    # The text must be the canonical one, or several spellings of one token would fill the edge's cache.
    if expiry_text != f"{expires_at:x}":
        return None
    genuine = hmac.compare_digest(signature, _signature(key, scope, stream_id, expires_at))
    return expires_at if genuine else None


def _signature(key: bytes, scope: str, stream_id: str, expires_at: int) -> str:
    mac = hmac.new(key, f"{scope}/{stream_id}/{expires_at}".encode(), sha256).digest()
    return urlsafe_b64encode(mac[:SIGNATURE_BYTES]).decode()
