"""What stands beside a name."""

from collections.abc import Iterable

from chat.core.roles import Role


def badges_of(role: Role, months: int, uploaded: Iterable[int] = ()) -> tuple[str, ...]:
    """Names of badges, the role's first. A subscriber's carries the months of the room's badge that he has reached.

    `uploaded`: the months for which the room has a picture; without one for him it is the plain badge, 0.
    """
    badges = [] if role.badge is None else [role.badge]
    if months > 0:
        badges.append(f"subscriber/{max((one for one in uploaded if one <= months), default=0)}")
    return tuple(badges)
