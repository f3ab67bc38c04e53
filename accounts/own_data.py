"""Which tables know something about a person: what of it he can take away, and what becomes of it when he leaves.

Every app names its own tables here, when it is loaded. A test compares the list with the models: a new table that
refers to people and is not named fails it.
"""

from dataclasses import dataclass
from enum import Enum


class Leaving(Enum):
    """What becomes of the rows of somebody who leaves."""

    DELETE = "deleted"
    UNLINK = "kept without the person"
    KEEP = "kept as it is"
    ELSEWHERE = "dealt with by a receiver of user_leaving"


@dataclass(frozen=True, slots=True)
class OwnRows:
    """Rows of one table that are about a person. `path` leads from a row to him; `fields` are what he can take away."""

    model: str  # app.Model
    path: str
    leaving: Leaving
    fields: tuple[str, ...] = ()
    reason: str = ""  # why nothing is taken away, or why it is kept


_tables: dict[tuple[str, str], OwnRows] = {}


def own_rows(model: str, path: str, leaving: Leaving, fields: str = "", *, reason: str = "") -> None:
    """Name a table. `fields` with blanks between; without any, `reason` says why nothing of it is exported."""
    if not fields and not reason:
        raise ValueError(f"{model}.{path}: say what is exported, or why nothing is.")
    _tables[model, path] = OwnRows(model, path, leaving, tuple(fields.split()), reason)


def tables() -> list[OwnRows]:
    """All that are named, in the order of their names."""
    return [_tables[key] for key in sorted(_tables)]


def is_named(model: str, path: str) -> bool:
    return (model, path) in _tables
