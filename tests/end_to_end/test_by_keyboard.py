"""A viewer's whole way by keyboard alone: find a channel, watch, choose a quality, chat, follow; focus always seen."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from bench.browser import Browser, Frame
from bench.show import Show
from bench.stack import Person, Stack
from tests.end_to_end.signing_in import sign_in
from tests.look.walk import FOCUS

TABS_MAX = 150  # a front page with a full rail has about a hundred
FIRST_FRAME_SECONDS = 20
WAIT_MS = 15_000


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus. On the way every focus is seen, and none is behind anything."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        assert found is None or found["wrong"] == [], found
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{TABS_MAX} times Tab do not lead to {selector}")


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
    for _ in range(9):
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


def test_a_question_mark_lists_the_shortcuts_on_every_page(
    stack: Stack, browser: Browser, charlie: Person, alice: Person
) -> None:
    viewer = browser.new_viewer()
    sign_in(stack, viewer, charlie)
    page = viewer.page
    dialog = page.locator("#shortcuts")
    for path in ("/", "/about", f"/{alice.login}", "/dashboard/"):
        viewer.open(stack.url + path)
        page.wait_for_load_state("load")
        page.keyboard.press("?")
        expect(dialog).to_be_visible(timeout=WAIT_MS)
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
    viewer.open(stack.url)
    page.wait_for_load_state("load")
    page.keyboard.press("?")
    dialog.locator("[data-shortcuts-switch]").focus()
    page.keyboard.press("Space")  # off, as WCAG 2.1.4 wants to be possible
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
