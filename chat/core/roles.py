"""What someone is in a room, and what that lets him do."""

from collections.abc import Collection
from enum import IntEnum


class Role(IntEnum):
    """A higher role may do what a lower one may, and moderate those below it."""

    VIEWER = 0
    VIP = 1
    MODERATOR = 2
    BROADCASTER = 3
    STAFF = 4

    @property
    def badge(self) -> str | None:
        """The name that others see beside his."""
        return None if self is Role.VIEWER else self.name.lower()

    @property
    def may_moderate(self) -> bool:
        return self >= Role.MODERATOR

    @property
    def is_trusted(self) -> bool:
        """Whom the room's modes do not bind: they keep out strangers and floods."""
        return self >= Role.VIP


def may_moderate(badges: Collection[str]) -> bool:
    """Whether someone with these badges may."""
    return any(role.may_moderate and role.badge in badges for role in Role)


def may_act_on(actor: Role, target: Role) -> bool:
    """Whether `actor` may time out, ban or delete what `target` said: only those below him, so nobody himself."""
    return actor.may_moderate and actor > target
