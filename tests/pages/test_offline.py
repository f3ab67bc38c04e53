"""Without a network the site says so in its own look, and keeps nothing that is of one person."""

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.look.served import with_chromium
from tests.look.walk import CHECKS, GRAVE, Site, run_axe

WORKER_AFTER_MS = 6_000  # by the page's clock
STARTED = "navigator.serviceWorker.ready.then(() => true)"
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const asked of await (await caches.open(name)).keys())
      found.push([new URL(asked.url).pathname, await (await caches.match(asked)).text()]);
  return found;
}"""


@pytest.mark.timeout(300)
def test_a_page_says_that_there_is_no_network_and_comes_when_there_is(site: Site) -> None:
    def act(browser: Browser) -> None:
        page = charlies_page(browser, site)
        page.clock.install()
        page.goto(f"{site.url}/following")
        page.clock.fast_forward(WORKER_AFTER_MS)
        assert page.evaluate(STARTED)
        page.goto(f"{site.url}/browse")

        page.context.set_offline(True)
        page.goto(f"{site.url}/alice/about", wait_until="load")
        expect(page.get_by_role("heading", level=1)).to_have_text("No connection")
        assert page.url == f"{site.url}/alice/about"
        assert page.evaluate(CHECKS) == []
        assert [one["id"] for one in run_axe(page) if one["impact"] in GRAVE] == []
        page.get_by_role("link", name="Try again").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("No connection")

        page.context.set_offline(False)  # the browser says so to the page
        expect(page.get_by_role("heading", level=1)).to_have_text("alice")
        kept = page.evaluate(KEPT)
        assert [path for path, _ in kept] == ["/offline"]
        assert "charlie" not in kept[0][1]

    with_chromium(act)


@pytest.mark.timeout(300)
def test_without_the_worker_the_browser_shows_a_page_of_its_own(site: Site) -> None:
    """The control of the test above."""

    def act(browser: Browser) -> None:
        page = charlies_page(browser, site, service_workers="block")
        page.goto(f"{site.url}/browse")
        page.context.set_offline(True)
        with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
            page.goto(f"{site.url}/alice/about")

    with_chromium(act)


def charlies_page(browser: Browser, site: Site, **options: object) -> Page:
    context = browser.new_context(viewport={"width": 390, "height": 844}, **options)  # type: ignore[arg-type]
    context.set_default_timeout(30_000)
    context.add_cookies([{"name": "sessionid", "value": site.sessions["charlie"], "url": site.url}])
    return context.new_page()
