"""Signed, expiring permission to fetch one broadcast's media: checked without any state, before any cache.

A token says what it is for: what was signed for a live broadcast does not open its recording, which its owner may hide.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
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
    if path.startswith(f"{names.RECORDING_DIR}/") or path.endswith(f"/{names.ARCHIVE}"):
        return "recording"
    if path.startswith(f"{names.DOWNLOAD_DIR}/"):
        return "download"
    return "shared" if _WHOLE_FILE.fullmatch(path) and not names.is_part(path) else "live"


@dataclass(frozen=True, slots=True)
class Permission:
    """What a genuine token allows, until `expires_at` (Unix seconds), unless what was signed before was taken back."""

    scope: str
    generation: int  # of the broadcast's permissions when it was signed (transcode.revocations)
    expires_at: int

    def opens(self, kind: str) -> bool:
        """Whether it is for this kind of media."""
        return self.scope in OPENED_BY.get(kind, ())


def sign(*, key: bytes, stream_id: str, expires_at: int, scope: Scope = Scope.LIVE, generation: int = 0) -> str:
    """A token for what `scope` opens under `/media/<token>/<stream_id>/` until `expires_at` (Unix seconds)."""
    words = f"{scope}.{generation:x}.{expires_at:x}"
    return f"{words}.{_signature(key, words, stream_id)}"


def read(*, key: bytes, token: str, stream_id: str) -> Permission | None:
    """What a token that was signed by us for this broadcast allows; None for any other text."""
    if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
        return None
    words, _, signature = token.rpartition(".")
    scope, _, numbers = words.partition(".")
    try:
        generation, expires_at = (int(number, 16) for number in numbers.split("."))
    except ValueError:
        return None
    # The text must be the canonical one, or several spellings of one token would fill the edge's cache.
    if words != f"{scope}.{generation:x}.{expires_at:x}":
        return None
    genuine = hmac.compare_digest(signature, _signature(key, words, stream_id))
    return Permission(scope, generation, expires_at) if genuine else None


def is_valid(*, key: bytes, token: str, stream_id: str, now: float, kind: str = "live") -> bool:
    """Whether `token` was signed by us for this broadcast and this kind of media, and has not expired."""
    permission = read(key=key, token=token, stream_id=stream_id)
    return permission is not None and permission.expires_at >= now and permission.opens(kind)


def _signature(key: bytes, words: str, stream_id: str) -> str:
    mac = hmac.new(key, f"{stream_id}/{words}".encode(), sha256).digest()
    return urlsafe_b64encode(mac[:SIGNATURE_BYTES]).decode()
