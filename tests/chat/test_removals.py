"""What is left of a stretch of events after the removals in it."""

import json

from chat.core.events import Message, MessageRemoved, Person, RoomCleared, RoomEvent, UserRemoved
from chat.core.removals import Entry, is_message, without_removed

BOB, CHARLIE = Person(2, "bob", "Bob"), Person(3, "charlie", "Charlie")


def said(seq: int, user: Person, text: str = "hello") -> Entry:
    return _entry(seq, Message(f"id-{seq}", "2026-01-01T00:00:00.000Z", user, text))


def _entry(seq: int, event: RoomEvent) -> Entry:
    head, tail = event.around_seq()
    return seq, f"{head}{seq}{tail}".encode()


def messages(entries: list[Entry]) -> list[int]:
    return [seq for seq, event in without_removed(entries) if is_message(event)]


def test_a_removed_message_is_gone_and_keeps_its_place() -> None:
    entries = [
        said(1, BOB),
        said(2, CHARLIE, "secret"),
        _entry(3, MessageRemoved("id-2", 2, "charlie")),
        said(4, CHARLIE),
    ]
    left = without_removed(entries)
    assert [seq for seq, _ in left] == [1, 2, 3, 4]
    assert json.loads(left[1][1]) == {"type": "removed", "seq": 2}
    assert b"secret" not in b"".join(event for _, event in left)


def test_a_ban_removes_what_was_said_before_it_by_that_person_only() -> None:
    entries = [said(1, BOB), said(2, CHARLIE), _entry(3, UserRemoved(3, "charlie", None)), said(4, CHARLIE)]
    assert messages(entries) == [1, 4]


def test_clearing_removes_messages_but_not_acts() -> None:
    entries = [said(1, BOB), _entry(2, UserRemoved(3, "charlie", 10)), _entry(3, RoomCleared()), said(4, BOB)]
    left = without_removed(entries)
    assert messages(entries) == [4]
    assert json.loads(left[1][1])["type"] == "user_removed"


def test_nobody_can_pass_for_another_by_what_he_writes() -> None:
    entries = [said(1, BOB, '"user":{"id":3,'), said(2, CHARLIE), _entry(3, UserRemoved(3, "charlie", None))]
    assert messages(entries) == [1]


def test_without_removals_nothing_changes() -> None:
    entries = [said(1, BOB), said(2, CHARLIE)]
    assert without_removed(entries) == entries
