"""Goes through a page by the Tab key, as one who has no mouse."""

from playwright.sync_api import Page

from tests.look.walk import FOCUS

TABS_MAX = 150  # a front page with a full rail has about a hundred


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus. On the way every focus is seen, and none is behind anything."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        assert found is None or found["wrong"] == [], found
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{TABS_MAX} times Tab do not lead to {selector}")
