"""Every Redis key and channel of notifications."""

TOLD = "notifications:told"  # Pub/Sub channel: every site process hears of every batch


def had_digest(user_id: int) -> str:
    """The person had an e-mail lately. MILLRACE_MAIL_DIGEST_MINUTES."""
    return f"notifications:digest:{user_id}"
