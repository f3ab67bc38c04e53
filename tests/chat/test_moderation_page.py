"""The moderators' pages in a real browser, with the room behind them."""

import asyncio
import re

import redis
from channels.db import database_sync_to_async
from django.conf import settings
from playwright.async_api import Browser, Page, Route, expect

from chat.core.roles import Role
from chat.models import Ban, HeldMessage, RoomRole
from chat.room_log import store_room_logs
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess
from tests.chat.test_panel import Network

SPAM = "Buy followers and viewers cheap at https://getfamous.example"
# Machines are slow as well: a colour on its way from one theme to the other reads badly.
COLOURS_HAVE_CHANGED = """Promise.allSettled(document.getAnimations()
    .filter((one) => one instanceof CSSTransition).map((one) => one.finished))"""
AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
PATH = "/dashboard/moderation/alice/"
ROWS = "[data-held-list] > li"


async def open_page(
    browser: Browser,
    site: GatewayProcess,
    session: str,
    path: str = "",
    *,
    script: bool = True,
    network: Network | None = None,
) -> Page:
    context = await browser.new_context(java_script_enabled=script)
    await context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site.origin}])
    page = await context.new_page()
    page.set_default_timeout(10_000)
    if network:
        await page.route_web_socket(re.compile("/api/v1/chat/"), network.carry)
    await page.goto(f"{site.origin}{PATH}{path}")
    return page


async def make_bob_a_moderator(cast: Cast) -> None:
    await database_sync_to_async(RoomRole.objects.create)(room_id=cast.room_id, user=cast.bob, role=Role.MODERATOR)


async def test_bob_decides_by_keyboard_what_waits(
    browser: Browser, whole_site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    await make_bob_a_moderator(cast)
    page = await open_page(browser, whole_site, bob_session)
    await expect(page.locator("[data-held-empty]")).to_be_visible()
    url = whole_site.url(cast.room_id)
    async with ChatClient(url, token=cast.alice_token) as alice, ChatClient(url, token=cast.charlie_token) as charlie:
        await alice.said("/automod 1")
        for number in range(3):
            assert (await charlie.said(f"{SPAM}/{number}"))["rule"] == "held"
        await expect(page.locator(ROWS)).to_have_count(3)
        await expect(page.locator("[data-waiting]")).to_have_text("3")
        await page.get_by_role("button", name="Let through").first.focus()
        await page.keyboard.press("Enter")
        assert (await charlie.wait_for("message"))["text"] == f"{SPAM}/0"
        await expect(page.locator(ROWS)).to_have_count(2)
        await expect(page.get_by_role("button", name="Let through").first).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator(ROWS)).to_have_count(1)
        await expect(page.locator("[data-text]")).to_have_text(f"{SPAM}/2")
        waiting = await page.locator(ROWS).get_attribute("data-held")
        assert (await alice.said(f"/deny {waiting}"))["type"] == "done"  # another moderator was first
        await expect(page.locator("[data-held-empty]")).to_be_visible()
        await expect(page.locator("#held-title")).to_be_focused()  # what had the focus is gone
    decided = await database_sync_to_async(list)(HeldMessage.objects.order_by("pk").values_list("approved", flat=True))
    assert decided == [True, False, False]


