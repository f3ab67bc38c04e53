"""Who is in a room, put together from what its gateways say."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chat.core.events import Person
from chat.core.roles import Role

ROLES = {role.badge: role for role in Role if role.badge}


@dataclass(frozen=True, slots=True)
class Present:
    """Someone signed in who has the room open."""

    login: str
    display_name: str
    role: str  # `viewer`, or the badge of his role

    @property
    def _place(self) -> tuple[int, str]:
        return -ROLES.get(self.role, Role.VIEWER), self.login


def people_of(people: Iterable[Person], count: int) -> list[list[str]]:
    """Each person once, at most `count`, those with a role before the others: the same people give the same list."""
    found = {person.login: Present(person.login, person.display_name, _role(person)) for person in people}
    chosen = sorted(found.values(), key=lambda one: one._place)[:count]
    return [[one.login, one.display_name, one.role] for one in chosen]


def merge(said: Iterable[dict[str, Any]], *, not_before: float) -> list[Present]:
    """What several gateways said, as one list. What one said before `not_before` (Unix seconds) is forgotten."""
    fresh = (one for gateway in said if gateway["at"] >= not_before for one in gateway["people"])
    found = {login: Present(login, display_name, role) for login, display_name, role in fresh}
    return sorted(found.values(), key=lambda one: one._place)


def _role(person: Person) -> str:
    return next((badge for badge in person.badges if badge in ROLES), "viewer")
