"""Rooms that are faster than anybody reads: who is shown what of them."""

import asyncio
from collections.abc import Iterator

import pytest
import redis

from chat.core.events import Message, MessageRemoved, Person, Quote, RoomEvent
from chat.core.flush import Flush
from chat.core.removals import Entry
from chat.core.sampling import About, Sampler, stands_out
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess, PrivateRedis
from tests.chat.test_fallbacks import poll, stream

ALICE = Person(1, "alice", "Alice", ("broadcaster",))
BOB = Person(2, "bob", "Bob", ("moderator", "subscriber/6"))
CHARLIE = Person(3, "charlie", "Charlie")
SHOWN = 20


def encoded(event: RoomEvent, seq: int) -> bytes:
    head, tail = event.around_seq()
    return f"{head}{seq}{tail}".encode()


def said(seq: int, user: Person = CHARLIE, text: str = "hi", **fields: object) -> bytes:
    return encoded(Message(f"m{seq}", "2026-01-01T00:00:00.000Z", user, text, **fields), seq)  # type: ignore[arg-type]


def quote_of(user: Person) -> Quote:
    return Quote("m1", user.id, user.login, user.display_name, "hi", "m1", user.login)


def shown_at(sampler: Sampler, rate: int, seconds: range, first_seq: int = 1) -> list[list[int]]:
    """The places shown in each of the seconds of a room with so many messages a second."""
    return [
        [
            seq
            for seq in range(first_seq + second * rate, first_seq + (second + 1) * rate)
            if sampler.shows(seq, said(seq), second + (seq - first_seq - second * rate) / rate)
        ]
        for second in seconds
    ]


@pytest.mark.parametrize("rate", [1, 10, SHOWN - 1])
def test_a_room_that_can_be_read_is_shown_whole(rate: int) -> None:
    sampler = Sampler(SHOWN)
    assert [len(shown) for shown in shown_at(sampler, rate, range(5))] == [rate] * 5
    assert not sampler.active


@pytest.mark.parametrize("rate", [40, 100, 500])
def test_a_fast_room_is_shown_in_part_and_evenly(rate: int) -> None:
    sampler = Sampler(SHOWN)
    seconds = shown_at(sampler, rate, range(12), first_seq=1_800_000_000_000)[2:]
    assert sampler.active
    counts = [len(shown) for shown in seconds]
    assert all(0.8 * SHOWN <= count <= 1.2 * SHOWN for count in counts), counts
    every_second = [seq for shown in seconds for seq in shown]
    widest = max(after - before for before, after in zip(every_second, every_second[1:], strict=False))
    assert widest <= 3 * rate / SHOWN


@pytest.mark.parametrize("writers", [2, 3, 5, 8, 10])
def test_no_rhythm_of_writing_is_favoured(writers: int) -> None:
    shown = [seq for second in shown_at(Sampler(SHOWN), 200, range(60))[2:] for seq in second]
    shares = [sum(seq % writers == writer for seq in shown) / len(shown) for writer in range(writers)]
    assert all(0.75 / writers <= share <= 1.25 / writers for share in shares), shares


def test_processes_that_measure_nearly_the_same_choose_nearly_the_same() -> None:
    one, other = Sampler(SHOWN), Sampler(SHOWN)
    choices = [
        {seq for seq in range(1, 4001) if sampler.shows(seq, said(seq), late + seq / 200)}
        for sampler, late in ((one, 0.0), (other, 0.37))
    ]
    assert len(choices[0] ^ choices[1]) <= 0.1 * len(choices[0])


def test_zero_shows_everything_and_a_burst_of_a_screenful_is_no_pace() -> None:
    everything = Sampler(0)
    assert all(everything.shows(seq, said(seq), 0.0) for seq in range(1000))
    assert not everything.active
    burst = Sampler(SHOWN)
    assert all(burst.shows(seq, said(seq), 0.5) for seq in range(SHOWN))
    assert not burst.active


def test_it_ends_when_the_room_has_been_slow_for_a_while() -> None:
    sampler = Sampler(SHOWN)
    shown_at(sampler, 100, range(3))
    sampler.rest(4.0)
    assert sampler.active
    assert sampler.shows(301, said(301), 6.0)  # slow enough, though not for long enough
    sampler.rest(8.1)
    assert not sampler.active


@pytest.mark.parametrize(
    ("event", "out"),
    [
        (said(1), False),
        (said(1, ALICE), True),
        (said(1, BOB), True),
        (said(1, Person(4, "dora", "Dora", ("vip",))), True),
        (said(1, Person(4, "dora", "Dora", ("staff",))), True),
        (said(1, Person(4, "dora", "Dora", ("subscriber/6",))), False),
        (said(1, Person(4, "dora", '"badges":["staff"]')), False),
        (said(1, text='"badges":["moderator"],"announcement":"blue"'), False),
        (said(1, announcement="primary"), True),
    ],
)
def test_roles_and_announcements_stand_out(event: bytes, out: bool) -> None:
    assert stands_out(event) is out


def test_what_stands_out_and_what_is_no_message_is_always_shown() -> None:
    sampler = Sampler(1)
    for number in range(500):
        sampler.shows(number, said(number), 0.5)
    assert all(sampler.shows(seq, said(seq, ALICE), 0.5) for seq in range(1000, 1100))
    assert all(sampler.shows(seq, encoded(MessageRemoved("m1", 1, "bob"), seq), 0.5) for seq in range(1100, 1200))


