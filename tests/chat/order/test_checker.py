"""The judge of the order test finds every fault it is there for."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.chat.order.checker import Acked, Seen, text_of, violations

Lists = tuple[list[Acked], list[list[Seen]]]


def good() -> Lists:
    """Two writers take turns, three readers see it all; the last message was published and never acknowledged."""
    acked = [Acked(seq % 2, seq // 2, f"id{seq}", 1000 + seq) for seq in range(10)]
    seen = [Seen(ack.seq, ack.id, ack.text) for ack in acked]
    seen.append(Seen(1010, "id10", text_of(0, 5)))
    return acked, [list(seen) for _ in range(3)]


def test_good_lists_are_good() -> None:
    assert violations(*good()) == []


def _drop(acked: list[Acked], readers: list[list[Seen]]) -> None:
    del readers[1][4]


def _drop_everywhere(acked: list[Acked], readers: list[list[Seen]]) -> None:
    for seen in readers:
        del seen[4]


def _drop_unacknowledged(acked: list[Acked], readers: list[list[Seen]]) -> None:
    readers[2].pop()


def _double(acked: list[Acked], readers: list[list[Seen]]) -> None:
    readers[0].insert(5, readers[0][4])


def _double_later(acked: list[Acked], readers: list[list[Seen]]) -> None:
    readers[0].append(readers[0][4])


def _publish_twice(acked: list[Acked], readers: list[list[Seen]]) -> None:
    for seen in readers:
        seen.append(Seen(1011, "id11", seen[4].text))


def _swap(acked: list[Acked], readers: list[list[Seen]]) -> None:
    readers[1][3], readers[1][4] = readers[1][4], readers[1][3]


def _swap_places_everywhere(acked: list[Acked], readers: list[list[Seen]]) -> None:
    for seen in readers:
        first, second = seen[3], seen[5]
        seen[3], seen[5] = replace(second, seq=first.seq), replace(first, seq=second.seq)


def _acknowledge_in_the_wrong_order(acked: list[Acked], readers: list[list[Seen]]) -> None:
    acked[2], acked[4] = replace(acked[2], seq=acked[4].seq), replace(acked[4], seq=acked[2].seq)


def _give_a_place_twice(acked: list[Acked], readers: list[list[Seen]]) -> None:
    acked[3] = replace(acked[3], seq=acked[2].seq)


def _another_id(acked: list[Acked], readers: list[list[Seen]]) -> None:
    readers[2][0] = replace(readers[2][0], id="other")


def _nobody_reads(acked: list[Acked], readers: list[list[Seen]]) -> None:
    readers.clear()


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (_drop, "lost"),
        (_drop_everywhere, "lost"),
        (_drop_unacknowledged, "lost"),
        (_double, "doubled"),
        (_double_later, "doubled"),
        (_publish_twice, "doubled"),
        (_swap, "reordered"),
        (_swap_places_everywhere, "reordered"),
        (_acknowledge_in_the_wrong_order, "reordered"),
        (_give_a_place_twice, "reordered"),
        (_another_id, "reordered"),
        (_nobody_reads, "lost"),
    ],
)
def test_harm_is_found(harm: Callable[[list[Acked], list[list[Seen]]], None], kind: str) -> None:
    acked, readers = good()
    harm(acked, readers)
    assert any(violation.startswith(kind) for violation in violations(acked, readers))
