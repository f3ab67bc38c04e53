"""Works out which channels are followed by the same people, for `recommendations` to read.

Item-item similarity (Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001): the
cosine of two channels' followers, shrunk where few people stand behind it (Bell, Koren, Volinsky, "Modeling
relationships at multiple scales to improve accuracy of large recommender systems", KDD 2007, section 4.1):

    score = n_ij / (n_ij + SHRINKAGE) · n_ij / √(n_i · n_j)

All of it is SQL over a bounded sample, in batches, so that time and memory are bounded too.
"""

import logging

from django.db import connection, transaction

from streaming.limits import NEIGHBOURS_KEPT

log = logging.getLogger(__name__)

SAMPLED_FOLLOWS = 1_000_000  # about; of as many users as it takes
SAMPLED_PER_USER = 30  # the latest; someone who follows thousands says little about any two of them
SHRINKAGE = 5.0  # followers in common at which the cosine counts half
COMMON_MIN = 2  # followers; one person's taste is no rule, and would be shown to everyone
BATCHES = 16  # parts of the channels, one after the other
_SHARES = 1024  # of users; a share is sampled whole
_ONLY_ONE = 5_204_110  # any number: the advisory lock of this work

_SAMPLE = """
CREATE TEMPORARY TABLE follow_sample AS
SELECT user_id, channel_id
  FROM (SELECT user_id, channel_id, row_number() OVER (PARTITION BY user_id ORDER BY created_at DESC) AS place
          FROM streaming_follow
         WHERE hashint8(user_id) & %s < %s) AS ranked
 WHERE place <= %s
"""
_FOLLOWERS = """
CREATE TEMPORARY TABLE follow_counts AS
SELECT channel_id, count(*)::float AS followers FROM follow_sample GROUP BY channel_id HAVING count(*) >= %s
"""
_FORGET = "DELETE FROM streaming_channelneighbour WHERE channel_id %% %s = %s"
_KEEP = """
INSERT INTO streaming_channelneighbour (channel_id, other_id, score)
SELECT channel_id, other_id, score
  FROM (SELECT pair.channel_id, pair.other_id, pair.score,
               row_number() OVER (PARTITION BY pair.channel_id ORDER BY pair.score DESC, pair.other_id) AS place
          FROM (SELECT both_of.channel_id, both_of.other_id,
                       both_of.common / (both_of.common + %s)
                       * both_of.common / sqrt(mine.followers * theirs.followers) AS score
                  FROM (SELECT one.channel_id, two.channel_id AS other_id, count(*)::float AS common
                          FROM follow_sample AS one
                          JOIN follow_sample AS two ON two.user_id = one.user_id AND two.channel_id <> one.channel_id
                         WHERE one.channel_id %% %s = %s
                         GROUP BY one.channel_id, two.channel_id
                        HAVING count(*) >= %s) AS both_of
                  JOIN follow_counts AS mine ON mine.channel_id = both_of.channel_id
                  JOIN follow_counts AS theirs ON theirs.channel_id = both_of.other_id) AS pair) AS ranked
  -- A channel may have gone since the sample was drawn.
  JOIN streaming_channel AS channel ON channel.id = ranked.channel_id
  JOIN streaming_channel AS other ON other.id = ranked.other_id
 WHERE place <= %s
"""


def find_neighbours() -> int:
    """Make the table anew; returns how many pairs it has. Another one at work: that one is enough."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ONLY_ONE])
        if not cursor.fetchone()[0]:
            return 0
        try:
            _draw_sample()
            return sum(_rank_batch(batch) for batch in range(BATCHES))
        finally:
            cursor.execute("DROP TABLE IF EXISTS follow_sample, follow_counts")
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONLY_ONE])


def _draw_sample() -> None:
    with connection.cursor() as cursor:
        # An estimate: nothing counts ten million rows. It is -1 for a table nobody has looked at yet.
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'streaming_follow'::regclass")
        follows = max(cursor.fetchone()[0], 1)
        shares = min(max(round(_SHARES * SAMPLED_FOLLOWS / follows), 1), _SHARES)
        cursor.execute(_SAMPLE, [_SHARES - 1, shares, SAMPLED_PER_USER])
        cursor.execute("ANALYZE follow_sample")
        cursor.execute(_FOLLOWERS, [COMMON_MIN])
        cursor.execute("ANALYZE follow_counts")


def _rank_batch(batch: int) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FORGET, [BATCHES, batch])
        cursor.execute(_KEEP, [SHRINKAGE, BATCHES, batch, COMMON_MIN, NEIGHBOURS_KEPT])
        log.debug("neighbours, batch %d: %d", batch, cursor.rowcount)
        return int(cursor.rowcount)