@pytest.mark.parametrize(
    ("event", "concerned"),
    [
        (said(1, CHARLIE, "nothing"), {"charlie"}),
        (said(1, CHARLIE, "@Bob look"), {"charlie", "bob"}),
        (said(1, CHARLIE, "mail bob@alice.org, @@bob"), {"charlie"}),
        (said(1, CHARLIE, "yes", reply=quote_of(BOB)), {"charlie", "bob"}),
    ],
)
def test_a_message_concerns_its_writer_whom_it_answers_and_whom_it_names(event: bytes, concerned: set[str]) -> None:
    about = About.of(event)
    assert {one.login for one in (ALICE, BOB, CHARLIE) if about.concerns(one.id, one.login)} == concerned


ENTRIES: list[Entry] = [(seq, said(seq)) for seq in (5, 6, 7)]


def test_a_flush_is_one_batch_for_nearly_everybody() -> None:
    flush = Flush(ENTRIES, {6: About.of(said(6, BOB, "@alice"))})
    everything, sample = [payload for _, payload in ENTRIES], [ENTRIES[0][1], ENTRIES[2][1]]
    nobody = flush.batch_for(None, moderates=False, has_until=0)
    dora = Person(4, "dora", "Dora")
    assert list(nobody.payloads) == sample
    assert flush.batch_for(dora, moderates=False, has_until=0) is nobody
    assert flush.batch_for(BOB, moderates=True, has_until=0) is flush.everything
    assert list(flush.everything.payloads) == everything
    for concerned in (BOB, ALICE):
        assert list(flush.batch_for(concerned, moderates=False, has_until=0).payloads) == everything
    assert list(flush.batch_for(dora, moderates=False, has_until=5).payloads) == [everything[2]]
    assert list(flush.batch_for(BOB, moderates=True, has_until=6).payloads) == [everything[2]]
    assert flush.batch_for(BOB, moderates=True, has_until=7).payloads == ()


def test_a_flush_without_anything_left_out_is_the_same_for_all() -> None:
    flush = Flush(ENTRIES, {})
    assert not flush.is_sampled
    assert flush.batch_for(None, moderates=False, has_until=0) is flush.everything


# --- from outside


@pytest.fixture(scope="module")
def sampling_gateway(private_redis: PrivateRedis, django_db_setup: None) -> Iterator[GatewayProcess]:
    environment = {"MILLRACE_CHAT_SHOWN_PER_SECOND": "5", "MILLRACE_CHAT_USER_RATE": "1000"}
    process = GatewayProcess(private_redis.url, environment=environment)
    yield process
    process.stop()


async def test_in_a_fast_room_moderators_see_all_and_others_a_sample_with_a_notice(
    sampling_gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    url = sampling_gateway.url(cast.room_id)
    async with (
        ChatClient(url, token=cast.alice_token) as alice,
        ChatClient(url, token=cast.bob_token) as bob,
        ChatClient(url, token=cast.charlie_token) as charlie,
        ChatClient(url) as reader,
    ):
        for number in range(90):
            await charlie.say(f"for @bob {number}" if number % 9 == 0 else f"words {number}")
            await asyncio.sleep(0.01)
        while len(charlie.messages()) < 90:
            await charlie.next_event()
        first = charlie.messages()[0][0]
        await alice.said("the end")
        everything = [text for _, text in charlie.messages()]
        for client in (alice, bob, charlie, reader):
            await client.wait_for("message", text="the end")
        assert [text for _, text in alice.messages()] == [*everything, "the end"]
        assert [event for event in alice.seen if event["type"] == "sampled"] == []
        shown = [text for _, text in reader.messages()]
        assert 8 <= len(shown) < 45
        assert reader.messages() == sorted(reader.messages())
        assert {f"for @bob {number}" for number in range(0, 90, 9)} <= {text for _, text in bob.messages()}
        assert len(bob.messages()) < 60
        [begins] = [event for event in reader.seen if event["type"] == "sampled"]
        assert begins == {"type": "sampled", "active": True, "per_second": 5}
        async with ChatClient(url) as late, ChatClient(f"{url}?since={first - 1}") as resumed:
            await late.wait_for("sampled", active=True)
            await resumed.wait_for("message", text="the end")
            assert [text for _, text in resumed.messages()] == [*everything, "the end"]
            assert [event for event in resumed.seen if event["type"] == "gap"] == []
            await late.wait_for("sampled", seconds=15, active=False)
        await reader.wait_for("sampled", seconds=15, active=False)
        assert {event["type"] for event in reader.seen} == {"hello", "message", "sampled"}


async def test_a_stream_is_told_of_the_sample_and_a_waiting_request_is_not_answered_by_it(
    sampling_gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    url = sampling_gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.charlie_token) as charlie, ChatClient(url) as reader:
        for number in range(30):
            await charlie.say(f"words {number}")
        await reader.wait_for("sampled", active=True)
        while len(charlie.messages()) < 30:
            await charlie.next_event()
        last = charlie.messages()[-1][0]
        async with stream(sampling_gateway, cast.room_id, f"?since={last}") as late:
            assert await late.next_event() == ("", {"type": "sampled", "active": True, "per_second": 5})
        waiting = asyncio.create_task(poll(sampling_gateway, cast.room_id, last))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await asyncio.sleep(2)  # the room is slow again, and what is said now is shown
        await charlie.say("news")
        assert [event["text"] for event in (await waiting)["events"]] == ["news"]
