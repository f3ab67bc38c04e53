"""Script calls that share pipelines: each gets its own answer, whatever becomes of the others."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError, ResponseError

from chat.script_line import ScriptLine
from chat.scripts import Script
from tests.chat.gateway_process import PrivateRedis

NUMBER = "number_script.lua"


@pytest.fixture
async def client(private_redis: PrivateRedis) -> AsyncIterator[Redis]:
    redis = Redis.from_url(private_redis.url)
    await redis.flushall()
    yield redis
    await redis.aclose()


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Script:
    """Counts; fails where it is told to."""
    folder = tmp_path_factory.mktemp("scripts")
    (folder / NUMBER).write_text(
        "if ARGV[1] == 'bad' then return redis.error_reply('bad') end return {redis.call('INCR', KEYS[1]), ARGV[1]}"
    )
    monkeypatch.setattr("chat.scripts._FOLDER", folder)
    return Script(NUMBER)


async def test_calls_are_answered_each_by_its_own_and_in_the_order_of_asking(client: Redis, script: Script) -> None:
    line = ScriptLine(client)
    await script.send(client, ("n",))
    answers = await asyncio.gather(*(line.run(script, ("n",), (str(number),)) for number in range(500)))

    assert answers == [[number + 1, str(number).encode()] for number in range(500)]


async def test_a_call_that_fails_fails_alone(client: Redis, script: Script) -> None:
    line = ScriptLine(client)
    await script.send(client, ("n",))
    calls = [line.run(script, ("n",), (word,)) for word in ("one", "bad", "two")]
    one, bad, two = await asyncio.gather(*calls, return_exceptions=True)

    assert [one, two] == [[1, b"one"], [2, b"two"]]
    assert isinstance(bad, ResponseError)


async def test_a_redis_that_does_not_know_the_script_is_told_of(client: Redis, script: Script) -> None:
    await client.script_flush()
    with pytest.raises(NoScriptError):
        await ScriptLine(client).run(script, ("n",), ("one",))


async def test_who_gave_up_leaves_the_others_their_answers(client: Redis, script: Script) -> None:
    line = ScriptLine(client)
    await script.send(client, ("n",))
    first, given_up, stays = (
        asyncio.ensure_future(line.run(script, ("n",), (word,))) for word in ("first", "gone", "here")
    )
    await asyncio.sleep(0)
    given_up.cancel()

    assert await first == [1, b"first"]
    assert await stays == [3, b"here"]  # what was on its way is done all the same


async def test_a_sender_who_gives_up_leaves_nobody_waiting(client: Redis, script: Script) -> None:
    line = ScriptLine(client)
    await script.send(client, ("n",))
    sender = asyncio.ensure_future(line.run(script, ("n",), ("first",)))
    await asyncio.sleep(0)
    behind = asyncio.ensure_future(line.run(script, ("n",), ("behind",)))
    await asyncio.sleep(0)
    sender.cancel()

    assert (await asyncio.wait_for(behind, 5))[1] == b"behind"
    assert (await asyncio.wait_for(line.run(script, ("n",), ("later",)), 5))[1] == b"later"


async def test_everybody_hears_of_a_redis_that_is_away(script: Script) -> None:
    line = ScriptLine(Redis.from_url("unix:///nowhere/r.sock"))
    outcomes = await asyncio.gather(*(line.run(script, ("n",), ("x",)) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(outcome, RedisError | OSError) for outcome in outcomes)
