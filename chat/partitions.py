"""The log's table has one partition a month, by the time in the messages' ids: old months go in an instant."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from chat.core.message_ids import first_id_at
from chat.limits import LOG_FIRST_YEAR, LOG_MONTHS_AHEAD
from chat.models import ChatMessage

TABLE = "chat_chatmessage"
REST = f"{TABLE}_other"  # what belongs to no month: nothing, unless a clock or the worker stood still
LOCK = 0x6368_6174  # advisory; two workers make partitions one after the other


def keep_partitions(*, now: datetime, keep_days: int) -> None:
    """Make the months that are needed, and drop those that are over for `keep_days` (0: none)."""
    for month in (*_months_from(now.date(), LOG_MONTHS_AHEAD), *_misplaced_months(now)):
        _make(month)
    if keep_days:
        _drop_before(now - timedelta(days=keep_days))


def months() -> list[date]:
    """The months that have a partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1", [TABLE]
        )
        names = [str(row[0]) for row in cursor.fetchall()]
    return [_month_of(name) for name in names if name != REST]


def _months_from(day: date, ahead: int) -> Iterator[date]:
    month = day.replace(day=1)
    for _ in range(ahead + 1):
        yield month
        month = _next(month)


def _misplaced_months(now: datetime) -> Iterator[date]:
    """Of messages that came before their month was made; each is looked for after the one before was mended."""
    first, end = first_id_at(datetime(LOG_FIRST_YEAR, 1, 1, tzinfo=UTC)), first_id_at(now)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("SELECT sent_at FROM {} WHERE id >= %s AND id < %s ORDER BY id LIMIT 1").format(_name(REST)),
                [first, end],
            )
            row = cursor.fetchone()
        if row is None:
            return
        month = row[0].date().replace(day=1)
        first = first_id_at(_start(_next(month)))  # goes on after it, whatever becomes of it
        yield month


@transaction.atomic
def _make(month: date) -> None:
    """Make it, with what had come for it."""
    name, first, end = _partition(month), first_id_at(_start(month)), first_id_at(_start(_next(month)))
    bounds = {"first": sql.Literal(str(first)), "end": sql.Literal(str(end))}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s), to_regclass(%s) IS NOT NULL", [LOCK, name])
        row = cursor.fetchone()
        if row is not None and row[1]:
            return
        tables = {"month": _name(name), "whole": _name(TABLE), "rest": _name(REST)}
        for statement in (
            "CREATE TABLE {month} (LIKE {whole} INCLUDING DEFAULTS)",
            "WITH came AS (DELETE FROM {rest} WHERE id >= {first} AND id < {end} RETURNING *)"
            " INSERT INTO {month} SELECT * FROM came",
            "ALTER TABLE {whole} ATTACH PARTITION {month} FOR VALUES FROM ({first}) TO ({end})",
        ):
            cursor.execute(sql.SQL(statement).format(**tables, **bounds))


def _drop_before(cutoff: datetime) -> None:
    """Every month that ended before; of the rest what is older."""
    for month in months():
        if _start(_next(month)) <= cutoff:
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL("DROP TABLE {}").format(_name(_partition(month))))
    oldest_kept: UUID = first_id_at(cutoff.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    ChatMessage.objects.filter(id__lt=oldest_kept).delete()


def _name(name: str) -> sql.Identifier:
    return sql.Identifier(name)


def _partition(month: date) -> str:
    return f"{TABLE}_{month:%Y%m}"


def _month_of(name: str) -> date:
    digits = name.rpartition("_")[2]
    return date(int(digits[:4]), int(digits[4:]), 1)


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _start(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)
