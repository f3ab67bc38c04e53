"""Emptying the database after a test that committed something, hundreds of times in a run.

Django truncates every table, a third of a second each time, whatever is in it, and then makes rows of its own again:
what kinds of things there are, and permissions for them. Here those stay, and the few tables that have rows are
deleted from, in one transaction: the database's foreign keys are deferred, so any order will do.
"""

from collections.abc import Sequence
from typing import Any

from django.core.management.commands import flush
from django.db.backends.postgresql.operations import DatabaseOperations

STAY = {"django_content_type", "auth_permission"}


def empty_by_deleting() -> None:
    """From now on tests are emptied in this way."""
    DatabaseOperations.sql_flush = _empty_what_has_rows  # type: ignore[method-assign,assignment]
    flush.emit_post_migrate_signal = lambda *_, **__: None  # type: ignore[attr-defined]


def _empty_what_has_rows(self: DatabaseOperations, style: Any, tables: Sequence[str], **_: bool) -> list[str]:
    """In place of `DatabaseOperations.sql_flush`, and called as it is."""
    names = [self.quote_name(name) for name in tables if name not in STAY]
    with self.connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"EXISTS (SELECT FROM {name})" for name in names))  # noqa: S608
        has_rows = cursor.fetchone()
    return [f"DELETE FROM {name};" for name, rows in zip(names, has_rows or (), strict=True) if rows]  # noqa: S608
