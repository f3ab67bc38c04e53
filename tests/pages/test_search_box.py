"""The search box of the header in a real browser, by keyboard."""

# ruff: noqa: F401, F811  fixtures of another file
import pytest
from playwright.async_api import Browser, expect

from accounts.models import User
from accounts.services import create_user
from streaming.discovery.search_index import index_all_channels, index_categories
from streaming.models import Broadcast, Category, Channel
from streaming.services import follow_channel, update_channel
from tests.chat.gateway_process import GatewayProcess
from tests.pages.test_raid_pages import browser, open_page, site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crowd(alice: User, bob: User, charlie: User) -> None:
    """Alice and Bob in Chess and some others are on air; Charlie follows Alice."""
    Category.objects.get_or_create(name="Chess", slug="chess")
    chess = Category.objects.get(slug="chess")
    people = [alice, bob, *(create_user(login=f"streamer{number}") for number in range(6))]
    for number, user in enumerate(people):
        update_channel(channel=user.channel, title=f"Game {number} of the long night", category=chess, tags=["Blitz"])
        Channel.objects.filter(owner=user).update(is_live=True, viewer_count=number * 90, last_live_at=user.created_at)
        Broadcast.objects.create(
            channel=user.channel, category=chess, title="Game of the night", state="live", started_at=user.created_at
        )
    Category.objects.filter(pk=chess.pk).update(live_count=8, viewer_count=2520)
    follow_channel(user=charlie, channel=alice.channel)
    index_all_channels()
    index_categories()


async def test_the_search_box_is_a_combobox(site: GatewayProcess, browser: Browser, crowd: None) -> None:
    page = await open_page(browser, site, "/browse")
    box = page.get_by_role("combobox", name="Search channels")
    await page.keyboard.press("/")
    await expect(box).to_be_focused()
    await expect(box).to_have_attribute("aria-expanded", "false")

    await page.keyboard.type("stre")
    await expect(box).to_have_attribute("aria-expanded", "true")
    first = page.get_by_role("option").first
    await expect(first).to_contain_text("streamer5")  # most viewers
    await expect(first).to_contain_text("LIVE")

    await page.keyboard.press("ArrowDown")
    await expect(first).to_have_attribute("aria-selected", "true")
    await expect(box).to_have_attribute("aria-activedescendant", str(await first.get_attribute("id")))
    await page.keyboard.press("ArrowUp")
    await expect(first).to_have_attribute("aria-selected", "false")
    await page.keyboard.press("Escape")
    await expect(box).to_have_attribute("aria-expanded", "false")

    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/streamer5")


async def test_what_was_typed_is_searched_without_a_suggestion(
    site: GatewayProcess,
    browser: Browser,
    crowd: None,
) -> None:
    page = await open_page(browser, site, "/", java_script_enabled=False)
    await page.get_by_label("Search channels, categories").fill("alice")
    await page.get_by_role("button", name="Search").click()
    await page.wait_for_url("**/search?q=alice")
    await expect(page.get_by_role("heading", name="Channels", exact=True)).to_be_visible()


async def test_not_interested_can_be_undone_in_the_page(
    site: GatewayProcess,
    browser: Browser,
    crowd: None,
    charlie: User,
) -> None:
    page = await open_page(browser, site, "/", charlie)
    card = page.locator("[data-recommended]").first
    hide = card.get_by_role("button", name="Not interested in")
    name = str(await hide.get_attribute("aria-label")).removeprefix("Not interested in ")
    await hide.click()
    await expect(page.get_by_text(f"{name} is not recommended to you any more.")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(card).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("button", name=f"Not interested in {name}")).to_be_visible()
