"""One connection in a room."""

from chat.core.events import Person
from chat.core.roles import may_moderate
from chat.sinks import RawConnection, RawSink, Sink


class Viewer:
    """Who it is, how far he is, and what he has missed by being slow."""

    __slots__ = (
        "asked_at",
        "direct",
        "gone",
        "has_until",
        "missed_first",
        "missed_last",
        "moderates",
        "person",
        "sink",
        "slow_since",
    )

    def __init__(self, sink: Sink, person: Person | None = None) -> None:
        self.sink = sink
        self.direct: RawConnection | None = sink.connection if isinstance(sink, RawSink) else None
        self.gone = False
        self.become(person)
        self.has_until = 0  # he has everything up to here, perhaps more than his slice was written
        self.slow_since: float | None = None
        self.missed_first = self.missed_last = 0
        self.asked_at: float | None = None  # when the hub's unanswered ping went out

    def become(self, person: Person | None) -> None:
        """Who speaks through it, if anybody. Whether he moderates is asked in every sweep, so it is known ahead."""
        self.person = person
        self.moderates = person is not None and may_moderate(person.badges)

    @property
    def user_id(self) -> int | None:
        return self.person.id if self.person else None
