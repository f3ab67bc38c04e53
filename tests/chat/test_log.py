"""The log: its partitions, the look-back for moderators, the replay for recordings."""

from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import create_api_token
from chat import look_back
from chat.core.events import Message, Person
from chat.core.message_ids import first_id_at, message_id
from chat.core.replies import quote
from chat.core.roles import Role
from chat.models import ChatMessage, RoomRole
from chat.partitions import REST, keep_partitions, months
from streaming.models import Broadcast, Channel

pytestmark = pytest.mark.django_db
NOON = datetime(2031, 3, 15, 12, tzinfo=UTC)
numbers = count(1)


@pytest.fixture
def room(alice: User) -> Channel:
    return Channel.objects.get(owner=alice)


def said(room: Channel, sender: User, text: str, at: datetime, **fields: object) -> ChatMessage:
    number = next(numbers)
    return ChatMessage.objects.create(
        id=message_id(unix_ms=int(at.timestamp() * 1000), random=number),
        room=room,
        seq=number,
        sender=sender,
        login=sender.login,
        display_name=sender.display_name,
        text=text,
        sent_at=at,
        **fields,
    )


def bearer(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {create_api_token(user=user, name='test')}"})


def table_of(message: ChatMessage) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM chat_chatmessage WHERE id = %s", [message.pk])
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


# --- partitions


def test_ids_are_bounded_by_their_time() -> None:
    ms = int(NOON.timestamp() * 1000)
    assert message_id(unix_ms=ms - 1, random=2**74 - 1) < first_id_at(NOON) <= message_id(unix_ms=ms, random=0)


def test_a_message_goes_to_its_month_also_when_it_came_before_the_month_was_made(room: Channel, bob: User) -> None:
    early = said(room, bob, "early", NOON)
    assert table_of(early) == REST
    keep_partitions(now=NOON, keep_days=0)
    assert table_of(early) == "chat_chatmessage_203103"
    assert table_of(said(room, bob, "late", NOON + timedelta(days=60))) == "chat_chatmessage_203105"
    assert months()[-3:] == [date(2031, 3, 1), date(2031, 4, 1), date(2031, 5, 1)]
    keep_partitions(now=NOON, keep_days=0)
    assert ChatMessage.objects.count() == 2


def test_months_are_dropped_when_they_are_over_for_long_enough(room: Channel, bob: User) -> None:
    old, kept = said(room, bob, "old", NOON - timedelta(days=70)), said(room, bob, "kept", NOON - timedelta(days=40))
    ancient = said(room, bob, "from a clock that stood still", datetime(1999, 1, 1, tzinfo=UTC))
    keep_partitions(now=NOON, keep_days=0)
    assert (table_of(old), table_of(ancient)) == ("chat_chatmessage_203101", REST)
    keep_partitions(now=NOON, keep_days=30)
    assert list(ChatMessage.objects.all()) == [kept]
    assert date(2031, 1, 1) not in months()
    assert date(2031, 2, 1) in months()


def test_a_row_that_is_there_already_is_passed_over_in_a_partition_too(room: Channel, bob: User) -> None:
    keep_partitions(now=NOON, keep_days=0)
    message = said(room, bob, "once", NOON)
    ChatMessage.objects.bulk_create([message], ignore_conflicts=True)
    assert ChatMessage.objects.count() == 1


# --- looking back


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def talk(room: Channel, bob: User, charlie: User, now: datetime) -> list[ChatMessage]:
    return [
        said(room, bob, "Good morning", now - timedelta(minutes=5)),
        said(room, charlie, "morning, 100 % of you", now - timedelta(minutes=4)),
        said(room, bob, "rude", now - timedelta(minutes=3), removed_at=now),
        said(room, charlie, "bye", now - timedelta(minutes=2)),
    ]


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("", ["bye", "rude", "morning, 100 % of you", "Good morning"]),
        ("?q=MORNING", ["morning, 100 % of you", "Good morning"]),
        ("?q=100%20%25", ["morning, 100 % of you"]),
        ("?q=_", []),
        ("?user=Bob", ["rude", "Good morning"]),
        ("?user=bob&q=rude", ["rude"]),
        ("?user=nobody", []),
    ],
)
def test_moderators_find_what_was_said(
    room: Channel, bob: User, talk: list[ChatMessage], query: str, texts: list[str]
) -> None:
    RoomRole.objects.create(room=room, user=bob, role=Role.MODERATOR)
    answer = bearer(bob).get(f"/api/v1/channels/alice/chat/messages{query}").json()
    assert [message["text"] for message in answer["results"]] == texts
    assert answer["before"] is None
    assert all((message["removed_at"] is not None) == (message["text"] == "rude") for message in answer["results"])


