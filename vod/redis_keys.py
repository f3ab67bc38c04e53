"""Every Redis key of recordings; the time each lives stands in `limits`, named beside it."""

PENDING_VIEWS = "vod:views"  # hash: views by recording that the database has not got; until they are written
TAKEN_VIEWS = "vod:views:taken"  # the same, while they are being written
VIEWS_LOCK = "vod:views:lock"  # VIEWS_LOCK_SECONDS


def viewed(vod_id: int, viewer: str) -> str:
    """This viewer's view of this recording is counted. VIEW_HOURS."""
    return f"vod:viewed:{vod_id}:{viewer}"