async def test_what_comes_while_the_list_is_read_stays_in_it(
    browser: Browser, whole_site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    await make_bob_a_moderator(cast)
    page = await open_page(browser, whole_site, bob_session)
    asked, told = asyncio.Event(), asyncio.Event()

    async def answer_late(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await told.wait()
        await route.fulfill(response=answer)

    url = whole_site.url(cast.room_id)
    async with ChatClient(url, token=cast.alice_token) as alice, ChatClient(url, token=cast.charlie_token) as charlie:
        await alice.said("/automod 1")
        await page.route(re.compile(r"/held\?limit="), answer_late)
        await page.reload()
        await asked.wait()
        assert (await charlie.said(SPAM))["rule"] == "held"
        await expect(page.locator(ROWS)).to_have_count(1)
        async with page.expect_response(re.compile(r"/held\?limit=")):
            told.set()
        await page.evaluate("new Promise((done) => setTimeout(done, 100))")  # it has been read
        await expect(page.locator(ROWS)).to_have_count(1)


async def test_what_waits_is_seen_and_decided_without_a_script(
    browser: Browser, whole_site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    await make_bob_a_moderator(cast)
    url = whole_site.url(cast.room_id)
    async with ChatClient(url, token=cast.alice_token) as alice, ChatClient(url, token=cast.charlie_token) as charlie:
        await alice.said("/automod 1")
        await charlie.said(SPAM)
        page = await open_page(browser, whole_site, bob_session, script=False)
        await expect(page.locator(ROWS)).to_contain_text(SPAM)
        await page.get_by_role("button", name="Let through").click()
        await expect(page.get_by_text("The message was let through.")).to_be_visible()
        assert (await charlie.wait_for("message"))["text"] == SPAM
        await database_sync_to_async(store_room_logs)(redis=room_redis)
        await page.get_by_role("link", name="Messages").click()
        await page.get_by_label("Text").fill("FOLLOWERS")
        await page.get_by_role("search", name="Search messages").get_by_role("button").click()
        await expect(page.locator(".moderation__text")).to_have_text(SPAM)
        await page.get_by_role("button", name="Remove this message of charlie").click()
        await expect(page.get_by_text("The message is removed.")).to_be_visible()
        await expect(page.locator(".moderation__row .badge")).to_have_text("Removed")
        await expect(page.get_by_label("Text")).to_have_value("FOLLOWERS")
        assert (await charlie.wait_for("message_removed"))["login"] == "charlie"


async def test_what_waits_is_told_where_sockets_are_blocked(
    browser: Browser, whole_site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    await make_bob_a_moderator(cast)
    blocked = Network()
    blocked.up = False
    page = await open_page(browser, whole_site, bob_session, network=blocked)
    url = whole_site.url(cast.room_id)
    async with ChatClient(url, token=cast.alice_token) as alice, ChatClient(url, token=cast.charlie_token) as charlie:
        await alice.said("/automod 1")
        await charlie.said(SPAM)
        await expect(page.locator(ROWS)).to_contain_text(SPAM)
        await page.get_by_role("button", name="Do not show").click()
        await expect(page.locator(ROWS)).to_have_count(0)


async def test_a_ban_is_lifted_on_the_page_and_a_new_one_is_told(
    browser: Browser, whole_site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    await make_bob_a_moderator(cast)
    async with ChatClient(whole_site.url(cast.room_id), token=cast.alice_token) as alice:
        await alice.said("/timeout charlie 600 rude")
        page = await open_page(browser, whole_site, bob_session, "bans")
        await expect(page.locator(".moderation__row")).to_contain_text("rude")
        await page.get_by_role("button", name=re.compile("Let write again.*charlie")).click()
        await expect(page.get_by_text("charlie can write again.")).to_be_visible()
        await expect(page.locator(".moderation__row")).to_have_count(0)
        assert not await database_sync_to_async(Ban.objects.in_force().exists)()
        await alice.said("/timeout charlie 60")
        await page.get_by_role("link", name="Show it").click()
        await expect(page.locator(".moderation__row")).to_have_count(1)
        await expect(page.locator("[data-state]")).to_be_hidden()


async def test_an_act_that_is_refused_says_why(
    browser: Browser, whole_site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    await make_bob_a_moderator(cast)
    async with ChatClient(whole_site.url(cast.room_id), token=cast.alice_token) as alice:
        await alice.said("I am the broadcaster")
    await database_sync_to_async(store_room_logs)(redis=room_redis)
    page = await open_page(browser, whole_site, bob_session, "log")
    await page.get_by_role("button", name="Remove this message of alice").click()
    await expect(page.locator(".toast--error")).to_contain_text("cannot be moderated by you")
    await expect(page.locator(".moderation__text--removed")).to_have_count(0)


async def test_the_pages_can_be_used_by_everyone(
    browser: Browser, whole_site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    """No serious finding of axe, in both themes, on a phone as well; nothing wider than the window."""
    await make_bob_a_moderator(cast)
    url = whole_site.url(cast.room_id)
    async with ChatClient(url, token=cast.alice_token) as alice, ChatClient(url, token=cast.charlie_token) as charlie:
        await charlie.said("hello")
        await alice.said("/automod 1")
        await charlie.said(SPAM)
        await alice.said("/timeout charlie 600 rude")
    await database_sync_to_async(store_room_logs)(redis=room_redis)
    for path in ("", "log", "log?q=nothing", "log?since=x", "bans", "acts"):
        page = await open_page(browser, whole_site, bob_session, path)
        await page.add_script_tag(path=AXE)
        for width, theme in ((1280, "dark"), (390, "light"), (390, "dark")):
            await page.set_viewport_size({"width": width, "height": 800})
            await page.emulate_media(reduced_motion="reduce")
            await page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            await page.evaluate(COLOURS_HAVE_CHANGED)
            found = await page.evaluate("axe.run().then(({ violations }) => violations)")
            assert [one for one in found if one["impact"] in {"serious", "critical"}] == [], (path, width, theme)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
        await page.context.close()
