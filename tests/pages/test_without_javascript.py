"""What can be done without JavaScript is: pages read, and forms work."""

from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from accounts.models import User
from streaming.models import Channel, Follow
from tests.conftest import PASSWORD
from tests.look.places import PLACES, Place
from tests.look.served import with_chromium
from tests.look.walk import Site
from tests.pages.test_look import one_of_each_route

# Of these only the page is read; what it is for needs a script, and the page says so.
NEEDS_JAVASCRIPT = {
    "watch": "pictures and chat are made by scripts; title, about, follow, recordings and clips read without",
    "dashboard_upload": "a file of gigabytes is sent in pieces; the page says so",
    "mfa_add_webauthn": "only a script may ask the browser for a key; the app and the codes work without",
    "mfa_reauthenticate_webauthn": "only a script may ask the browser for a key; the codes work without",
    "embed_channel": "a player",
}
HIDE = "() => { document.querySelector('.entrance__card').style.opacity = 0 }"
SAMPLES = "style_page"  # a form that shows how forms look, and is sent nowhere
# What is there for scripts is hidden, a heading is there, and nothing runs out of the page at its side. A form that no
# script has to bring has a button to send it, in sight or behind a summary that HTML opens; Enter sends what is sought.
READ = """() => ({
  heading: [...document.querySelectorAll("h1, h2")].some((one) => one.checkVisibility()),
  text: document.body.innerText.trim().length,
  idle: [...document.querySelectorAll(".js-only")].filter((one) => one.checkVisibility()).length,
  says_so: document.body.innerText.includes("JavaScript"),
  wide: document.documentElement.scrollWidth > innerWidth,
  stuck: [...document.forms]
    .filter((form) => form.method !== "dialog" && !form.closest(".js-only, dialog:not([open]), [popover], [hidden]"))
    .filter((form) => ![...form.elements].some((one) => ["submit", "search"].includes(one.type) && (
      one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) ||
      one.closest("details:not([open])")?.querySelector("summary").checkVisibility())))
    .map((form) => form.action),
})"""


@pytest.mark.timeout(300)
def test_every_page_reads(site: Site) -> None:
    def look(browser: Browser) -> dict[str, object]:
        wrong: dict[str, object] = {}
        people: dict[str, BrowserContext] = {}  # whose browsers keep what all pages share
        for place in one_of_each_route():
            if place.who not in people:
                people[place.who] = without_script(browser, site, place.who)
            page = people[place.who].new_page()
            page.goto(site.url + place.path.format_map(site.names))
            seen = page.evaluate(READ)
            if not reads(place, seen):
                wrong[place.name] = seen
            page.close()
        return wrong

    assert with_chromium(look) == {}


def reads(place: Place, seen: dict[str, Any]) -> bool:
    says_so = place.route not in NEEDS_JAVASCRIPT or seen["says_so"]
    works = place.route in NEEDS_JAVASCRIPT or place.route == SAMPLES or not seen["stuck"]
    return bool(says_so and works and seen["heading"] and seen["text"] >= 20 and not seen["idle"] and not seen["wide"])


def test_what_needs_javascript_is_a_page_that_is_looked_at() -> None:
    assert set(NEEDS_JAVASCRIPT) <= {place.route for place in PLACES}


def without_script(browser: Browser, site: Site, who: str) -> BrowserContext:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    if who:
        context.add_cookies([{"name": "sessionid", "value": site.sessions[who], "url": site.url}])
    return context


def open_without_script(browser: Browser, site: Site, place: Place) -> Page:
    page = without_script(browser, site, place.who).new_page()
    page.goto(site.url + place.path.format_map(site.names))
    return page


def test_charlie_signs_in_follows_and_signs_out(site: Site) -> None:
    user = User.objects.get(login="erin")
    user.set_password(PASSWORD)
    user.save()

    def act(browser: Browser) -> None:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(f"{site.url}/alice")
        page.get_by_role("link", name="Follow").click()  # leads to signing in, and back
        page.locator("[name=login]").fill("erin")
        page.locator("[name=password]").fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{site.url}/alice")
        page.get_by_role("button", name="Follow", exact=True).click()
        page.get_by_role("button", name="Following", exact=True).wait_for()
        page.locator("[data-menu]:not([data-bell]) summary").click()  # a menu that HTML opens
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("link", name="Sign in").first.wait_for()

    with_chromium(act)
    assert Follow.objects.filter(user=user, channel__owner__login="alice").exists()


def test_alice_changes_her_channel(site: Site) -> None:
    def act(browser: Browser) -> None:
        page = open_without_script(browser, site, Place("", "", "/dashboard/", "alice"))
        page.locator("[name=title]").fill("The wheel from below")
        page.get_by_role("button", name="Save").first.click()
        page.get_by_text("Saved").first.wait_for()

    with_chromium(act)
    assert Channel.objects.get(owner__login="alice").title == "The wheel from below"


def test_a_form_that_its_style_hides_is_found(site: Site) -> None:
    """The check above sees what HTML alone does not say."""

    def act(browser: Browser) -> list[str]:
        page = open_without_script(browser, site, Place("", "", "/accounts/login/"))
        found = page.evaluate(READ)["stuck"]
        page.evaluate(HIDE)
        return [*found, *page.evaluate(READ)["stuck"]]

    assert with_chromium(act) == [f"{site.url}/accounts/login/"]


def test_charlie_searches_and_changes_how_his_name_is_written(site: Site) -> None:
    """From the bar on top and from the menu, on a phone."""

    def act(browser: Browser) -> None:
        page = open_without_script(browser, site, Place("", "", "/about", "charlie"))
        page.locator("#site-search").fill("alice")
        page.locator("#site-search").press("Enter")
        page.get_by_role("heading", name="Results for “alice”").wait_for()
        page.locator("[data-menu]:not([data-bell]) summary").click()
        page.get_by_role("link", name="Account", exact=True).click()
        page.locator("[name=display_name]").fill("ChArLiE")
        page.get_by_role("button", name="Save name").click()
        page.get_by_text("Saved.").wait_for()

    with_chromium(act)
    assert User.objects.get(login="charlie").display_name == "ChArLiE"


def test_a_form_that_is_wrong_says_so_at_its_field(site: Site) -> None:
    def act(browser: Browser) -> str:
        page = open_without_script(browser, site, Place("", "", "/accounts/signup/"))
        page.locator("[name=username]").fill("alice")
        page.locator("[name=email]").fill("somebody@example.org")
        page.locator("[name=password1]").fill("12345678")
        page.get_by_role("button", name="Sign up").last.click()
        field = page.locator("[name=username]")
        described = str(field.get_attribute("aria-describedby")).split()[0]
        return page.locator(f"#{described}").inner_text()

    assert "taken" in with_chromium(act)
