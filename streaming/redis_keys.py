"""Every Redis key of the streaming side; the time each lives stands in `limits`, named beside it."""

RECONCILE_AT = "streaming:reconcile-at"  # OUTAGE_SECONDS
SETTLING = "streaming:settling"  # SETTLING_SECONDS


def viewers(stream_id: str) -> str:
    """Sorted set of viewer names by their last heartbeat. VIEWER_KEYS_SECONDS."""
    return f"streaming:viewers:{stream_id}"


def unique_viewers(stream_id: str) -> str:
    """HyperLogLog of everyone who ever watched. VIEWER_KEYS_SECONDS."""
    return f"streaming:unique:{stream_id}"


def early_done(client_id: str) -> str:
    """The end of a publisher whose beginning is still on its way. EARLY_DONE_SECONDS."""
    return f"streaming:early-done:{client_id}"
