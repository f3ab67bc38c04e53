"""What a stream key looks like and how it is stored: as a keyed hash only."""

import hmac
import re
import secrets
from hashlib import sha256

from streaming.limits import KEY_BYTES, KEY_SHOWN_CHARACTERS, MAX_KEY_LENGTH

KEY_PREFIX = "live_"  # by which secret scanners find a leaked key
_NAME = re.compile(r"[A-Za-z0-9_-]+")


def new_stream_key() -> str:
    """A fresh random key."""
    return KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)


def is_ingest_name(text: str) -> bool:
    """Whether `text` may name anything at the ingest server; checked before any look-up."""
    return len(text) <= MAX_KEY_LENGTH and _NAME.fullmatch(text) is not None


def key_digest(pepper: bytes, key: str) -> str:
    """The keyed hash keys are stored and looked up by: no timing tells how much of a guess was right."""
    return hmac.new(pepper, key.encode(), sha256).hexdigest()


def shown_part(key: str) -> str:
    """The first characters, by which its owner recognises a key."""
    return key[:KEY_SHOWN_CHARACTERS]
