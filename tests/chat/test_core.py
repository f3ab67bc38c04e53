"""Requests, events, frames, ids and buckets: the pure parts of the protocol."""

import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.events import Ack, Message, Person, Refused
from chat.core.frames import Batch, text_frame
from chat.core.message_ids import message_id
from chat.core.requests import Authenticate, Say, nonce_of, parse_request
from chat.core.token_bucket import TokenBucket
from chat.errors import MalformedRequestError

BOB = Person(id=2, login="bob", display_name="Bob", badges=("broadcaster",))


def test_say_is_parsed() -> None:
    assert parse_request('{"type":"say","text":"hi","nonce":"n"}') == Say("hi", "n")
    assert parse_request('{"type":"say","text":"hi","later":[1]}') == Say("hi", None)
    assert parse_request('{"type":"auth","token":"t"}') == Authenticate("t")


def test_brackets_in_text_are_not_nesting() -> None:
    assert parse_request(json.dumps({"type": "say", "text": '[{"\\' * 50})) == Say('[{"\\' * 50, None)


def test_a_token_is_not_in_the_representation() -> None:
    assert "secret" not in repr(Authenticate("secret"))


@given(st.text() | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_nothing_but_a_malformed_request_comes_out_of_nonsense(frame: str) -> None:
    with pytest.raises(MalformedRequestError):
        parse_request(frame)
    assert nonce_of(frame) is None


def test_deep_nesting_is_refused_without_parsing() -> None:
    with pytest.raises(MalformedRequestError, match="deeply"):
        parse_request('{"type":"say","text":' + "[" * 3000 + "]" * 3000 + "}")


def test_a_message_survives_its_json() -> None:
    message = Message(id="i", sent_at="2026-01-01T00:00:00.000Z", user=BOB, text='quote " é 👋 </script>', seq=12)
    assert Message.from_json(message.to_json()) == message
    assert json.loads(message.to_json())["seq"] == 12
    assert Message.from_json('{"type":"other","seq":1}') is None


def test_answers_have_the_fields_of_the_contract() -> None:
    assert json.loads(Ack("n", "i", 5).to_json()) == {"type": "ack", "nonce": "n", "id": "i", "seq": 5}
    refused = {"type": "refused", "nonce": "n", "rule": "empty", "text": "No.", "retry_after": None}
    assert json.loads(Refused("n", "empty", "No.").to_json()) == refused


@pytest.mark.parametrize(("length", "header"), [(5, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)])
def test_frames_have_the_shortest_header(length: int, header: int) -> None:
    frame = text_frame(b"x" * length)
    assert len(frame) == length + header
    assert frame[0] == 0x81
    assert frame[1] < 128  # a server does not mask


def test_a_batch_is_its_frames_in_order() -> None:
    assert Batch((b"a", b"bb")).frames == b"\x81\x01a\x81\x02bb"


def test_ids_are_ordered_by_time() -> None:
    early, late = message_id(unix_ms=1000, random=2**80 - 1), message_id(unix_ms=1001, random=0)
    assert early < late
    assert (early.version, early.variant) == (7, uuid.RFC_4122)
    assert (late.version, late.variant) == (7, uuid.RFC_4122)


def test_a_bucket_refills_with_time() -> None:
    bucket = TokenBucket(per_second=2, burst=3, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert bucket.take(0.5) == 0.0
    assert bucket.take(0.5) > 0
    assert [bucket.take(100.0) for _ in range(4)][2:] == [0.0, 0.5]
