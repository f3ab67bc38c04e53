"""A page's socket for what its reader is told."""

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.test import Client

from accounts.models import User
from accounts.notifications import Kind, hub, notify_user
from accounts.notifications.models import Notification
from accounts.notifications.services import mark_read
from config.asgi import application

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(user: User) -> tuple[Client, WebsocketCommunicator]:
    browser = Client()
    browser.force_login(user)
    return browser, page(browser.cookies["sessionid"].value)


def page(session: str = "", origin: str = "http://localhost") -> WebsocketCommunicator:
    headers = [(b"origin", origin.encode()), (b"host", b"localhost"), (b"cookie", f"sessionid={session}".encode())]
    return WebsocketCommunicator(application, "/api/v1/notifications/events", headers)


async def receive(socket: WebsocketCommunicator) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await socket.receive_from(timeout=5))
    return message


async def closed_with(socket: WebsocketCommunicator) -> int:
    event = await socket.receive_output(timeout=5)
    await socket.disconnect()
    return int(event["code"])


def tell(user: User, text: str = "It is ready.") -> None:
    notify_user(user_id=user.pk, kind=Kind.RECORDING, text=text, path="/videos/1")


async def test_open_page_is_told_at_once(bob: User) -> None:
    await sync_to_async(tell)(bob, "Before.")
    _, socket = await sync_to_async(signed_in)(bob)
    assert (await socket.connect())[0]
    assert await receive(socket) == {"type": "unread", "unread": 1}
    await sync_to_async(tell)(bob)
    news = await receive(socket)
    assert (news["type"], news["text"], news["path"]) == ("notification", "It is ready.", "/videos/1")
    await sync_to_async(mark_read)(user_id=bob.pk, happening_id=news["id"])
    assert await receive(socket) == {"type": "unread", "unread": 1}
    await socket.disconnect()


async def test_pages_of_others_hear_nothing(alice: User, bob: User) -> None:
    _, socket = await sync_to_async(signed_in)(alice)
    await socket.connect()
    await receive(socket)
    await sync_to_async(tell)(bob)
    assert await socket.receive_nothing(timeout=0.3)
    await socket.disconnect()


async def test_page_of_somebody_who_signed_out_hears_nothing_more(bob: User) -> None:
    browser, socket = await sync_to_async(signed_in)(bob)
    await socket.connect()
    await receive(socket)
    await sync_to_async(browser.logout)()
    await sync_to_async(tell)(bob)
    assert await closed_with(socket) == 4401


async def test_nobody_listens_without_signing_in(bob: User) -> None:
    socket = page()
    await socket.connect()
    assert await closed_with(socket) == 4401


async def test_other_sites_cannot_listen(bob: User) -> None:
    browser, _ = await sync_to_async(signed_in)(bob)
    socket = page(browser.cookies["sessionid"].value, origin="https://evil.example")
    assert not (await socket.connect())[0]


async def test_page_says_nothing(bob: User) -> None:
    _, socket = await sync_to_async(signed_in)(bob)
    await socket.connect()
    await receive(socket)
    await socket.send_to(text_data="{}")
    assert await closed_with(socket) == 4400


async def test_one_person_has_so_many_pages(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "PAGES_MAX", 1)
    _, first = await sync_to_async(signed_in)(bob)
    await first.connect()
    await receive(first)
    _, second = await sync_to_async(signed_in)(bob)
    await second.connect()
    assert await closed_with(second) == 4429
    await first.disconnect()
    _, third = await sync_to_async(signed_in)(bob)
    await third.connect()
    assert (await receive(third))["type"] == "unread"
    await third.disconnect()


async def test_batch_takes_two_queries_however_many_pages_are_open(
    alice: User, bob: User, charlie: User, django_assert_max_num_queries: Any
) -> None:
    sockets = [(await sync_to_async(signed_in)(user))[1] for user in (alice, bob, charlie)]
    for socket in sockets:
        await socket.connect()
        await receive(socket)
    told = {"users": [alice.pk, bob.pk, charlie.pk], "message": {"type": "notification"}}
    seen: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        seen.append(sql)
        return execute(sql, *rest)

    def deliver() -> Any:
        from django.db import connection

        return connection.execute_wrapper(count)

    with await sync_to_async(deliver)():
        await hub.page_hub().deliver(told)
    for socket in sockets:
        assert (await receive(socket))["type"] == "notification"
        await socket.disconnect()
    assert len(seen) <= 2


async def test_page_hears_that_it_missed_something(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "HUB_RETRY_SECONDS", 0.05)
    _, socket = await sync_to_async(signed_in)(bob)
    await socket.connect()
    await receive(socket)
    from common.redis import async_redis_client

    await async_redis_client().client_kill_filter(_type="pubsub")  # the connection is cut
    async with asyncio.timeout(5):
        assert await receive(socket) == {"type": "missed"}
    await sync_to_async(tell)(bob)
    assert (await receive(socket))["type"] == "notification"
    assert await Notification.objects.acount() == 1
    await socket.disconnect()