def test_pages_are_followed_to_the_end_however_little_each_finds(
    room: Channel, alice: User, talk: list[ChatMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    for reach, limit in ((2, 50), (50, 1), (3, 2), (1, 1), (4, 4)):
        monkeypatch.setattr(look_back, "SEARCH_REACH", reach)
        texts, before, pages = [], "", 0
        while pages < 10:
            url = f"/api/v1/channels/alice/chat/messages?q=o&limit={limit}{before}"
            answer = bearer(alice).get(url).json()
            assert len(answer["results"]) <= limit
            texts += [message["text"] for message in answer["results"]]
            pages += 1
            if answer["before"] is None:
                break
            before = f"&before={answer['before']}"
        assert texts == ["morning, 100 % of you", "Good morning"], (reach, limit)
        assert pages > 1 or reach == 50 or limit == 4


def test_nobody_else_looks_back(alice: User, charlie: User, talk: list[ChatMessage]) -> None:
    assert bearer(charlie).get("/api/v1/channels/alice/chat/messages").status_code == 403
    assert Client().get("/api/v1/channels/alice/chat/messages").status_code == 401
    for query in ("?limit=0", "?limit=1000", "?before=x", "?q=" + "x" * 101, "?q=%00"):
        assert bearer(alice).get(f"/api/v1/channels/alice/chat/messages{query}").status_code == 400, query


def test_a_question_is_answered_from_an_index(room: Channel, talk: list[ChatMessage]) -> None:
    keep_partitions(now=timezone.now(), keep_days=0)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = ChatMessage.objects.filter(room=room, seq__lt=10**9).order_by("-seq")[:50].explain()
    assert "room_id_seq_idx" in plan
    assert "Seq Scan" not in plan


# --- replay


@pytest.fixture
def broadcast(room: Channel, now: datetime) -> Broadcast:
    started_at, ended_at = now - timedelta(minutes=4, seconds=30), now - timedelta(minutes=1)
    return Broadcast.objects.create(channel=room, state="ended", started_at=started_at, ended_at=ended_at)


def test_what_was_said_is_shown_at_its_time_without_what_was_removed(
    broadcast: Broadcast, talk: list[ChatMessage]
) -> None:
    url = f"/api/v1/streams/{broadcast.public_id}/chat"
    answer = Client().get(url).json()
    shown = [(round(message["seconds"]), message["text"]) for message in answer["results"]]
    assert shown == [(30, "morning, 100 % of you"), (150, "bye")]
    assert answer["after"] is None
    later = Client().get(f"{url}?seconds=31").json()
    assert [message["text"] for message in later["results"]] == ["bye"]


def test_the_replay_comes_in_pages_that_miss_and_double_nothing(
    broadcast: Broadcast, room: Channel, bob: User, talk: list[ChatMessage]
) -> None:
    at = talk[1].sent_at
    many = [said(room, bob, f"at once {number}", at) for number in range(5)]
    texts, after = [], ""
    for _ in range(10):
        answer = Client().get(f"/api/v1/streams/{broadcast.public_id}/chat?limit=2{after}").json()
        texts += [message["text"] for message in answer["results"]]
        if answer["after"] is None:
            break
        after = f"&after={answer['after']}"
    assert texts == ["morning, 100 % of you", *(message.text for message in many), "bye"]


def test_replies_quote_what_they_answer_until_that_is_removed(
    broadcast: Broadcast, room: Channel, bob: User, charlie: User, talk: list[ChatMessage], now: datetime
) -> None:
    asked, at = talk[1], now - timedelta(minutes=2)
    question = Message(str(asked.pk), at.isoformat(), Person(charlie.pk, "charlie", "Charlie"), asked.text)
    for parent in (question, replace(question, id=str(talk[2].pk), text="rude")):
        said(room, bob, f"about {parent.text}", at, reply=asdict(quote(parent)))
    url = f"/api/v1/streams/{broadcast.public_id}/chat"
    quotes = [message["reply"] for message in Client().get(url).json()["results"]]
    assert [quote and quote["text"] for quote in quotes] == [None, None, asked.text, ""]
    assert {"id": str(asked.pk), "login": "charlie", "thread_id": str(asked.pk)}.items() <= quotes[2].items()
    ChatMessage.objects.filter(pk=asked.pk).update(removed_at=now)
    quotes = [message["reply"] for message in Client().get(url).json()["results"]]
    assert [quote["text"] for quote in quotes if quote] == ["", ""]
    ChatMessage.objects.filter(pk=asked.pk).delete()  # its time in the log is over
    assert [message["reply"]["text"] for message in Client().get(url).json()["results"] if message["reply"]] == ["", ""]


def test_moderators_find_what_was_said_by_time(
    room: Channel, alice: User, talk: list[ChatMessage], now: datetime
) -> None:
    for first, last, texts in (
        (270, 0, ["bye", "rude", "morning, 100 % of you"]),
        (400, 210, ["morning, 100 % of you", "Good morning"]),
        (200, 150, ["rude"]),
        (0, 0, []),
    ):
        since, until = (timezone.localtime(now - timedelta(seconds=ago), UTC).isoformat() for ago in (first, last))
        query = {"since": since, "until": until}
        answer = bearer(alice).get("/api/v1/channels/alice/chat/messages", query).json()
        assert [message["text"] for message in answer["results"]] == texts, (first, last)


def test_there_is_no_replay_of_nothing(room: Channel) -> None:
    assert Client().get("/api/v1/streams/alice/chat").status_code == 404
    assert Client().get("/api/v1/streams/nobody/chat").status_code == 404
    never = Broadcast.objects.create(channel=room, state="ended")
    assert Client().get(f"/api/v1/streams/{never.public_id}/chat").status_code == 404
    assert Client().get(f"/api/v1/streams/{never.public_id}/chat?seconds=-1").status_code == 400
