"""A viewer's way by keyboard alone: find a channel, open the player's menu, follow, chat; the focus is always seen.

Here nothing plays, so no quality is chosen: that is in tests/end_to_end/test_by_keyboard.py.
"""

import pytest
from playwright.sync_api import Browser, expect

from tests.look.keyboard import tab_to
from tests.look.served import with_chromium
from tests.look.walk import Site

WAIT_MS = 30_000


@pytest.mark.timeout(300)
def test_a_viewer_finds_follows_and_chats(site: Site) -> None:
    def act(browser: Browser) -> None:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        context.add_cookies([{"name": "sessionid", "value": site.sessions["erin"], "url": site.url}])
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(site.url)
        tab_to(page, "a[href='/alice']")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site.url}/alice")
        page.locator("[data-chat] [data-loading]").wait_for(state="detached")
        tab_to(page, "[data-settings]")
        page.keyboard.press("Enter")
        expect(page.locator("#player-settings [role=menuitem]").first).to_be_focused(timeout=WAIT_MS)
        page.keyboard.press("Escape")
        expect(page.locator("[data-settings]")).to_be_focused(timeout=WAIT_MS)
        tab_to(page, "[data-follow] button")
        page.keyboard.press("Enter")
        expect(page.locator("[data-follow]")).to_have_attribute("data-following", "true", timeout=WAIT_MS)
        tab_to(page, "[data-chat] [data-input]")
        page.keyboard.type("I came without a mouse")
        page.keyboard.press("Enter")
        expect(page.locator("[data-log]")).to_contain_text("I came without a mouse", timeout=WAIT_MS)

    with_chromium(act)


@pytest.mark.timeout(300)
def test_a_question_mark_lists_the_shortcuts_until_it_is_switched_off(site: Site) -> None:
    def act(browser: Browser) -> None:
        page = browser.new_page()
        page.set_default_timeout(WAIT_MS)
        dialog = page.locator("#shortcuts")
        for path in ("/about", "/alice", "/"):
            page.goto(site.url + path, wait_until="load")
            page.keyboard.press("?")
            expect(dialog).to_be_visible(timeout=WAIT_MS)
            page.keyboard.press("Escape")
            expect(dialog).to_be_hidden()
        page.keyboard.press("?")
        dialog.locator("[data-shortcuts-switch]").focus()
        page.keyboard.press("Space")  # WCAG 2.2, 2.1.4
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(dialog).to_be_hidden()

    with_chromium(act)
