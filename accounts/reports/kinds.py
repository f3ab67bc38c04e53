"""What can be reported. Each app above names its kinds here, when it is loaded, with how one is found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from common.errors import NotThere

if TYPE_CHECKING:  # it imports this module, by way of the tables
    from accounts.models import User


class Fact(NamedTuple):
    """Something about a subject that is kept with the report."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that may be reported, as it is now."""

    key: str  # names it among its kind, and stays when it is renamed
    title: str  # in one line, such as “Painting the sky”, a recording of Alice
    facts: tuple[Fact, ...]
    owner: "User | None"  # who answers for it; None: has left
    path: str  # the page where it is seen
    staff_path: str  # its page in the admin


# By the name in its address, for who may see it; raises NotThere where he may not.
Find = Callable[[str, "User"], Subject]


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """One kind of subject."""

    name: str
    label: str  # “this recording”
    find: Find


_kinds: dict[str, SubjectKind] = {}


def report_kind(name: str, *, label: str) -> Callable[[Find], Find]:
    """Register how subjects of this kind are found; a decorator."""

    def register(find: Find) -> Find:
        _kinds[name] = SubjectKind(name, label, find)
        return find

    return register


def kind_named(name: str) -> SubjectKind:
    """Raises NotThere."""
    if name not in _kinds:
        raise NotThere(f"Nothing of this kind can be reported. There are: {', '.join(kind_names())}.")
    return _kinds[name]


def kind_names() -> list[str]:
    return sorted(_kinds)
