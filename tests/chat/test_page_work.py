"""What a new message makes the whole watch page do: little, however many stand above it. In a real browser."""

import asyncio

import pytest
import redis
from playwright.async_api import Browser, Page, expect

from tests.chat.chat_client import ChatClient
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess
from tests.chat.test_panel import LOG, _publish

KEPT = 300
SAID = 5
TRACED_SECONDS = 20
# Whatever is put into the list might change what this matches, so every message is looked at again.
COSTLY_RULE = ".chat__scroll:has(.chat__tools:not([hidden])) .chat__time { opacity: 0; }"


async def restyled(browser: Browser, page: Page, alice: ChatClient, text: str) -> int:
    """Most elements whose style the browser works out for one message of several."""
    session = await browser.new_browser_cdp_session()
    counts: list[int] = []
    ended = asyncio.Event()

    def collect(data: dict[str, list[dict[str, object]]]) -> None:
        for event in data["value"]:
            arguments = event["args"]
            assert isinstance(arguments, dict)
            if event["name"] == "UpdateLayoutTree" and "elementCount" in arguments:
                counts.append(int(arguments["elementCount"]))

    session.on("Tracing.dataCollected", collect)
    session.on("Tracing.tracingComplete", lambda _: ended.set())
    categories = {"includedCategories": ["devtools.timeline"]}
    await session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": categories})
    for number in range(SAID):
        await alice.said(f"{text} {number}")
        await expect(page.locator(LOG).last).to_contain_text(f"{text} {number}")
    await session.send("Tracing.end")
    async with asyncio.timeout(TRACED_SECONDS):
        await ended.wait()
    assert len(counts) >= SAID
    return max(counts)


@pytest.mark.parametrize("width", [1280, 390])
async def test_a_message_restyles_no_other(
    width: int, browser: Browser, whole_site: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    page = await browser.new_page(viewport={"width": width, "height": 800})
    await page.goto(f"{whole_site.origin}/alice")
    await page.locator("[data-chat] [data-loading]").wait_for(state="detached")
    await _publish(room_redis, cast, [f"line {number}" for number in range(KEPT)], settle=page)
    await expect(page.locator(LOG)).to_have_count(KEPT)
    async with ChatClient(whole_site.url(cast.room_id), token=cast.alice_token) as alice:
        assert await restyled(browser, page, alice, "light") < KEPT / 4
        await page.evaluate(
            """rule => {
              const sheet = new CSSStyleSheet();
              sheet.replaceSync(rule);
              document.adoptedStyleSheets = [sheet];
            }""",
            COSTLY_RULE,
        )
        assert await restyled(browser, page, alice, "costly") > KEPT
