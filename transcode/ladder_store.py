"""The ladder that holds now: staff's rungs from the database, else the setting. A broadcast never waits for it."""

import asyncio
import logging
from collections.abc import Sequence

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections

from transcode.errors import LadderError
from transcode.ladder import Rung, check_ladder
from transcode.models import LadderRung

log = logging.getLogger(__name__)

ANSWER_SECONDS = 1.0  # the first picture waits for it
_known: list[Sequence[Rung]] = []  # what the database last said in this process


async def ladder_in_force() -> Sequence[Rung]:
    """For one run of a broadcast; while the database is away what it said last, else the setting."""
    try:
        return await asyncio.wait_for(sync_to_async(_ask)(), ANSWER_SECONDS)
    except (TimeoutError, DatabaseError, InterfaceError):
        log.warning("the database does not tell the ladder; the last one known is used")
        return _known[-1] if _known else settings.LADDER


def _ask() -> Sequence[Rung]:
    close_old_connections()
    return read_ladder()


def read_ladder() -> Sequence[Rung]:
    """What the database says. Rungs that are no ladder, which the admin refuses, count as none."""
    rungs = [row.as_rung() for row in LadderRung.objects.all()]
    ladder: Sequence[Rung] = settings.LADDER
    try:
        ladder = check_ladder(rungs) if rungs else ladder
    except LadderError as nonsense:
        log.error("the ladder in the database is none, the setting holds: %s", nonsense)
    _known[:] = [ladder]
    return ladder
