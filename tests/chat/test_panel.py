"""The chat panel in a real browser."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator

import pytest
import redis
from channels.db import database_sync_to_async
from django.conf import settings
from playwright.async_api import Browser, Page, WebSocketRoute, async_playwright, expect

from chat import redis_keys
from chat.core.events import Message, Person
from chat.core.roles import Role
from chat.models import Ban, RoomRole
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess, PrivateRedis
from tests.chat.xss_corpus import CALL, PAYLOADS

LOG = "[data-log] > .chat__message"


@pytest.fixture(scope="module")
def site(private_redis: PrivateRedis, django_db_setup: None) -> Iterator[GatewayProcess]:
    process = GatewayProcess(
        private_redis.url,
        application="tests.chat.panel_page:application",
        environment={"DJANGO_SETTINGS_MODULE": "tests.chat.panel_settings"},
    )
    yield process
    process.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        await browser.close()


class Network:
    """The way from the page to the gateway, which a test can cut."""

    def __init__(self) -> None:
        self.up = True
        self._sockets: list[WebSocketRoute] = []

    async def carry(self, route: WebSocketRoute) -> None:
        if not self.up:
            await route.close()
            return
        self._sockets.append(route)
        route.connect_to_server()

    async def cut(self) -> None:
        self.up = False
        for route in self._sockets:
            await route.close()


async def open_panel(
    browser: Browser, site: GatewayProcess, room_id: int, session: str | None = None, network: Network | None = None
) -> Page:
    context = await browser.new_context(viewport={"width": 390, "height": 700})
    if session:
        await context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site.origin}])
    page = await context.new_page()
    page.set_default_timeout(10_000)
    if network:
        await page.route_web_socket(re.compile("/api/v1/chat/"), network.carry)
    await page.goto(f"{site.origin}/{room_id}/")
    await page.locator("[data-loading]").wait_for(state="detached")
    return page


async def write(page: Page, text: str) -> None:
    await page.locator("[data-input]").fill(text)
    await page.locator("[data-input]").press("Enter")


async def test_bob_writes_and_charlie_reads(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    bob = await open_panel(browser, site, cast.room_id, bob_session)
    charlie = await open_panel(browser, site, cast.room_id)
    await expect(charlie.locator("[data-empty]")).to_be_visible()
    await expect(charlie.locator("[data-form]")).to_be_hidden()
    await expect(charlie.get_by_role("link", name="Sign in to chat")).to_be_visible()
    await write(bob, "hello @alice, see https://example.org/a.")
    for page in (charlie, bob):
        await expect(page.locator(LOG)).to_have_count(1)
        await expect(page.locator(LOG)).to_contain_text("bob: hello @alice, see https://example.org/a.")
        await expect(page.locator(".chat__message--pending")).to_have_count(0)
    link = charlie.locator(f"{LOG} a")
    await expect(link).to_have_attribute("href", "https://example.org/a")
    await expect(link).to_have_attribute("rel", "noopener ugc nofollow")
    await expect(charlie.locator("[data-empty]")).to_be_hidden()


async def test_a_refused_message_comes_back_with_a_countdown(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    bob = await open_panel(browser, site, cast.room_id, bob_session)
    for number in range(21):
        await write(bob, f"m{number}")
        await expect(bob.locator(".chat__message--pending")).to_have_count(0)
    await expect(bob.locator("[data-alert]")).to_have_text(re.compile(r"too quickly\. You can write again in \d+ s\."))
    await expect(bob.locator("[data-input]")).to_have_value("m20")
    await expect(bob.locator("[data-send]")).to_be_disabled()
    await expect(bob.locator(LOG)).to_have_count(20)


async def test_reading_back_is_not_disturbed(
    browser: Browser, site: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    page = await open_panel(browser, site, cast.room_id)
    async with ChatClient(site.url(cast.room_id), token=cast.alice_token) as alice:
        for number in range(60):
            await alice.said(f"line {number}")
        await expect(page.locator(LOG)).to_have_count(60)
        await page.locator("[data-scroll]").evaluate("element => { element.scrollTop = 100 }")
        await page.wait_for_function("!document.querySelector('[data-newer]').hidden")
        before = await page.locator("[data-scroll]").evaluate("element => element.scrollTop")
        for number in range(3):
            await alice.said(f"new {number}")
        await expect(page.locator("[data-newer]")).to_have_text("3 new messages")
        assert await page.locator("[data-scroll]").evaluate("element => element.scrollTop") == before
        await page.locator("[data-newer]").click()
        await expect(page.locator("[data-newer]")).to_be_hidden()
        await expect(page.locator(LOG).last).to_be_in_viewport()


async def test_the_list_is_bounded(browser: Browser, site: GatewayProcess, cast: Cast, room_redis: redis.Redis) -> None:
    page = await open_panel(browser, site, cast.room_id)
    await _publish(room_redis, cast, [f"line {number}" for number in range(700)], settle=page)
    await expect(page.locator(LOG).last).to_contain_text("line 699")
    assert await page.locator(LOG).count() == 300


async def test_a_lost_connection_is_shown_and_messages_wait(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    network = Network()
    bob = await open_panel(browser, site, cast.room_id, bob_session, network)
    await write(bob, "before")
    await expect(bob.locator(".chat__message--pending")).to_have_count(0)
    await network.cut()
    await write(bob, "while away")
    await expect(bob.locator("[data-state]")).to_have_text("Reconnecting…")
    async with ChatClient(site.url(cast.room_id), token=cast.alice_token) as alice:
        await alice.said("you missed this")
    network.up = True
    await expect(bob.locator("[data-state]")).to_have_text("")
    await expect(bob.locator(".chat__message--pending")).to_have_count(0)
    texts = await bob.locator(f"{LOG} .chat__text").all_text_contents()
    assert texts == ["before", "you missed this", "while away"]


async def test_no_payload_runs(browser: Browser, site: GatewayProcess, cast: Cast, room_redis: redis.Redis) -> None:
    assert len(PAYLOADS) >= 300
    page = await open_panel(browser, site, cast.room_id)
    requests: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    seen = 0
    for start in range(0, len(PAYLOADS), 50):
        chunk = PAYLOADS[start : start + 50]
        await _publish(room_redis, cast, chunk, as_name=True)
        seen = min(300, seen + 2 * len(chunk))
        await expect(page.locator(LOG)).to_have_count(seen)
        assert await page.evaluate("window.__ran") is None
    assert await page.locator("[data-log] :is(script, img, iframe, object, embed, form, style, input)").count() == 0
    hrefs = await page.locator("[data-log] a").evaluate_all("links => links.map(link => link.protocol)")
    assert set(hrefs) <= {"http:", "https:"}
    assert requests == []
    assert dialogs == []


async def test_the_page_under_test_would_run_a_payload(browser: Browser, site: GatewayProcess, cast: Cast) -> None:
    """Negative control: the same text as markup does run, so the test above could fail."""
    page = await open_panel(browser, site, cast.room_id)
    await page.evaluate("text => document.querySelector('[data-log]').innerHTML = text", f"<img src=x onerror={CALL}>")
    await page.wait_for_function("window.__ran === 1")


async def _publish(
    room: redis.Redis, cast: Cast, texts: list[str], *, as_name: bool = False, settle: Page | None = None
) -> None:
    """Straight into the room, past every rule: the panel has to be safe by itself."""
    for number, text in enumerate(texts):
        names = ["bob", text] if as_name else ["bob"]
        for name in names:
            seq = int(room.incr(redis_keys.room_sequence(cast.room_id)))
            user = Person(id=number, login=name, display_name=name, badges=(text,) if as_name else ())
            event = Message(id=f"id{seq}", sent_at=text, user=user, text=text, seq=seq).to_json()
            room.xadd(redis_keys.room_history(cast.room_id), {"e": event}, id=f"{seq}-0")
            room.publish(redis_keys.room_feed(cast.room_id), f"{seq}:{event}")
        if settle is not None and number % 100 == 99:
            await asyncio.sleep(0)


async def test_bob_times_charlie_out_on_the_page_and_takes_it_back(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    await database_sync_to_async(RoomRole.objects.create)(room_id=cast.room_id, user=cast.bob, role=Role.MODERATOR)
    bob = await open_panel(browser, site, cast.room_id, bob_session)
    async with ChatClient(site.url(cast.room_id), token=cast.charlie_token) as charlie:
        await charlie.said("rude words")
    await bob.get_by_role("button", name="charlie").click()
    await bob.get_by_role("button", name="Time out for 10 minutes").click()
    await expect(bob.locator(LOG)).to_contain_text("message removed")
    await expect(bob.locator(".chat__line")).to_contain_text("charlie cannot write for 10 minutes.")
    assert await database_sync_to_async(Ban.objects.in_force().exists)()
    await bob.get_by_role("button", name="Undo").click()
    await expect(bob.locator(".chat__line").last).to_contain_text("charlie can write again.")
    assert not await database_sync_to_async(Ban.objects.in_force().exists)()


async def test_the_card_offers_what_one_may_do_and_opens_by_keyboard(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    bob = await open_panel(browser, site, cast.room_id, bob_session)
    async with ChatClient(site.url(cast.room_id), token=cast.alice_token) as alice:
        await alice.said("welcome")
    await expect(bob.locator(LOG)).to_have_count(1)
    await bob.locator("[data-scroll]").focus()
    await bob.keyboard.press("ArrowUp")
    await bob.keyboard.press("Enter")
    card = bob.locator("[data-card]")
    await expect(card.get_by_role("button")).to_have_count(1)
    await expect(card.get_by_role("button", name="Mention")).to_be_focused()
    await bob.keyboard.press("Enter")
    await expect(bob.locator("[data-input]")).to_have_value("@alice ")


async def test_modes_are_told_and_a_banned_viewer_is_told_why(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    bob = await open_panel(browser, site, cast.room_id, bob_session)
    async with ChatClient(site.url(cast.room_id), token=cast.alice_token) as alice:
        await alice.said("/slow 30")
        await expect(bob.locator("[data-modes]")).to_have_text("Slow mode (30 seconds)")
        await alice.said("/slowoff")
        await expect(bob.locator("[data-modes]")).to_be_hidden()
        await alice.said("/ban bob")
    await expect(bob.locator("[data-alert]")).to_have_text("You are banned from this chat.")
    await expect(bob.locator("[data-input]")).to_be_disabled()
