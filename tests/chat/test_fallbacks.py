"""Chat without a WebSocket: event stream, waiting requests and POST, beside people who have one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import redis

from tests.chat.chat_client import ChatClient, Json
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess

WAIT_SECONDS = 5


class Stream:
    """An event stream as a browser reads it: (id, event) pairs."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next_event(self) -> tuple[str, Json]:
        place, event = "", None
        async with asyncio.timeout(WAIT_SECONDS):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if name == "id":
                    place = value
                elif name == "data":
                    event = json.loads(value)
                elif not line and event is not None:
                    return place, event
        raise EOFError

    async def texts(self, count: int) -> list[str]:
        return [str((await self.next_event())[1].get("text")) for _ in range(count)]


@asynccontextmanager
async def stream(gateway: GatewayProcess, room_id: int, query: str = "", **headers: str) -> AsyncIterator[Stream]:
    url = f"{gateway.origin}/api/v1/chat/{room_id}/events{query}"
    async with httpx.AsyncClient() as client, client.stream("GET", url, headers=headers) as response:
        yield Stream(response)


async def poll(gateway: GatewayProcess, room_id: int, since: int | None) -> Json:
    url = f"{gateway.origin}/api/v1/chat/{room_id}/poll" + ("" if since is None else f"?since={since}")
    async with httpx.AsyncClient(timeout=WAIT_SECONDS) as client:
        answer = await client.get(url)
        assert answer.status_code == 200
        found: Json = answer.json()
        return found


async def post(gateway: GatewayProcess, room_id: int, body: object, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await client.post(f"{gateway.origin}/api/v1/chat/{room_id}/messages", content=content, headers=headers)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_the_stream_tells_what_the_socket_tells(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
        before = await bob.said("before\nand after")
        async with stream(gateway, cast.room_id) as charlie:
            assert charlie.response.headers["content-type"] == "text/event-stream"
            assert charlie.response.headers["access-control-allow-origin"] == "*"
            place, event = await charlie.next_event()
            assert (place, event) == (str(before["seq"]), await bob.wait_for("message"))
            await bob.said("during")
            assert (await charlie.next_event())[1] == await bob.wait_for("message", text="during")


async def test_a_stream_is_resumed_where_it_ended(gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis) -> None:
    async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
        places = [(await bob.said(f"m{number}"))["seq"] for number in range(5)]
        async with stream(gateway, cast.room_id, f"?since={places[2]}") as charlie:
            assert await charlie.texts(2) == ["m3", "m4"]
        headers = {"Last-Event-ID": str(places[3])}
        async with stream(gateway, cast.room_id, f"?since={places[0]}", **headers) as charlie:
            assert await charlie.texts(1) == ["m4"]
        async with stream(gateway, cast.room_id, **{"Last-Event-ID": "nonsense"}) as charlie:
            assert await charlie.texts(5) == ["m0", "m1", "m2", "m3", "m4"]


async def test_polling_misses_nothing_and_waits_for_news(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    async with ChatClient(gateway.url(cast.room_id), token=cast.bob_token) as bob:
        first = (await bob.said("m0"))["seq"]
        at_once = await poll(gateway, cast.room_id, None)
        assert ([event["text"] for event in at_once["events"]], at_once["seq"]) == (["m0"], first)
        waiting = asyncio.create_task(poll(gateway, cast.room_id, at_once["seq"]))
        await asyncio.to_thread(_wait_for_viewers, gateway)
        second = (await bob.said("m1"))["seq"]
        news = await waiting
        assert ([event["text"] for event in news["events"]], news["seq"]) == (["m1"], second)
        third = (await bob.said("m2"))["seq"]
        missed = await poll(gateway, cast.room_id, second)
        assert ([event["seq"] for event in missed["events"]], missed["seq"]) == ([third], third)


def _wait_for_viewers(gateway: GatewayProcess) -> None:
    """A request that was answered after another one was sent: both are with the gateway then."""
    assert gateway.get("/healthz")[0] == 200


async def test_who_posts_is_heard_and_a_nonce_counts_once(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    async with ChatClient(gateway.url(cast.room_id)) as charlie:
        said = {"text": "by POST", "nonce": "n1"}
        first = await post(gateway, cast.room_id, said, **bearer(cast.bob_token))
        again = await post(gateway, cast.room_id, said, **bearer(cast.bob_token))
        assert (first.status_code, first.json()) == (again.status_code, again.json())
        message = await charlie.wait_for("message")
        assert (message["text"], message["user"]["login"]) == ("by POST", "bob")
        assert first.json() == {"id": message["id"], "seq": message["seq"], "nonce": "n1"}
        command = await post(gateway, cast.room_id, {"text": "/timeout bob 60"}, **bearer(cast.alice_token))
        assert command.status_code == 200
        refused = await post(gateway, cast.room_id, {"text": "why?"}, **bearer(cast.bob_token))
        assert (refused.status_code, refused.json()["rule"]) == (429, "timeout")
        assert 0 < int(refused.headers["retry-after"]) <= 61
        assert len(charlie.messages()) == 1


async def test_the_cookie_counts_from_our_own_pages_only(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis, bob_session: str
) -> None:
    cookie = {"Cookie": f"sessionid={bob_session}"}
    said = await post(gateway, cast.room_id, {"text": "hello"}, Origin=gateway.origin, **cookie)
    assert said.status_code == 201
    for origin in ({"Origin": "https://evil.example"}, {}):
        assert (await post(gateway, cast.room_id, {"text": "hello"}, **origin, **cookie)).status_code == 403


@pytest.mark.parametrize(
    ("body", "status", "rule"),
    [
        (b"", 400, "format"),
        (b"[1]", 400, "format"),
        (b"\xff", 400, "format"),
        (b"[" * 20 + b"]" * 20, 400, "format"),
        ({"text": 5}, 400, "format"),
        ({"text": " "}, 400, "empty"),
        ({"text": "x" * 501}, 400, "length"),
        ({"text": "x" * 17_000}, 413, None),
        ({"text": "/ban alice"}, 400, "command"),
    ],
)
async def test_what_cannot_be_said_is_refused_with_its_rule(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis, body: object, status: int, rule: str | None
) -> None:
    answer = await post(gateway, cast.room_id, body, **bearer(cast.charlie_token))
    assert (answer.status_code, answer.json().get("rule")) == (status, rule)
    assert answer.json()["detail"]


async def test_strangers_wrong_rooms_and_wrong_methods(
    gateway: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    assert (await post(gateway, cast.room_id, {"text": "hi"})).status_code == 401
    assert (await post(gateway, cast.room_id, {"text": "hi"}, **bearer("wrong"))).status_code == 401
    assert (await post(gateway, cast.room_id + 999, {"text": "hi"}, **bearer(cast.bob_token))).status_code == 404
    async with httpx.AsyncClient(base_url=f"{gateway.origin}/api/v1/chat/{cast.room_id}") as client:
        assert (await client.get("/messages")).headers["allow"] == "POST"
        assert (await client.post("/events")).status_code == 405
        assert (await client.get(f"{gateway.origin}/api/v1/chat/{cast.room_id + 999}/poll")).status_code == 404
