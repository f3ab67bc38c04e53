"""A raid as viewers and streamer see it, from the first word to the arrival; and a channel that hosts another."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.async_api import Browser, Page, async_playwright, expect

from accounts.models import User
from bench.browser import CHROMIUM
from chat import redis_keys
from chat.redis_connections import redis_client
from streaming.models import Channel, Raid
from streaming.raids.arrivals import count_arrived
from streaming.raids.hosting import choose_hosts, update_audience
from streaming.raids.services import advance_raids
from tests.chat.gateway_process import GatewayProcess
from tests.streaming.raids.test_services import go_live

pytestmark = pytest.mark.django_db(transaction=True)
AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
PLAYS = "document.querySelector('video').dispatchEvent(new Event('playing'))"


@pytest.fixture
def site(transactional_db: None, empty_redis: object) -> Iterator[GatewayProcess]:
    environment = {"DJANGO_SETTINGS_MODULE": "tests.pages.page_settings"}
    process = GatewayProcess(
        settings.REDIS_URL,
        "--ws",
        "websockets",
        application="tests.pages.page_site:application",
        environment=environment,
    )
    yield process
    process.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture(autouse=True)
def _no_encoder_to_drop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.broadcast_services.drop_publisher", lambda **_: None)


@pytest.fixture
def alices(alice: User) -> Channel:
    return Channel.objects.get(owner=alice)


@pytest.fixture
def bobs(bob: User) -> Channel:
    return Channel.objects.get_or_create(owner=bob)[0]


async def open_page(
    browser: Browser, site: GatewayProcess, path: str, user: User | None = None, **options: Any
) -> Page:
    context = await browser.new_context(**options)
    if user is not None:
        signed_in = Client()
        await database_sync_to_async(signed_in.force_login)(user)
        value = signed_in.cookies[settings.SESSION_COOKIE_NAME].value
        await context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": site.origin}])
    page = await context.new_page()
    page.set_default_timeout(15_000)
    await page.goto(f"{site.origin}{path}")
    await page.wait_for_load_state()
    return page


async def serious_findings(page: Page) -> list[Any]:
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run()")
    return [
        (one["id"], one["nodes"][0]["html"]) for one in found["violations"] if one["impact"] in {"serious", "critical"}
    ]


async def until(condition: Any, what: str) -> None:
    for _ in range(300):
        if await database_sync_to_async(condition)():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"Waited for {what}.")


async def watches(page: Page, bound_for: Channel) -> None:
    """It plays, as far as the page can tell, and the site has heard of it."""
    before = await database_sync_to_async(present)(bound_for)
    await page.evaluate(PLAYS)
    await until(lambda: present(bound_for) > before, "the viewer to be noted")


def present(channel: Channel) -> int:
    from streaming.redis_keys import viewers

    broadcast = channel.broadcasts.open().first()
    return int(redis_client().zcard(viewers(broadcast.public_id))) if broadcast else 0


def later(seconds: float) -> Any:
    return timezone.now() + timedelta(seconds=seconds)


async def test_raid_takes_along_who_watches_and_leaves_who_stays(
    browser: Browser, site: GatewayProcess, alices: Channel, bobs: Channel, alice: User, charlie: User
) -> None:
    await database_sync_to_async(go_live)(alices)
    await database_sync_to_async(go_live)(bobs)
    dashboard = await open_page(browser, site, "/dashboard/", alice)
    goes = await open_page(browser, site, "/alice", charlie, viewport={"width": 390, "height": 844})
    stays = await open_page(browser, site, "/alice")
    for page in (goes, stays):
        await watches(page, alices)

    await dashboard.get_by_label("Channel", exact=True).fill("bob")
    await dashboard.get_by_role("button", name="Raid", exact=True).click()
    await expect(dashboard.locator("[data-raid-running]")).to_contain_text("Your viewers go to bob in")
    for page in (goes, stays):
        banner = page.get_by_role("complementary", name="Raid")
        await expect(banner).to_contain_text("alice raids bob: everyone goes there in")
        await expect(page.locator("[data-raid-said]")).to_contain_text("you go to bob")
    assert await serious_findings(stays) == []
    await stays.get_by_role("button", name="Stay here").click()
    await expect(stays.get_by_role("complementary", name="Raid")).to_be_hidden()

    await dashboard.get_by_role("button", name="Raid now").click()
    await until(lambda: present(alices) == 1, "the raider to be counted here no more")
    await goes.wait_for_url(f"{site.origin}/bob**")
    await expect(goes.get_by_role("heading", level=1)).to_have_text("bob")
    raid = await Raid.objects.aget()
    await until(lambda: count_arrived(raid_id=raid.pk, target_id=bobs.pk) == 1, "the arrival")
    assert goes.url == f"{site.origin}/bob"  # a reload is no second arrival
    await database_sync_to_async(advance_raids)(later(30))
    entries: Any = redis_client().xrange(redis_keys.room_history(bobs.pk))
    (told,) = [json.loads(entry["e"]) for _, entry in entries]
    assert (told["type"], told["viewers"]) == ("raided", 1)
    assert stays.url == f"{site.origin}/alice"
    await expect(dashboard.locator("[data-raid-start]")).to_be_visible()


async def test_cancelled_raid_moves_nobody_and_says_so(
    browser: Browser, site: GatewayProcess, alices: Channel, bobs: Channel, alice: User
) -> None:
    await database_sync_to_async(go_live)(alices)
    await database_sync_to_async(go_live)(bobs)
    dashboard = await open_page(browser, site, "/dashboard/", alice)
    viewer = await open_page(browser, site, "/alice", reduced_motion="reduce")
    await watches(viewer, alices)
    await dashboard.get_by_label("Channel", exact=True).fill("nobody")
    await dashboard.get_by_role("button", name="Raid", exact=True).click()
    await expect(dashboard.get_by_text("There is no channel called nobody.")).to_be_visible()
    await dashboard.get_by_label("Channel", exact=True).fill("bob")
    await dashboard.keyboard.press("Enter")
    await expect(viewer.get_by_role("complementary", name="Raid")).to_be_visible()
    await dashboard.get_by_role("button", name="Cancel").click()
    await expect(viewer.get_by_role("complementary", name="Raid")).to_be_hidden()
    await expect(viewer.locator("[data-raid-said]")).to_have_text("The raid is cancelled. You stay here.")
    assert viewer.url == f"{site.origin}/alice"


async def test_offline_page_shows_and_counts_whom_it_hosts(
    browser: Browser, site: GatewayProcess, alices: Channel, bobs: Channel, alice: User
) -> None:
    await database_sync_to_async(update_audience)(channel=alices, actor=alice, hosts=["bob"])
    page = await open_page(browser, site, "/alice")
    await expect(page.locator("[data-hosting]")).to_be_hidden()
    await database_sync_to_async(go_live)(bobs)
    await database_sync_to_async(choose_hosts)()
    await expect(page.locator("[data-hosting]")).to_contain_text("alice is offline and hosts bob")
    await expect(page.locator("#player")).to_have_attribute("data-playback-api", "/api/v1/streams/bob/playback")
    await watches(page, bobs)
    assert await serious_findings(page) == []
    await database_sync_to_async(go_live)(alices)
    await expect(page.locator("[data-hosting]")).to_be_hidden()
    await expect(page.locator("#player")).to_have_attribute("data-playback-api", "/api/v1/streams/alice/playback")
    await until(lambda: present(bobs) == 0, "the viewer to be the host's again")
