"""What stands first among things that fit a question equally well (pure).

Steps instead of counts: an entry is written again only when its audience has changed by an eighth, for each time costs
a dozen index entries.
"""

from math import floor, log10

RANK_STEPS = 20  # to the tenfold: 12 % each
RANK_OF_LIVE = 1_000  # above every channel that is off air: log10 of all people on earth is 200 steps


def rank_of(count: int, *, live: bool = False) -> int:
    """Of something watched (on air), followed or viewed by so many."""
    return (RANK_OF_LIVE if live else 0) + floor(RANK_STEPS * log10(1 + count))
