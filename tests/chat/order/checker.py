"""Compares what writers were told with what readers saw: pure, on whole lists."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Acked:
    """The `number`-th message of a writer, and the place he was told it has."""

    writer: int
    number: int
    id: str
    seq: int

    @property
    def text(self) -> str:
        return text_of(self.writer, self.number)


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as a reader got it. Readers' lists hold them in the order of their arrival."""

    seq: int
    id: str
    text: str


def text_of(writer: int, number: int) -> str:
    """Every message of a run has its own text."""
    return f"writer {writer} says {number}"


def violations(acked: Sequence[Acked], readers: Sequence[Sequence[Seen]]) -> list[str]:
    """Everything that is wrong; each in one sentence, the kind first."""
    if not readers:
        return ["lost: nobody read"]
    return [
        *_not_told_in_order(acked),
        *(f"{kind}: reader {number}: {what}" for number, seen in enumerate(readers) for kind, what in _judge(seen)),
        *_not_as_acknowledged(acked, readers),
        *_not_the_same(readers),
    ]


def _not_told_in_order(acked: Sequence[Acked]) -> Iterator[str]:
    """A writer waits for each answer, so his messages stand in the order in which he wrote them."""
    latest: dict[int, Acked] = {}
    for ack in sorted(acked, key=lambda ack: (ack.writer, ack.number)):
        before = latest.get(ack.writer)
        if before is not None and ack.seq <= before.seq:
            yield f"reordered: {ack.text} stands at {ack.seq}, the one before it at {before.seq}"
        latest[ack.writer] = ack
    for seq, count in Counter(ack.seq for ack in acked).items():
        if count > 1:
            yield f"reordered: {count} messages were told that they stand at {seq}"


def _judge(seen: Sequence[Seen]) -> Iterator[tuple[str, str]]:
    """One reader's list by itself."""
    last = 0
    for message in seen:
        if message.seq <= last:
            yield ("doubled" if message.seq == last else "reordered"), f"{message.seq} came after {last}"
        last = max(last, message.seq)
    for name, values in (("id", [one.id for one in seen]), ("text", [one.text for one in seen])):
        for value, count in Counter(values).items():
            if count > 1:
                yield "doubled", f"{name} {value} came {count} times"


def _not_as_acknowledged(acked: Sequence[Acked], readers: Sequence[Sequence[Seen]]) -> Iterator[str]:
    for number, seen in enumerate(readers):
        by_text = {message.text: message for message in seen}
        for ack in acked:
            message = by_text.get(ack.text)
            if message is None:
                yield f"lost: reader {number} never saw {ack.text}, acknowledged at {ack.seq}"
            elif (message.seq, message.id) != (ack.seq, ack.id):
                yield f"reordered: reader {number} saw {ack.text} at {message.seq}, acknowledged at {ack.seq}"


def _not_the_same(readers: Sequence[Sequence[Seen]]) -> Iterator[str]:
    """All lists are one list, also where nobody was told anything."""
    for number, seen in enumerate(readers[1:], start=1):
        if list(seen) != list(readers[0]):
            odd = set(seen) ^ set(readers[0])
            yield f"lost: readers 0 and {number} differ, in {len(odd)} messages or in their order"
