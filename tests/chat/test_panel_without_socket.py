"""The chat panel in a real browser behind a proxy that lets no WebSocket through."""

import asyncio
import re
from collections.abc import Callable

import httpx
import pytest
import redis
from channels.db import database_sync_to_async
from playwright.async_api import Browser, Page, Request, Route, expect

from chat.core.roles import Role
from chat.models import RoomRole
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess
from tests.chat.test_fallbacks import Stream
from tests.chat.test_panel import LOG, Network, open_panel, write

BLOCKED = re.compile("/api/v1/chat/")


@pytest.fixture
def blocked() -> Network:
    network = Network()
    network.up = False
    return network


async def test_messages_go_both_ways_without_a_socket(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis, blocked: Network
) -> None:
    async with ChatClient(site.url(cast.room_id), token=cast.alice_token) as alice:
        await alice.said("before")
        bob = await open_panel(browser, site, cast.room_id, bob_session, blocked)
        await expect(bob.locator(LOG)).to_have_text(re.compile("before"))
        await alice.said("after")
        await expect(bob.locator(LOG)).to_have_count(2)
        await write(bob, "hello @alice")
        assert (await alice.wait_for("message", text="hello @alice"))["user"]["login"] == "bob"
        await expect(bob.locator(LOG)).to_have_count(3)
        await expect(bob.locator(".chat__message--pending")).to_have_count(0)
        await expect(bob.locator("[data-state]")).to_have_text("")  # quietly
        await write(bob, "/ban alice")
        await expect(bob.locator("[data-alert]")).to_be_visible()
        await expect(bob.locator("[data-input]")).to_have_value("/ban alice")
        await write(bob, "/color coral")
        await expect(bob.locator(".chat__line")).to_have_count(1)
        assert (await alice.said("/ban bob"))["type"] == "done"
        await expect(bob.locator("[data-alert]")).to_have_text("You are banned from this chat.")
        await expect(bob.locator("[data-input]")).to_be_disabled()


async def test_who_is_nobody_reads_without_a_socket(
    browser: Browser, site: GatewayProcess, cast: Cast, room_redis: redis.Redis, blocked: Network
) -> None:
    charlie = await open_panel(browser, site, cast.room_id, None, blocked)
    await expect(charlie.get_by_role("link", name="Sign in to chat")).to_be_visible()
    async with ChatClient(site.url(cast.room_id), token=cast.alice_token) as alice:
        await alice.said("hello")
        await expect(charlie.locator(LOG)).to_have_count(1)
        await alice.said("/slow 30")
        await expect(charlie.locator("[data-modes]")).to_have_text("Slow mode (30 seconds)")


async def test_a_moderator_is_told_what_waits_without_a_socket(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis, blocked: Network
) -> None:
    await database_sync_to_async(RoomRole.objects.create)(room_id=cast.room_id, user=cast.bob, role=Role.MODERATOR)
    bob = await open_panel(browser, site, cast.room_id, bob_session, blocked)
    async with ChatClient(site.url(cast.room_id), token=cast.charlie_token) as charlie:
        await write(bob, "/automod 1")
        await expect(bob.locator(".chat__line").first).to_be_visible()
        spam = "Buy followers and viewers cheap at https://getfamous.example"
        assert (await charlie.said(spam))["rule"] == "held"
        await expect(bob.locator("[data-held-count]")).to_have_text("1 message waits for a moderator")
        await bob.locator("[data-held-count]").click()
        await bob.get_by_role("button", name="Let through").click()
        assert (await charlie.wait_for("message"))["text"] == spam


async def test_a_message_that_did_not_arrive_is_sent_again_and_said_once(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis, blocked: Network
) -> None:
    bob = await open_panel(browser, site, cast.room_id, bob_session, blocked)
    tries: list[str | None] = []
    first, third = asyncio.Event(), asyncio.Event()

    async def lose_the_answer(route: Route) -> None:
        tries.append(route.request.post_data)
        if len(tries) == 1:
            await route.fetch()  # the gateway has it
            first.set()
            await route.abort()  # and the page does not know
        else:
            await route.continue_()
        if len(tries) == 3:
            third.set()

    await bob.route("**/messages", lose_the_answer)
    async with ChatClient(site.url(cast.room_id)) as reader:
        await write(bob, "once")
        await asyncio.wait_for(first.wait(), 10)
        await write(bob, "end")
        await asyncio.wait_for(third.wait(), 10)
        assert tries[0] == tries[2]
        await write(bob, "after it")
        await reader.wait_for("message", text="after it")
        assert [text for _, text in reader.messages()] == ["once", "end", "after it"]


