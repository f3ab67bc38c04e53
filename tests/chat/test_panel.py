"""The chat panel in a real browser."""

import asyncio
import re

import redis
from channels.db import database_sync_to_async
from django.conf import settings
from playwright.async_api import Browser, Page, WebSocketRoute, expect

from chat import redis_keys
from chat.core.emotes import EmoteUse
from chat.core.events import Message, Person, Pin, PinChanged, PollChanged, PollState, Quote, RoomEvent
from chat.core.roles import Role
from chat.models import Ban, Emote, RoomRole
from chat.picture_store import store_emote_picture
from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess
from tests.chat.xss_corpus import CALL, PAYLOADS
from tests.common import sample_pictures

LOG = "[data-log] > .chat__message"
FOREIGN = ":is(script, img, iframe, object, embed, form, style, input)"


class Network:
    """The way from the page to the gateway, which a test can cut."""

    def __init__(self) -> None:
        self.up = True
        self.carried = 0
        self._sockets: list[WebSocketRoute] = []

    async def carry(self, route: WebSocketRoute) -> None:
        if not self.up:
            await route.close()
            return
        self.carried += 1
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


async def test_bob_picks_an_emote_by_keyboard_and_charlie_sees_it(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    stored = await database_sync_to_async(store_emote_picture)(sample_pictures.still())
    emote = Emote(room_id=cast.room_id, code="aliceHype", picture=stored.name)
    await database_sync_to_async(emote.save)()
    bob = await open_panel(browser, site, cast.room_id, bob_session)
    charlie = await open_panel(browser, site, cast.room_id)
    await write(bob, "plain")
    await _pick_and_complete(bob)
    await bob.keyboard.press("Enter")
    for page in (bob, charlie):
        await expect(page.locator(f"{LOG} img")).to_have_count(3)
        image = page.locator(f"{LOG} img").first
        await expect(image).to_have_attribute("alt", "aliceHype")
        shown = "image => image.complete && image.naturalWidth > 0"
        await page.wait_for_function(shown, arg=await image.element_handle())
    sizes = await charlie.locator(f"{LOG} img").evaluate_all("images => images.map((one) => [one.width, one.height])")
    assert sizes == [[28, 28]] * 3  # as their attributes say, so they had their place before they came
    await _publish(room_redis, cast, ["aliceGone here"], emotes=(EmoteUse("0" * 24, 0, 8),))
    await expect(charlie.locator(LOG).last).to_contain_text("aliceGone here")  # a missing picture is its code
    assert await charlie.locator(f"{LOG} img").count() == 3


async def _pick_and_complete(bob: Page) -> None:
    """With the keyboard alone, but for opening the picker."""
    await bob.get_by_role("button", name="Emotes").click()
    search = bob.get_by_role("searchbox", name="Search emotes")
    await expect(search).to_be_focused()
    await search.fill("nothing like that")
    await expect(bob.get_by_text("No emote is called that.")).to_be_visible()
    await search.fill("hyp")
    await search.press("ArrowDown")
    await expect(bob.get_by_role("button", name="aliceHype")).to_be_focused()
    await bob.keyboard.press("Enter")
    await expect(bob.locator("[data-input]")).to_have_value("aliceHype ")
    await expect(bob.locator("[data-input]")).to_be_focused()
    await bob.keyboard.type("look :HY")
    await expect(bob.get_by_role("option", name="aliceHype")).to_be_visible()
    await bob.keyboard.press("Tab")
    await expect(bob.locator("[data-input]")).to_have_value("aliceHype look aliceHype ")
    await bob.keyboard.type("alic")
    await bob.keyboard.press("Tab")
    await expect(bob.locator("[data-input]")).to_have_value("aliceHype look aliceHype aliceHype ")


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


async def test_a_room_too_fast_to_be_shown_whole_says_so(
    browser: Browser, site: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    page = await open_panel(browser, site, cast.room_id)
    line = page.locator(".chat__sampled[role=status]")
    await expect(line).to_have_count(1)
    await expect(line).to_have_text("")
    feed = redis_keys.room_feed(cast.room_id)
    room_redis.publish(feed, '0:{"type":"sampled","active":true,"per_second":20}')
    await expect(line).to_have_text("Chat is very fast: showing some of the messages.")
    room_redis.publish(feed, '0:{"type":"sampled","active":false,"per_second":20}')
    await expect(line).to_have_text("")


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
    mine = await page.locator(f"[data-chat] {FOREIGN}").count()
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
    await page.locator("[data-quote]").last.click()
    await expect(page.locator("[data-thread-list] .chat__message")).not_to_have_count(0)
    await page.keyboard.press("Escape")
    await _publish_above(room_redis, cast, PAYLOADS)
    await expect(page.locator("[data-pin] .chat__text")).to_have_text(PAYLOADS[-1])
    await expect(page.locator("[data-poll-question]")).to_have_text(PAYLOADS[-1])
    assert await page.evaluate("window.__ran") is None
    assert await page.locator(f"[data-chat] {FOREIGN}").count() == mine
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
    room: redis.Redis,
    cast: Cast,
    texts: list[str],
    *,
    as_name: bool = False,
    settle: Page | None = None,
    emotes: tuple[EmoteUse, ...] = (),
) -> None:
    """Straight into the room, past every rule: the panel has to be safe by itself."""
    for number, text in enumerate(texts):
        names = ["bob", text] if as_name else ["bob"]
        for name in names:
            seq = int(room.incr(redis_keys.room_sequence(cast.room_id)))
            user = Person(id=number, login=name, display_name=name, badges=(text,) if as_name else ())
            reply = Quote(text, number, text, text, text, text, text) if as_name else None
            announced = text if as_name else ""
            said = Message(f"id{seq}", text, user, text, emotes=emotes, reply=reply, announcement=announced, seq=seq)
            _put(room, cast, seq, said.to_json())
        if settle is not None and number % 100 == 99:
            await asyncio.sleep(0)


async def _publish_above(room: redis.Redis, cast: Cast, texts: list[str]) -> None:
    """The same as pins and polls."""
    for number, text in enumerate(texts):
        user = {"id": number, "login": text, "display_name": text, "badges": [text]}
        pin = Pin({"id": text, "user": user, "text": text, "sent_at": text}, by=text, until=None)
        poll = PollState(number, text, (text, text), (0, 0), "2100-01-01T00:00:00Z")
        events: list[RoomEvent] = [PinChanged(pin), PollChanged(poll)]
        for event in events:
            seq = int(room.incr(redis_keys.room_sequence(cast.room_id)))
            head, tail = event.around_seq()
            _put(room, cast, seq, f"{head}{seq}{tail}")


def _put(room: redis.Redis, cast: Cast, seq: int, event: str) -> None:
    room.xadd(redis_keys.room_history(cast.room_id), {"e": event}, id=f"{seq}-0")
    room.publish(redis_keys.room_feed(cast.room_id), f"{seq}:{event}")


async def test_bob_times_charlie_out_on_the_page_and_takes_it_back(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    await database_sync_to_async(RoomRole.objects.create)(room_id=cast.room_id, user=cast.bob, role=Role.MODERATOR)
    bob = await open_panel(browser, site, cast.room_id, bob_session)
    async with ChatClient(site.url(cast.room_id), token=cast.charlie_token) as charlie:
        await charlie.said("rude words")
    await bob.get_by_role("button", name="charlie").click()
    await bob.locator("[data-card]").get_by_role("button", name="Time out for 10 minutes").click()
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
    message_id = await bob.locator(LOG).get_attribute("data-id")
    await bob.locator("[data-scroll]").focus()
    await bob.keyboard.press("ArrowUp")
    await bob.keyboard.press("Enter")
    card = bob.locator("[data-card]")
    await expect(card.get_by_role("button")).to_have_text(["Reply", "Mention"])
    report = card.get_by_role("link", name="Report message")
    await expect(report).to_have_attribute("href", f"/report/message/alice:{message_id}")
    await expect(card.get_by_role("button", name="Reply")).to_be_focused()
    await bob.keyboard.press("Tab")
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


async def test_bob_answers_pins_and_asks_and_charlie_sees_it(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    await database_sync_to_async(RoomRole.objects.create)(room_id=cast.room_id, user=cast.bob, role=Role.MODERATOR)
    bob, reader = [await open_panel(browser, site, cast.room_id, session) for session in (bob_session, None)]
    async with ChatClient(site.url(cast.room_id), token=cast.charlie_token) as charlie:
        await charlie.said("what is this game?")
        await bob.locator(LOG).hover(position={"x": 20, "y": 8})
        await bob.get_by_role("button", name="Reply", exact=True).click()
        await expect(bob.locator("[data-reply-text]")).to_have_text("Replying to @charlie: what is this game?")
        await write(bob, "chess")
        await expect(bob.locator(".chat__message--pending")).to_have_count(0)
        await reader.get_by_role("button", name="@charlie: what is this game?").click()
        await expect(reader.locator("[data-thread-list] .chat__text")).to_have_text(["what is this game?", "chess"])
        await reader.keyboard.press("Escape")
        await bob.locator(LOG).first.hover(position={"x": 20, "y": 8})
        await bob.get_by_role("button", name="Pin message", exact=True).click()
        await expect(reader.locator("[data-pin]")).to_contain_text("Pinned by bob")
        await write(bob, "/poll 1m Who wins? | White | Black")
        await bob.locator("[data-poll]").get_by_role("button", name="White").click()
        await expect(reader.locator("[data-choice='1']")).to_have_text("White100 % (1)")
        await expect(reader.locator("[data-choice='1']")).to_be_disabled()
        await expect(bob.locator("[data-poll-total]")).to_have_text("1 vote, yours among them")
        later = await open_panel(browser, site, cast.room_id)
        await expect(later.locator("[data-poll-total]")).to_have_text("1 vote")
        await expect(later.locator("[data-pin] .chat__text")).to_have_text("what is this game?")
        await bob.get_by_role("button", name="End poll").click()
        await expect(reader.locator("[data-poll-left]")).to_have_text("Result")
        await bob.get_by_role("button", name="Unpin").click()
        await expect(reader.locator("[data-pin]")).to_be_hidden()


async def test_a_name_is_completed(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    bob = await open_panel(browser, site, cast.room_id, bob_session)
    async with ChatClient(site.url(cast.room_id), token=cast.charlie_token) as charlie:
        await charlie.said("hello")
    await expect(bob.locator(LOG)).to_have_count(1)
    await bob.locator("[data-input]").press_sequentially("hi @ch")
    await expect(bob.get_by_role("option")).to_have_text(["charlie"])
    await bob.keyboard.press("Enter")
    await expect(bob.locator("[data-input]")).to_have_value("hi @charlie ")
    await bob.keyboard.press("Enter")
    await expect(bob.locator(LOG).last).to_contain_text("hi @charlie")
