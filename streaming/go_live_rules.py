"""When a start is worth telling the followers (pure)."""

from datetime import datetime, timedelta

SAME_SHOW = timedelta(minutes=10)  # whoever is back this soon after an end goes on with what they did


def is_news(now: datetime, *, told_at: datetime | None, ended_at: datetime | None, quiet: timedelta) -> bool:
    """False for an encoder that comes and goes: followers were told within `quiet`, or the last broadcast has hardly
    ended. `told_at` and `ended_at` are the channel's latest."""
    if told_at is None:
        return True
    hardly_ended = ended_at is not None and now - ended_at < SAME_SHOW
    return now - told_at >= quiet and not hardly_ended
