"""What an API token looks like and how it is stored: as a keyed hash only."""

import hmac
import re
import secrets
import string
from hashlib import sha256

from accounts.limits import MAX_TOKEN_LENGTH, TOKEN_LENGTH

TOKEN_PREFIX = "mrt_"  # noqa: S105  the public mark by which secret scanners find a leaked token
_ALPHABET = string.ascii_lowercase + string.digits  # tmi.js writes tokens in lower case
_FORM = re.compile(r"mrt_[A-Za-z0-9_-]{16,}")


def new_api_token() -> str:
    """A fresh random token."""
    return TOKEN_PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(TOKEN_LENGTH))


def has_token_form(text: str) -> bool:
    """Whether `text` could be a token at all."""
    return len(text) <= MAX_TOKEN_LENGTH and _FORM.fullmatch(text) is not None


def token_digest(pepper: bytes, token: str) -> str:
    """The keyed hash tokens are stored and looked up by: a leaked table is worth nothing without the pepper."""
    return hmac.new(pepper, token.encode(), sha256).hexdigest()
