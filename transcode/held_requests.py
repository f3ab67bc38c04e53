"""Requests that wait for the same thing, answered together: one decision and one text for all of them."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from transcode.http_answer import Answer

Subject = TypeVar("Subject")
Subject_contra = TypeVar("Subject_contra", contravariant=True)


class Asker(Protocol):
    """One connection with a request that is held."""

    def give(self, answer: Answer) -> None:
        """Send the answer now."""


class Question(Protocol[Subject_contra]):
    """What requests wait for. Equal questions get the same answer, so it must be hashable."""

    @property
    def topic(self) -> str:
        """Which changes can answer it."""

    def answer(self, subject: Subject_contra) -> Answer | None:
        """The answer as things are, None as long as it must wait."""

    def too_late(self, subject: Subject_contra) -> Answer:
        """The answer when it has waited long enough."""


@dataclass
class _Group:
    """Who waits for one question, each with a deadline, the eldest first as all wait equally long."""

    deadlines: dict[Asker, float] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None


class HeldRequests(Generic[Subject]):
    """All held requests about one subject. A connection costs a dictionary entry, a question one timer."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._topics: defaultdict[str, dict[Question[Subject], _Group]] = defaultdict(dict)

    def __len__(self) -> int:
        return sum(len(group.deadlines) for questions in self._topics.values() for group in questions.values())

    def __contains__(self, question: Question[Subject]) -> bool:
        """Whether somebody waits for this already, which says that it has no answer yet."""
        return question in self._topics[question.topic]

    def hold(self, question: Question[Subject], asker: Asker, seconds: float) -> None:
        """Answer `asker` when `question` can be answered, or after `seconds`."""
        loop = asyncio.get_running_loop()
        group = self._topics[question.topic].get(question)
        if group is None:
            group = self._topics[question.topic][question] = _Group()
        group.deadlines[asker] = loop.time() + seconds
        if group.timer is None:
            group.timer = loop.call_later(seconds, self._expire, question, group)

    def forget(self, question: Question[Subject], asker: Asker) -> None:
        """The client hung up. The last one's group stays until its timer ends it."""
        group = self._topics[question.topic].get(question)
        if group is not None:
            group.deadlines.pop(asker, None)

    def wake(self, topic: str) -> None:
        """Something changed: answer what can be answered now."""
        questions = self._topics[topic]
        for question in list(questions):
            answer = question.answer(self._subject)
            if answer is not None:
                # Taken out first: whoever gets an answer may ask the next question at once.
                _give(questions.pop(question), answer)

    def wake_all(self) -> None:
        """Everything may have changed."""
        for topic in list(self._topics):
            self.wake(topic)

    def give_up(self, answer: Answer) -> None:
        """Give everyone this answer."""
        groups = [group for questions in self._topics.values() for group in questions.values()]
        self._topics.clear()
        for group in groups:
            _give(group, answer)

    def _expire(self, question: Question[Subject], group: _Group) -> None:
        loop = asyncio.get_running_loop()
        late = [asker for asker, deadline in group.deadlines.items() if deadline <= loop.time()]
        for asker in late:
            del group.deadlines[asker]
        if group.deadlines:
            eldest = next(iter(group.deadlines.values()))
            group.timer = loop.call_at(eldest, self._expire, question, group)
        else:
            del self._topics[question.topic][question]
        for asker in late:
            asker.give(question.too_late(self._subject))


def _give(group: _Group, answer: Answer) -> None:
    if group.timer is not None:
        group.timer.cancel()
    for asker in list(group.deadlines):
        asker.give(answer)
