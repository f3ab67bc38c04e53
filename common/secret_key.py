"""The installation's one secret, and the keys derived from it for each purpose."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

SECRET_BYTES = 48


def load_or_create_secret(path: Path) -> str:
    """Return the secret in `path`, creating it readable by its owner only.

    `O_EXCL` makes one process the creator when several start at once; the others read what it wrote.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(SECRET_BYTES))
    try:
        os.link(draft, path)  # atomic: the file appears with its whole content or not at all
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()


def derive_key(secret: str, purpose: str) -> bytes:
    """A 32-byte key for one purpose: HMAC-SHA-256 of the purpose under the installation's secret."""
    return hmac.new(secret.encode(), f"millrace/{purpose}".encode(), hashlib.sha256).digest()
