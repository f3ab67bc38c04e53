"""Rows into tables by PostgreSQL's COPY, with what their models say of columns that nobody mentioned."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models
from django.db.models import Field, GeneratedField
from django.db.models.fields import NOT_PROVIDED
from django.utils import timezone

from common.errors import DomainError

Say = Callable[[str], None]
TOLD_EVERY = 1_000_000  # rows
TOLD_SECONDS = 5.0


class UnknownColumn(DomainError):
    """A model has a column that its made-up rows must say something of, and do not."""


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]], *, say: Say) -> int:
    """Write `rows`, whose values belong to `columns` (attribute names), and returns how many there were.

    Other columns get their model's default. Lists and dictionaries become JSON.
    """
    others = _defaults(model, set(columns))
    names = [str(_field(model, name).column) for name in (*columns, *others)]
    rest = tuple(others.values())
    count = 0
    quote = connection.ops.quote_name
    statement = f"COPY {quote(model._meta.db_table)} ({', '.join(map(quote, names))}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row((*row, *rest))
            count += 1
            if count % TOLD_EVERY == 0:
                say(f"  {model._meta.verbose_name_plural}: {count:,}")
    return count


def as_json(value: Any) -> str:
    """For a JSON column, which COPY takes as text."""
    return json.dumps(value)


def _field(model: type[models.Model], attribute: str) -> "Field[Any, Any]":
    return next(field for field in model._meta.concrete_fields if field.attname == attribute)


def _defaults(model: type[models.Model], given: set[str]) -> dict[str, Any]:
    """What the columns without a value in each row get in all of them. Raises UnknownColumn."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    if gone := given - fields.keys():
        raise UnknownColumn(f"{model.__name__} has no column {', '.join(sorted(gone))} any more.")
    return {name: _default(field) for name, field in fields.items() if name not in given and not _by_database(field)}


def _by_database(field: "Field[Any, Any]") -> bool:
    return isinstance(field, (models.AutoField, GeneratedField)) or field.db_default is not NOT_PROVIDED


def _default(field: "Field[Any, Any]") -> Any:
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return timezone.now()
    if field.has_default() and not field.unique:
        value = field.get_default()
        return as_json(value) if isinstance(field, models.JSONField) else value
    if field.null:
        return None
    if field.blank and field.empty_strings_allowed and not field.unique:
        return ""
    raise UnknownColumn(
        f"Made-up rows of {field.model.__name__} do not say what “{field.attname}” is, and it has no default: "
        "add it in vod/seeding/."
    )


@contextmanager
def without_indexes(tables: Sequence[str], *, say: Say) -> Iterator[None]:
    """Indexes and foreign keys of these tables are built once at the end instead of row by row, and checked by it."""
    dropped: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is still to be checked holds the tables
        for kind in ("f", "u"):  # those that others need last
            cursor.execute(_CONSTRAINTS, [list(tables), kind])
            found = cursor.fetchall()
            for table, name, _definition in found:
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            # Built in the other order: what is unique first.
            dropped[:0] = [f"ALTER TABLE {table} ADD CONSTRAINT {name} {what}" for table, name, what in found]
        cursor.execute(_INDEXES, [list(tables)])
        for name, definition in cursor.fetchall():
            cursor.execute(f"DROP INDEX {name}")
            dropped.append(definition)
        yield
        told = time.monotonic()
        for number, statement in enumerate(sorted(dropped, key=lambda one: "FOREIGN KEY" in one), start=1):
            cursor.execute(statement)
            if time.monotonic() - told > TOLD_SECONDS:
                told = time.monotonic()
                say(f"  {number} of {len(dropped)}")


_CONSTRAINTS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
    FROM pg_constraint WHERE conrelid::regclass::text = ANY(%s) AND contype = %s ORDER BY 1, 2
"""
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index WHERE indrelid::regclass::text = ANY(%s) AND NOT indisprimary
    ORDER BY 1
"""
