"""Writes how many watch to the database: set by set, and only what has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from streaming.broadcast_states import OPEN_STATES

# One writer at a time: two would count a sample twice. The number is any that nobody else locks.
COUNTING_LOCK = 0x76696577


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted of one broadcast. `ever` is None where only the present was asked for."""

    stream_id: str
    now: int
    ever: int | None


def write_counts(counts: Sequence[Count]) -> dict[int, int] | None:
    """Write them down; a broadcast on air that is not among them has no viewers.

    Returns the present viewers by channel id where they have changed, or None when somebody else is writing. Each
    statement is a transaction of its own, so that a broadcast that ends meanwhile never waits for more than one.
    """
    arrays = ([one.stream_id for one in counts], [one.now for one in counts], [one.ever for one in counts])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [COUNTING_LOCK])
        if not cursor.fetchone()[0]:
            return None
        try:
            cursor.execute(_BROADCASTS, [*arrays, _OPEN])
            cursor.execute(_CHANNELS, [*arrays, _OPEN])
            changed: Mapping[int, int] = dict(cursor.fetchall())
            cursor.execute(_CATEGORIES)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [COUNTING_LOCK])
    return dict(changed)


_OPEN = [state.value for state in OPEN_STATES]
_COUNTED = "unnest(%s::text[], %s::int[], %s::int[]) AS counted(stream_id, now, ever)"

# A sample goes into the average where uniques were counted as well (once a minute), and at the beginning.
_BROADCASTS = f"""
WITH changed AS (
    SELECT broadcast.id, counted.now, counted.ever,
           (counted.ever IS NOT NULL OR broadcast.viewer_sample_count = 0)::int AS samples
    FROM {_COUNTED}
    JOIN streaming_broadcast broadcast ON broadcast.public_id = counted.stream_id
    WHERE broadcast.state = ANY(%s) AND broadcast.started_at IS NOT NULL
      AND (counted.ever IS NOT NULL OR broadcast.viewer_sample_count = 0 OR counted.now > broadcast.peak_viewers)
    FOR NO KEY UPDATE OF broadcast SKIP LOCKED
)
UPDATE streaming_broadcast broadcast SET
    peak_viewers = greatest(broadcast.peak_viewers, changed.now),
    unique_viewers = greatest(broadcast.unique_viewers, changed.ever, changed.now),
    viewer_sample_sum = broadcast.viewer_sample_sum + changed.samples * changed.now,
    viewer_sample_count = broadcast.viewer_sample_count + changed.samples,
    average_viewers = round((broadcast.viewer_sample_sum + changed.samples * changed.now)::numeric
                            / (broadcast.viewer_sample_count + changed.samples))
FROM changed WHERE broadcast.id = changed.id
"""  # noqa: S608  the text is all ours

# Rows that somebody else holds are left for the next round.
_CHANNELS = f"""
WITH changed AS (
    SELECT channel.id, coalesce(counted.now, 0) AS now
    FROM streaming_channel channel
    JOIN streaming_broadcast broadcast ON broadcast.channel_id = channel.id
    LEFT JOIN {_COUNTED} ON counted.stream_id = broadcast.public_id
    WHERE broadcast.state = ANY(%s) AND broadcast.started_at IS NOT NULL
      AND channel.viewer_count <> coalesce(counted.now, 0)
    FOR NO KEY UPDATE OF channel SKIP LOCKED
)
UPDATE streaming_channel channel SET viewer_count = changed.now
FROM changed WHERE channel.id = changed.id
RETURNING channel.id, channel.viewer_count
"""  # noqa: S608  the text is all ours

_CATEGORIES = """
UPDATE streaming_category category SET viewer_count = totals.viewers, live_count = totals.live
FROM (
    SELECT category.id, coalesce(sum(channel.viewer_count), 0) AS viewers, count(channel.id) AS live
    FROM streaming_category category
    LEFT JOIN streaming_channel channel ON channel.category_id = category.id AND channel.is_live
    GROUP BY category.id
) totals
WHERE category.id = totals.id AND (category.viewer_count, category.live_count) <> (totals.viewers, totals.live)
"""


def write_last_count(count: Count) -> None:
    """What a broadcast that has ended came to: nobody is counted into it any more."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE streaming_broadcast SET unique_viewers = greatest(unique_viewers, %s) WHERE public_id = %s",
            [count.ever or 0, count.stream_id],
        )
