"""What chat knows about a raid: who stands above hands its answers down, as `moderators` does."""

from collections.abc import Callable

from streaming.models import Channel

# (from where, whereto) -> whether the one who comes helps in the target's chat, and why it wants nobody from there.
Guard = Callable[[Channel, Channel], tuple[bool, str]]
_guards: list[Guard] = []


def guard_with(guard: Guard) -> Guard:
    """Register who knows it; a decorator."""
    _guards.append(guard)
    return guard


def ask_guards(source: Channel, target: Channel) -> tuple[bool, str]:
    """Whether the raider helps in the target's chat, and why that wants nobody from there; empty: it does not mind."""
    answers = [guard(source, target) for guard in _guards]
    return any(helps for helps, _ in answers), next((reason for _, reason in answers if reason), "")
