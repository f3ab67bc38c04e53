"""Windows' high contrast: with the person's own few colours everything that is used is still seen."""

import pytest
from playwright.sync_api import Browser, Page

from tests.look.forced_colours import unseen
from tests.look.places import PLACES
from tests.look.served import with_chromium
from tests.look.walk import SETTLED, Site

LOOKED_AT = (
    "front-signed-in", "browse-live", "channel-videos", "watch", "watch-shortcuts", "style", "dashboard",
    "signup-refused", "notification-settings", "account-profile",
)  # fmt: skip
# What is seen by colours of ours alone.
FAULTS = {
    "as if not chosen": (".tab", "background: Canvas !important; color: LinkText !important; border: 0 !important"),
    "not seen": ("[data-theme-toggle] svg", "color: Canvas !important"),
}
PAINT = "([what, style]) => document.querySelectorAll(what).forEach((one) => (one.style.cssText = style))"


@pytest.mark.timeout(300)
def test_what_is_used_is_seen_with_few_colours(site: Site) -> None:
    def look(browser: Browser) -> dict[str, set[str]]:
        wrong = {}
        for name in LOOKED_AT:
            page = open_place(browser, site, name)
            wrong[name] = unseen(page)
            page.context.close()
        return {name: found for name, found in wrong.items() if found}

    assert with_chromium(look) == {}


@pytest.mark.timeout(300)
def test_what_is_not_seen_with_few_colours_is_found(site: Site) -> None:
    def look(browser: Browser) -> dict[str, set[str]]:
        page = open_place(browser, site, "channel-videos")
        kinds = {}
        for kind, fault in FAULTS.items():
            page.evaluate(PAINT, list(fault))
            kinds[kind] = unseen(page)
            page.reload()
        return kinds

    for kind, found in with_chromium(look).items():
        assert {one.partition(":")[0] for one in found} == {kind}, found


def open_place(browser: Browser, site: Site, name: str) -> Page:
    place = next(place for place in PLACES if place.name == name)
    height = 4000 if name == "style" else 900  # what is outside the window is not judged
    context = browser.new_context(
        viewport={"width": 1440, "height": height}, forced_colors="active", color_scheme="dark", reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)
    if place.who:
        context.add_cookies([{"name": "sessionid", "value": site.sessions[place.who], "url": site.url}])
    page = context.new_page()
    page.goto(site.url + place.path.format_map(site.names))
    if place.act:
        place.act(page)
    if name == "watch":
        page.locator("input[data-volume]").focus()  # it is there for those who come to it
    page.evaluate(SETTLED)
    return page
