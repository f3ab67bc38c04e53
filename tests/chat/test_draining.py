"""A chat process that is told to end: nobody new, and who is there is sent elsewhere."""

import asyncio
import os
import signal
import urllib.request
from urllib.error import HTTPError

import pytest
import redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess, PrivateRedis, wait_until

SERVICE_RESTART = 1012
NEVER = {"MILLRACE_CHAT_DRAIN_SECONDS": "600"}
SOON = {"MILLRACE_CHAT_DRAIN_SECONDS": "0.5"}


async def test_a_process_that_goes_away_takes_nobody_in_and_keeps_who_is_there(
    private_redis: PrivateRedis, cast: Cast, room_redis: redis.Redis
) -> None:
    gateway = GatewayProcess(private_redis.url, environment=NEVER)
    try:
        async with (
            ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob,
            ChatClient(gateway.url(cast.room_id)) as charlie,
            ChatClient(gateway.url(cast.room_id)) as dave,
        ):
            os.kill(gateway.pid, signal.SIGTERM)
            await asyncio.to_thread(wait_until, lambda: gateway.get("/healthz")[0] == 503, "draining")
            for url in (gateway.url(cast.room_id), f"ws://127.0.0.1:{gateway.port}/"):
                with pytest.raises(InvalidStatus) as refused:
                    await connect(url)
                assert refused.value.response.status_code == 503
                assert int(refused.value.response.headers["retry-after"]) > 0
            assert await asyncio.to_thread(_status, f"{gateway.origin}/api/v1/chat/{cast.room_id}/poll") == (503, True)
            here = [client for client in (bob, charlie, dave) if not await _is_sent_away(client)]
            assert len(here) == 2  # the first leaves at once, the others in the course of ten minutes
    finally:
        gateway.kill()


async def _is_sent_away(client: ChatClient) -> bool:
    """A ping is answered by who is still there; the close frame came before."""
    try:
        await asyncio.wait_for(await client.socket.ping(), 5)
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        assert closed.rcvd.code == SERVICE_RESTART
        return True
    return False


def _status(url: str) -> tuple[int, bool]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  our own process
            return answer.status, False
    except HTTPError as error:
        return error.code, "Retry-After" in error.headers


async def test_everyone_is_sent_away_in_his_own_words_and_the_process_ends(
    private_redis: PrivateRedis, cast: Cast, room_redis: redis.Redis
) -> None:
    gateway = GatewayProcess(private_redis.url, environment=SOON)
    try:
        async with (
            ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob,
            connect(f"ws://127.0.0.1:{gateway.port}/") as bot,
        ):
            await bot.send("CAP REQ :twitch.tv/commands\r\nNICK justinfan1\r\nJOIN #alice")
            await _wait_for(bot.recv, "ROOMSTATE #alice")
            last = await bob.said("the last word")
            await bob.heard("message", seq=last["seq"])
            os.kill(gateway.pid, signal.SIGTERM)
            await _wait_for(bot.recv, ":tmi.twitch.tv RECONNECT")
            with pytest.raises(ConnectionClosed) as closed:
                await bob.wait_for("never")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == SERVICE_RESTART
        await asyncio.to_thread(wait_until, gateway.has_ended, "the process to end")
    finally:
        gateway.kill()


async def _wait_for(receive: object, part: str) -> None:
    assert callable(receive)
    text = ""
    async with asyncio.timeout(5):
        while part not in text:
            text += str(await receive())
