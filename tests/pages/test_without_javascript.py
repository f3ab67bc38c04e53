"""What can be done without JavaScript is: pages read, and forms work."""

import pytest
from playwright.sync_api import Browser, Page

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
    "embed_channel": "a player",
}
# What is there for scripts is hidden, a heading is there, and nothing runs out of the page at its side.
READ = """() => ({
  heading: [...document.querySelectorAll("h1, h2")].some((one) => one.checkVisibility()),
  text: document.body.innerText.trim().length,
  idle: [...document.querySelectorAll(".js-only")].filter((one) => one.checkVisibility()).length,
  says_so: document.body.innerText.includes("JavaScript"),
  wide: document.documentElement.scrollWidth > innerWidth,
})"""


@pytest.mark.timeout(300)
def test_every_page_reads(site: Site) -> None:
    def look(browser: Browser) -> dict[str, object]:
        wrong: dict[str, object] = {}
        for place in one_of_each_route():
            page = open_without_script(browser, site, place)
            seen = page.evaluate(READ)
            says_so = place.route not in NEEDS_JAVASCRIPT or seen["says_so"]
            if not says_so or not seen["heading"] or seen["text"] < 20 or seen["idle"] or seen["wide"]:
                wrong[place.name] = seen
            page.context.close()
        return wrong

    assert with_chromium(look) == {}


def test_what_needs_javascript_is_a_page_that_is_looked_at() -> None:
    assert set(NEEDS_JAVASCRIPT) <= {place.route for place in PLACES}


def open_without_script(browser: Browser, site: Site, place: Place) -> Page:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    if place.who:
        context.add_cookies([{"name": "sessionid", "value": site.sessions[place.who], "url": site.url}])
    page = context.new_page()
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
