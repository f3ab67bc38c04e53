"""Names that look like what was typed, for when nothing is called so.

A million names share few parts, and to weigh one costs a read of its row. Two bounds keep that few: first only what is
as alike as a name with one slip is, and each time those that are sought before everybody else.
"""

from collections.abc import Mapping

from django.db import connection, transaction

from streaming.discovery.search_words import SearchWords
from streaming.discovery_models import EntryKind
from streaming.limits import SOUGHT_RANK

# The conditions are those of the two indexes, in the same words: the database knows its indexes by them.
_ALIKE = f"""
WITH sought AS MATERIALIZED (
    SELECT id, kind, rank, similarity(key, %(key)s) AS likeness FROM streaming_searchentry
     WHERE key %% %(key)s AND (kind = 'category' OR kind = 'channel' AND rank >= {SOUGHT_RANK})
), alike AS (
    SELECT id, kind, rank, likeness FROM sought
    UNION ALL
    SELECT id, kind, rank, similarity(key, %(key)s) FROM streaming_searchentry
     WHERE key %% %(key)s AND kind = 'channel' AND rank < {SOUGHT_RANK} AND NOT EXISTS (SELECT FROM sought)
), placed AS (
    SELECT id, kind, row_number() OVER (PARTITION BY kind ORDER BY likeness DESC, rank DESC, id DESC) AS place
      FROM alike
)
SELECT id FROM placed
 WHERE place <= CASE kind WHEN 'category' THEN %(categories)s ELSE %(channels)s END
"""  # noqa: S608  nothing in it comes from outside


def guess(words: SearchWords, counts: Mapping[EntryKind, int]) -> set[int]:
    """Keys of the channels and categories that are most alike, so many of each kind."""
    asked: dict[str, str | int] = {
        "key": words.key,
        "channels": counts.get(EntryKind.CHANNEL, 0),
        "categories": counts.get(EntryKind.CATEGORY, 0),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for likeness in words.likenesses:
            cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(likeness)])
            cursor.execute(_ALIKE, asked)
            if found := {pk for (pk,) in cursor.fetchall()}:
                return found
    return set()
