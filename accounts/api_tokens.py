"""What an API token looks like, and how it is stored: as a keyed hash only."""

import hmac
import re
import secrets
import string
from hashlib import sha256

from accounts.limits import CHAT_TOKEN_LENGTH, CLIENT_ID_LENGTH, MAX_TOKEN_LENGTH, TOKEN_LENGTH

TOKEN_PREFIX = "mrt_"  # noqa: S105  the public mark by which secret scanners find a leaked token
CHAT_TOKEN_PREFIX = "mrt"  # noqa: S105  the same for chat: Twitch's clients expect 30 letters and digits
_ALPHABET = string.ascii_lowercase + string.digits  # tmi.js writes tokens in lower case
_FORM = re.compile(rf"mrt_[A-Za-z0-9_-]{{16,}}|mrt[a-z0-9]{{{CHAT_TOKEN_LENGTH}}}")


def new_api_token() -> str:
    """A fresh random token for the whole API."""
    return TOKEN_PREFIX + _random(TOKEN_LENGTH)


def new_chat_token() -> str:
    """A fresh random token that may do only some things, in the form that chat programs take."""
    return CHAT_TOKEN_PREFIX + _random(CHAT_TOKEN_LENGTH)


def has_token_form(text: str) -> bool:
    """Whether `text` could be a token at all."""
    return len(text) <= MAX_TOKEN_LENGTH and _FORM.fullmatch(text) is not None


def token_digest(pepper: bytes, token: str) -> str:
    """The keyed hash tokens are stored and looked up by: a leaked table is worth nothing without the pepper."""
    return hmac.new(pepper, token.encode(), sha256).hexdigest()


def client_id(pepper: bytes, digest: str) -> str:
    """The public id of the application a token is for: everyone's bot is an application of its own."""
    number = int.from_bytes(hmac.new(pepper, f"client-id:{digest}".encode(), sha256).digest())
    letters = []
    for _ in range(CLIENT_ID_LENGTH):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "".join(letters)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
