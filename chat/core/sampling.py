"""What of a fast room is shown to those who only watch: a fair sample, nearly the same whichever process decides.

A message is shown when its place in the room, spread by the golden ratio, falls into the share that can be shown.
Places chosen so lie evenly, whatever rhythm somebody writes in, and what a small share shows a larger one shows too:
processes that measure slightly different rates differ in few messages.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from chat.core.events import Message
from chat.core.removals import is_message
from chat.core.roles import Role
from chat.limits import SAMPLED_END_SECONDS, SAMPLED_WINDOW_SECONDS

SPREAD, PLACES = 2_654_435_769, 2**32  # Knuth's multiplicative hash: 2**32 divided by the golden ratio
# Found without parsing: our encoder puts both outside of what somebody wrote, whose quotation marks are escaped.
_BADGES = re.compile(rb'"badges":\[([^\]]*)\]')
_ANNOUNCEMENT = b',"announcement":"'
_TRUSTED = tuple(f'"{role.badge}"'.encode() for role in Role if role.is_trusted)
_MENTION = re.compile(r"(?<![\w@])@([A-Za-z0-9_]{1,25})")  # as static/js/chat/text_parts.js


class Sampler:
    """Measures one room's pace and says of each event whether all may see it. The caller brings the clock."""

    def __init__(self, per_second: int) -> None:
        """`per_second`: messages that everybody is shown; 0: however many there are."""
        self.per_second = per_second
        self.active = False  # whether the room was too fast lately
        self._ends_at = 0.0
        self._window = 0
        self._before = self._count = 0  # messages in the window before this one, and in this one

    def shows(self, seq: int, event: bytes, now: float) -> bool:
        """Whether everybody is shown the event. Seconds of any clock that does not run backwards."""
        if not self.per_second or not is_message(event):
            return True
        rate = self._measure(now)
        if rate > self.per_second:
            self.active, self._ends_at = True, now + SAMPLED_END_SECONDS
        if not self.active or rate <= self.per_second:
            return True
        return seq * SPREAD % PLACES < self.per_second / rate * PLACES or stands_out(event)

    def rest(self, now: float) -> None:
        """Notice that the room has been slow enough for a while, also when nobody writes any more."""
        if now >= self._ends_at:
            self.active = False

    def _measure(self, now: float) -> float:
        """Messages a second before this one: this window's, and of the one before as much as still counts."""
        window, passed = divmod(now, SAMPLED_WINDOW_SECONDS)
        if window != self._window:
            self._before = self._count if window == self._window + 1 else 0
            self._window, self._count = int(window), 0
        in_a_window = self._count + self._before * (1 - passed / SAMPLED_WINDOW_SECONDS)
        self._count += 1
        return in_a_window / SAMPLED_WINDOW_SECONDS


def stands_out(message: bytes) -> bool:
    """Whether an encoded message is for everybody at any pace: an announcement, or of someone with a role."""
    found = _BADGES.search(message)
    return _ANNOUNCEMENT in message or (found is not None and any(badge in found[1] for badge in _TRUSTED))


@dataclass(frozen=True, slots=True)
class About:
    """Whom a message concerns: who wrote it, whom it answers, whom it names."""

    ids: frozenset[int]
    logins: frozenset[str]

    @classmethod
    def of(cls, event: bytes) -> "About":
        message = Message.from_json(event)
        if message is None:
            return cls(frozenset(), frozenset())
        answered = {message.reply.user_id} if message.reply else set()
        return cls(frozenset({message.user.id, *answered}), frozenset(_named(message.text)))

    @classmethod
    def any_of(cls, several: Collection["About"]) -> "About":
        return cls(
            frozenset().union(*(one.ids for one in several)), frozenset().union(*(one.logins for one in several))
        )

    def concerns(self, user_id: int, login: str) -> bool:
        return user_id in self.ids or login in self.logins


def _named(text: str) -> Iterable[str]:
    return (name.lower() for name in _MENTION.findall(text))
