"""The list of shortcuts."""

import pytest
from playwright.sync_api import Browser, expect

from tests.look.served import with_chromium
from tests.look.walk import Site

WAIT_MS = 30_000


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
