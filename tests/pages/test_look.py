"""Every page in a browser, in both themes: axe-core finds nothing grave, nothing overlaps, overflows or jumps."""

import pytest
from playwright.sync_api import Browser, Page, Route

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
def test_nothing_moves_while_a_page_comes_in_pieces(site: Site) -> None:
    """What stands below in the page but above on the screen has its room before it comes."""
    places = [place for place in PLACES if place.name in {"watch-as-moderator", "dashboard-videos"}]

    def look(browser: Browser) -> tuple[list[Finding], list[Finding]]:
        walk = Walk(browser, site, slowly=True)
        for place in places:
            walk.visit(place, widths=(820, 390), axe_widths=(), tabs=False)
        good, walk.findings = walk.findings, []
        walk.context("bob").route("**/watch.css", without_room_for_chat)
        walk.visit(places[0], widths=(390,), axe_widths=(), tabs=False)
        walk.close()
        return good, walk.findings

    good, bad = with_chromium(look)

    assert [str(finding) for finding in good] == []
    assert [(finding.kind, "watch__below" in finding.text) for finding in bad] == [("layout shift", True)]


def without_room_for_chat(route: Route) -> None:
    sheet = route.fetch()
    route.fulfill(response=sheet, body=f"{sheet.text()} .watch {{ grid-template-rows: none !important }}")


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
