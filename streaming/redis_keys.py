"""Every Redis key of the streaming side; the time each lives stands in `limits`, named beside it."""

RECONCILE_AT = "streaming:reconcile-at"  # OUTAGE_SECONDS
SETTLING = "streaming:settling"  # SETTLING_SECONDS
FLAGS_REPAIRED = "streaming:flags-repaired"  # FLAGS_SECONDS


VIEWERS = "streaming:viewers:"
UNIQUE_VIEWERS = "streaming:unique:"
UNIQUES_COUNTED = "streaming:uniques-counted:"
WATCHED = "streaming:watched"  # sorted set: broadcasts that somebody watches, by when the last one is gone; no TTL


def viewers(stream_id: str) -> str:
    """Sorted set of viewer names by the time each is gone. A minute longer than that."""
    return f"{VIEWERS}{stream_id}"


def unique_viewers(stream_id: str) -> str:
    """Everyone who ever watched: a set, or with many a word beside `…:0` to `…:15`. VIEWER_KEYS_SECONDS."""
    return f"{UNIQUE_VIEWERS}{stream_id}"


def viewers_from(stream_id: str, address: str) -> str:
    """Sorted set of the anonymous names that came from an address. VIEWER_ADDRESS_SECONDS."""
    return f"streaming:viewers-from:{stream_id}:{address}"


def raid_invited(raid_id: int, target_id: int) -> str:
    """Set of the viewers who were sent to a channel and have not arrived. RAID_KEYS_SECONDS."""
    return f"streaming:raid:{raid_id}:{target_id}:invited"


def raid_arrived(raid_id: int, target_id: int) -> str:
    """Set of those who have. RAID_KEYS_SECONDS."""
    return f"streaming:raid:{raid_id}:{target_id}:arrived"


def early_done(client_id: str) -> str:
    """The end of a publisher whose beginning is still on its way. EARLY_DONE_SECONDS."""
    return f"streaming:early-done:{client_id}"
