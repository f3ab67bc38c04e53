"""Pages that go on where the last one ended, by its last row: as fast on the hundredth as on the first."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Q, QuerySet

_TEXT = re.compile(r"(-?\d{1,18})\.(\d{1,18})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
Rows = TypeVar("Rows", bound=QuerySet[Any])


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: what the list is ordered by, and its key."""

    value: int
    pk: int

    @classmethod
    def read(cls, text: str | None) -> "Cursor | None":
        """From an address. What none of our pages wrote begins at the first."""
        found = _TEXT.fullmatch(text or "")
        return cls(int(found[1]), int(found[2])) if found else None

    def __str__(self) -> str:
        return f"{self.value}.{self.pk}"

    def of(self, rows: Rows, name: str, *, falling: bool = True, keys_falling: bool = True, value: Any = None) -> Rows:
        """The rows behind this one in the order of `name`, then of the key; `value` where it isn't a number."""
        at = self.value if value is None else value
        beyond = Q(**{f"{name}__{'lt' if falling else 'gt'}": at})
        tied = Q(**{name: at, f"id__{'lt' if keys_falling else 'gt'}": self.pk})
        # The first condition lets the database begin in the index where the page begins.
        begin = {f"{name}__{'lte' if falling else 'gte'}": at}
        return rows.filter(**begin).filter(beyond | tied)


def number_of(value: Any) -> int:
    """What stands in a cursor for a number or a time."""
    return (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else int(value)


def moment_of(number: int) -> datetime:
    """The time that a number in a cursor stands for; the earliest where it can stand for none."""
    try:
        return _EPOCH + number * _MICROSECOND
    except OverflowError:
        return _EPOCH
