"""A viewer's whole way by keyboard, where something plays: find a channel, watch, choose a quality, chat, follow."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import expect

from bench.browser import Browser, Frame
from bench.show import Show
from bench.stack import Person, Stack
from tests.end_to_end.signing_in import sign_in
from tests.look.keyboard import tab_to

FIRST_FRAME_SECONDS = 20
WAIT_MS = 15_000
MENU_ITEMS_MAX = 9


def lines_of(lines: int) -> Callable[[Frame], bool]:
    return lambda frame: frame.number is not None and frame.lines == lines


def test_charlie_finds_watches_chats_and_follows(stack: Stack, show: Show, browser: Browser, charlie: Person) -> None:
    viewer = browser.new_viewer()
    sign_in(stack, viewer, charlie)
    page = viewer.page
    viewer.open(stack.url)
    tab_to(page, f"a[href='/{show.streamer.login}']")
    page.keyboard.press("Enter")
    page.wait_for_url(show.page)
    viewer.wait_for_frame(lines_of(720), seconds=FIRST_FRAME_SECONDS)

    tab_to(page, "[data-settings]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name=re.compile("^Quality"))).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(MENU_ITEMS_MAX):
        if page.evaluate("document.activeElement.textContent.startsWith('480p')"):
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    viewer.wait_for_frame(lines_of(480), since=time.time(), seconds=FIRST_FRAME_SECONDS)
    expect(page.locator("[data-settings]")).to_be_focused()  # where he came from

    tab_to(page, "[data-follow] button")
    page.keyboard.press("Enter")
    expect(page.locator("[data-follow]")).to_have_attribute("data-following", "true", timeout=WAIT_MS)

    tab_to(page, "[data-chat] [data-input]")
    page.keyboard.type("I came without a mouse")
    page.keyboard.press("Enter")
    expect(page.locator("[data-log]")).to_contain_text("I came without a mouse", timeout=WAIT_MS)
    assert viewer.errors == []
