"""Moderators read earlier; shield mode brings what was saved for it."""

import asyncio
import json

import pytest

from chat.core.policy import RoomPolicy, with_shield
from chat.core.removals import Entry
from chat.delay_line import DelayLine
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess


def said(seq: int, user_id: int = 3) -> Entry:
    user = {"id": user_id, "login": "charlie", "display_name": "Charlie", "badges": []}
    body = {"type": "message", "seq": seq, "id": f"m{seq}", "sent_at": "", "user": user, "text": "x"}
    return seq, json.dumps(body, separators=(",", ":")).encode()


def event(kind: str, seq: int, **fields: object) -> Entry:
    return seq, json.dumps({"type": kind, "seq": seq, **fields}, separators=(",", ":")).encode()


async def test_without_a_delay_nothing_is_held_back() -> None:
    line = DelayLine(lambda entry: pytest.fail("never"))
    assert not line.take(said(1))


async def test_what_is_removed_in_time_was_never_seen_and_order_is_kept() -> None:
    delivered: list[Entry] = []
    done = asyncio.Event()

    def deliver(entry: Entry) -> None:
        delivered.append(entry)
        if entry[0] == 5:
            done.set()

    line = DelayLine(deliver)
    line.learn(1, 1)
    line.learn(0, 30)  # an older policy is no news
    entries = [said(1), said(2, user_id=4), event("user_removed", 3, user_id=3, login="charlie", seconds=60)]
    entries += [event("room_state", 4, modes={"version": 2, "delay_seconds": 0}), said(5)]
    assert [line.take(entry) for entry in entries] == [True] * 5
    assert delivered == []
    await asyncio.wait_for(done.wait(), 5)
    assert [seq for seq, _ in delivered] == [1, 2, 3, 4, 5]
    assert delivered[0][1] == b'{"type":"removed","seq":1}'
    assert delivered[1] == entries[1]
    assert not line.take(said(6))
    line.stop()


async def test_a_moderator_removes_what_no_viewer_has_seen(gateway: GatewayProcess, cast: Cast) -> None:
    url = gateway.url(cast.room_id)
    async with (
        ChatClient(url, token=cast.alice_token) as alice,
        ChatClient(url, token=cast.alice_token) as helper,
        ChatClient(url, token=cast.bob_token) as bob,
        ChatClient(url) as reader,
    ):
        assert (await alice.said("/delay 4"))["type"] == "done"
        rude = await bob.said("rude words")
        await helper.wait_for("message", text="rude words")
        assert (await alice.said(f"/delete {rude['id']}"))["type"] == "done"
        await bob.said("kind words")
        await helper.wait_for("message", text="kind words")
        assert reader.messages() == []
        await reader.wait_for("message", text="kind words")
        assert [text for _, text in reader.messages()] == ["kind words"]
        assert [event["type"] for event in reader.seen].count("gap") == 0
        await alice.said("/delayoff")
        await bob.said("at once")
        await reader.wait_for("message", text="at once")
        await helper.wait_for("message", text="at once")
        assert [text for _, text in helper.messages()] == ["rude words", "kind words", "at once"]  # each once


SAVED = {"slow_seconds": 60, "links_allowed": False}
BEFORE = {"slow_seconds": 5, "links_allowed": True}


@pytest.mark.parametrize(
    ("changes", "now", "result", "remember"),
    [
        ({"shield": True}, False, {"shield": True, **SAVED}, True),
        ({"shield": True, "slow_seconds": 9}, False, {"shield": True, "slow_seconds": 9, "links_allowed": False}, True),
        ({"shield": True}, True, {"shield": True}, False),
        ({"shield": False}, True, {"shield": False, **BEFORE}, False),
        ({"shield": False}, False, {"shield": False}, False),
        ({"slow_seconds": 3}, True, {"slow_seconds": 3}, False),
    ],
)
def test_the_shield_brings_what_was_saved_and_takes_it_back(
    changes: dict[str, object], now: bool, result: dict[str, object], remember: bool
) -> None:
    assert with_shield(changes, now=now, saved=SAVED, before=BEFORE) == (result, remember)


async def test_shield_mode_is_one_switch(gateway: GatewayProcess, cast: Cast) -> None:
    url = gateway.url(cast.room_id)
    async with ChatClient(url, token=cast.alice_token) as alice, ChatClient(url) as reader:
        for command in ("/slow 60", "/linksoff", "/shieldset", "/slow 5", "/links", "/shield"):
            assert (await alice.said(command))["type"] == "done", command
        is_on = await reader.wait_until(lambda event: event["type"] == "room_state" and event["modes"]["shield"])
        shielded = is_on["modes"]
        assert (shielded["shield"], shielded["slow_seconds"], shielded["links_allowed"]) == (True, 60, False)
        assert (await alice.said("/shieldset"))["rule"] == "command"
        await alice.said("/shieldoff")
        after = (await reader.wait_for("room_state"))["modes"]
        assert RoomPolicy(**after) == RoomPolicy(version=after["version"], slow_seconds=5)
