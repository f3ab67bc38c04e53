"""Every key of accounts in Redis. (Counted tries are common.rate_limit's.)"""

from hashlib import sha256


def session_seen(session_key: str) -> str:
    """There while a session was noted as seen; ends after SESSION_SEEN_SECONDS. The cookie itself is not in Redis."""
    return f"session-seen:{sha256(session_key.encode()).hexdigest()[:32]}"
