"""Every page in a browser, in both themes: axe-core finds nothing grave, nothing overlaps, overflows or jumps."""

import pytest
from playwright.sync_api import Browser, Page

from tests.look.places import PLACES, Place
from tests.look.served import with_chromium
from tests.look.walk import CHECKS, GRAVE, SHIFT_MAX, START, Finding, Site, Walk, run_axe

FAULTS = {
    "overflow": "() => { document.querySelector('h1').style.width = '900px' }",
    "clipped": "() => Object.assign(document.querySelector('h1').style, { height: '9px', overflow: 'hidden' })",
    "overlap": "() => { document.querySelector('article h2').style.transform = 'translateY(-50px)' }",
    "double id": "() => { document.querySelector('h2').id = 'main' }",
    "unstyled": "() => { document.querySelector('link[href*=tokens]').remove() }",
    "layout shift": "() => { document.querySelector('article').style.paddingTop = '400px' }",
    "motion": "() => { document.querySelector('h1').animate({ opacity: [0.9, 1] }, { duration: 900, iterations: 9 }) }",
    "color-contrast": "() => { document.querySelector('h1').style.color = '#333' }",
    "button-name": "() => { document.querySelector('[data-theme-toggle]').removeAttribute('aria-label') }",
}
TOP = "what => document.querySelector(what).getBoundingClientRect().top + scrollY"
MOVED = f"""([what, coming]) => {{
  const top = {TOP};
  const there = top(what);
  document.querySelector(coming).remove();
  return top(what) - there;
}}"""


def one_of_each_route() -> list[Place]:
    """Every page once; all their states are looked at by `python -m tests.screenshots`."""
    return list({place.route: place for place in reversed(PLACES) if not place.needs_media and place.route}.values())


@pytest.mark.timeout(600)  # a minute on a machine that does nothing else
def test_nothing_is_wrong_on_any_page(site: Site) -> None:
    def look(browser: Browser) -> list[Finding]:
        walk = Walk(browser, site)
        for place in one_of_each_route():
            walk.glance(place)
        walk.close()
        return walk.findings

    assert [str(finding) for finding in with_chromium(look)] == []


@pytest.mark.timeout(300)
def test_what_stands_below_has_its_place_before_all_has_come(site: Site) -> None:
    """On narrow screens; chat is the last of the watch page, and the script of a list comes after the list."""

    def look(browser: Browser) -> dict[str, float]:
        context = browser.new_context()
        context.add_cookies([{"name": "sessionid", "value": site.sessions["alice"], "url": site.url}])
        moved = {}
        for width in (820, 390):
            page = context.new_page()
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{site.url}/alice")
            moved[f"below chat {width}"] = page.evaluate(MOVED, [".watch__below", ".watch__chat"])
            page.goto(f"{site.url}/dashboard/videos/")
            there = page.evaluate(TOP, ".video-rows")
            page.route("**/videos.js", lambda route: route.abort())
            page.reload()
            moved[f"recordings {width}"] = page.evaluate(TOP, ".video-rows") - there
        page.evaluate("document.querySelector('.video-search .no-js-only').classList.remove('no-js-only')")
        moved["control of recordings"] = page.evaluate(TOP, ".video-rows") - there
        page.goto(f"{site.url}/alice")
        page.evaluate("document.querySelector('.watch').style.gridTemplateRows = 'none'")
        moved["control of chat"] = page.evaluate(MOVED, [".watch__below", ".watch__chat"])
        return moved

    far = {what for what, pixels in with_chromium(look).items() if abs(pixels) > 1}

    assert far == {"control of recordings", "control of chat"}


def test_what_is_wrong_on_a_page_is_found(site: Site) -> None:
    """Each kind of fault planted on a page that has none."""

    def look(browser: Browser) -> dict[str, set[str]]:
        page = browser.new_page(viewport={"width": 390, "height": 800}, reduced_motion="reduce", color_scheme="dark")
        page.add_init_script(path=START)
        page.goto(f"{site.url}/about")
        kinds = {"clean": found(page)}
        for fault, script in FAULTS.items():
            page.goto(f"{site.url}/about")
            page.evaluate(script)
            page.wait_for_timeout(100)
            kinds[fault] = found(page)
        return kinds

    kinds = with_chromium(look)

    assert kinds.pop("clean") == set()
    assert {fault for fault in FAULTS if fault not in kinds[fault]} == set()


def found(page: Page) -> set[str]:
    kinds = {str(one["kind"]) for one in page.evaluate(CHECKS)}
    if page.evaluate("window.lookShift")["sum"] > SHIFT_MAX:
        kinds.add("layout shift")
    return kinds | {str(one["id"]) for one in run_axe(page) if one["impact"] in GRAVE}
