"""Makes a made-up site in an installation's database: all of it or, when something fails, nothing."""

import time
from collections.abc import Iterator
from typing import Any

from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.models import Max

from accounts.models import User
from common.errors import Conflict
from streaming.models import Broadcast, Category, Channel, Follow, IngestSession
from transcode.models import LiveJob
from vod.models import Clip, Vod, WatchPosition
from vod.seeding import rows
from vod.seeding.copying import Say, copy_rows, without_indexes
from vod.seeding.follows import Follows
from vod.seeding.plan import Plan

# In this order: what others point to first.
MODELS: tuple[type[models.Model], ...] = (
    User, Category, Channel, Follow, Broadcast, IngestSession, LiveJob, Vod, Clip, WatchPosition,
)  # fmt: skip
INDEX_MEMORY = "512MB"  # for building one; three processes of PostgreSQL use it at most

Table = tuple[type[models.Model], tuple[str, ...], Iterator[tuple[Any, ...]]]


def seed_database(*, plan: Plan, say: Say) -> None:
    """Add the planned site to what is there. Raises Conflict when one with the same names is there already."""
    try:
        with transaction.atomic():
            _seed(plan, say)
    except IntegrityError as error:
        first_line = str(error).splitlines()[0]
        raise Conflict(f"A made-up site, or something of the same name, is there already: {first_line}") from None
    except DataError as error:
        raise Conflict(f"The database does not take a made-up row: {error}") from None
    with connection.cursor() as cursor:
        say("statistics for the planner are made")
        for model in MODELS:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
    say("search and recommendations are made")
    call_command("rebuild_search")


def _seed(plan: Plan, say: Say) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(f"SET LOCAL maintenance_work_mem = '{INDEX_MEMORY}'")
    say("who follows whom")
    tables = _tables(plan, Follows(plan))
    with without_indexes([model._meta.db_table for model in MODELS], say=say):
        for model, columns, made in tables:
            began = time.monotonic()
            count = copy_rows(model, columns, made, say=say)
            say(f"{model._meta.verbose_name_plural}: {count:,} in {time.monotonic() - began:.0f} s")
        _go_on_counting()
        say("indexes and constraints are built")


def _tables(plan: Plan, follows: Follows) -> Iterator[Table]:
    """What is written, in order: one table after the other is made and forgotten."""
    ids = rows.Ids(user=_last(User), channel=_last(Channel), category=_last(Category), broadcast=_last(Broadcast))
    first_vod = _last(Vod)
    drawn, recordings = rows.Channels.draw(plan), rows.Recordings.draw(plan)
    yield User, rows.USER, rows.users(plan, ids)
    yield Category, rows.CATEGORY, rows.categories(plan, ids, drawn)
    yield Channel, rows.CHANNEL, rows.channels(plan, ids, drawn, follows)
    yield Follow, rows.FOLLOW, rows.follow_rows(plan, ids, follows)
    yield Broadcast, rows.BROADCAST, rows.live_broadcasts(plan, ids, drawn)
    yield Broadcast, rows.BROADCAST, rows.ended_broadcasts(plan, ids, drawn, recordings)
    yield IngestSession, rows.SESSION, rows.ingest_sessions(plan, ids, drawn)
    yield LiveJob, rows.LIVE_JOB, rows.live_jobs(plan, drawn, recordings)
    yield Vod, rows.VOD, rows.vods(plan, ids, drawn, recordings, first_vod)
    yield Clip, rows.CLIP, rows.clips(plan, ids, drawn, recordings)
    yield WatchPosition, rows.POSITION, rows.positions(plan, ids, recordings, first_vod)


def _last(model: type[models.Model]) -> int:
    """The largest id there is."""
    found: int | None = model._default_manager.aggregate(last=Max("pk"))["last"]
    return found or 0


def _go_on_counting() -> None:
    """The next row that somebody makes gets an id of its own."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), MODELS):
            cursor.execute(statement)