async def test_the_socket_is_taken_again_when_it_works(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis, blocked: Network
) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.clock.install()
    await page.route_web_socket(BLOCKED, blocked.carry)
    events: list[str] = []

    def note(request: Request, what: str) -> None:
        if "/events" in request.url:
            events.append(what)

    page.on("request", lambda request: note(request, "open"))
    page.on("requestfailed", lambda request: note(request, "closed"))
    await page.goto(f"{site.origin}/{cast.room_id}/")
    await _let_time_pass(page, 10, lambda: bool(events))
    await page.locator("[data-loading]").wait_for(state="detached")
    async with ChatClient(site.url(cast.room_id), token=cast.alice_token) as alice:
        await alice.said("one")
        await _let_time_pass(page, 1, lambda: True)
        await expect(page.locator(LOG)).to_have_count(1)
        await page.clock.fast_forward(60_000)
        await alice.said("two")
        await _let_time_pass(page, 1, lambda: True)
        await expect(page.locator(LOG)).to_have_count(2)
        assert events == ["open"]  # still blocked, and nothing was lost by trying
        blocked.up = True
        await page.clock.fast_forward(60_000)
        await _let_time_pass(page, 20, lambda: "closed" in events)
        assert events == ["open", "closed"]
        await alice.said("three")
        await _let_time_pass(page, 1, lambda: True)
        await expect(page.locator(".chat__text")).to_have_text(["one", "two", "three"])
        assert blocked.carried == 1


async def _let_time_pass(page: Page, seconds: int, until: Callable[[], bool]) -> None:
    """Time of the page, with real time for what it asks of the network."""
    for _ in range(10 * seconds):
        await page.clock.run_for(100)
        if until():
            return
        await page.wait_for_timeout(1)


async def test_a_page_that_had_a_socket_waits_for_it(
    browser: Browser, site: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    """What ends a connection that worked is no proxy: coming back to the room is what helps."""
    network = Network()
    page = await open_panel(browser, site, cast.room_id, None, network)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await network.cut()
    await expect(page.locator("[data-state]")).to_have_text("Reconnecting…")
    network.up = True
    await expect(page.locator("[data-state]")).to_have_text("")
    assert [url for url in asked if "/events" in url] == []


async def test_a_socket_that_opens_and_says_nothing_is_given_up(
    browser: Browser, site: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    page = await (await browser.new_context()).new_page()
    await page.route_web_socket(BLOCKED, lambda route: None)
    await page.goto(f"{site.origin}/{cast.room_id}/")
    async with ChatClient(site.url(cast.room_id), token=cast.alice_token) as alice:
        await alice.said("hello")
        await expect(page.locator(LOG)).to_have_count(1, timeout=20_000)


async def test_who_cannot_reach_the_room_at_all_comes_back_by_whatever_works_first(
    browser: Browser, site: GatewayProcess, cast: Cast, room_redis: redis.Redis, blocked: Network
) -> None:
    page = await (await browser.new_context()).new_page()
    await page.route_web_socket(BLOCKED, blocked.carry)
    await page.route("**/events?*", lambda route: route.abort())
    await page.goto(f"{site.origin}/{cast.room_id}/")
    await expect(page.locator("[data-state]")).to_have_text("Reconnecting…", timeout=10_000)
    blocked.up = True
    await expect(page.locator("[data-state]")).to_have_text("", timeout=30_000)
    await expect(page.locator("[data-empty]")).to_be_visible()
    assert blocked.carried == 1


async def test_a_foreign_page_learns_nothing_of_the_reader(
    site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    cookie = {"Cookie": f"sessionid={bob_session}"}
    url = f"{site.origin}/api/v1/chat/{cast.room_id}/events?hello=1"
    for origin, login in (({"Origin": "https://evil.example"}, None), ({"Origin": site.origin}, "bob"), ({}, "bob")):
        async with httpx.AsyncClient() as client, client.stream("GET", url, headers={**cookie, **origin}) as response:
            place, hello = await Stream(response).next_event()
            assert (place, hello["type"], hello["you"] and hello["you"]["login"]) == ("", "hello", login)
            assert "access-control-allow-origin" not in response.headers
