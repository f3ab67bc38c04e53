"""Goes to every place with a browser, in every size and both themes, and notes what is wrong there."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page, Route

from tests.look.places import Place

ROOT = Path(__file__).parents[2]
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text()
CHECKS = (Path(__file__).parent / "page_checks.js").read_text()
FOCUS = (Path(__file__).parent / "focus_check.js").read_text()
START = Path(__file__).parent / "page_start.js"
THEMES = ("dark", "light")
SIZES = {1440: 900, 820: 1180, 390: 844}  # width: height, in CSS pixels
REFLOW_WIDTH, REFLOW_HEIGHT = 320, 640  # WCAG 2.2, 1.4.10: 1280 px at 400 %
TABS_MAX = 60
SHIFT_MAX = 0.02  # CLS; what the web calls good is 0.1
# Until nothing more comes: letters, pictures in sight, what scripts do when a page is idle, and what moves to an end.
# Colours change in a moment, on a busy machine later: a picture of what is between would be judged.
SETTLED = """async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const idle = () => new Promise((resolve) => requestIdleCallback(resolve, { timeout: 1000 }));
  await document.fonts.ready;
  const coming = [...document.images].filter((one) => !one.complete && one.loading !== "lazy");
  await Promise.all(coming.map((one) => one.decode().catch(() => {})));
  for (const turn of [frame, idle, frame, idle]) await turn();
  const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < 1000);
  await Promise.all(ending.map((one) => one.finished.catch(() => {})));
}"""
SET_THEME = "theme => { document.documentElement.dataset.theme = theme }"
AXE_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
AXE_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
GRAVE = ("serious", "critical")
OWN_ADDRESSES = "/look/"  # that no site has: pages that it shows when something breaks
# A page that is asked for without what it needs says so in the console: that is what is looked at there.
OWN_STATUS = re.compile(r"Failed to load resource: the server responded with a status of [45]\d\d")


@dataclass(frozen=True)
class Finding:
    """Something wrong on one page."""

    place: str
    where: str  # size and theme
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.place} ({self.where}): {self.kind}: {self.text}"


@dataclass
class Site:
    """What is looked at: an address, and what `make_cast` said."""

    url: str
    names: dict[str, str]
    sessions: dict[str, str]
    error_pages: dict[str, str]
    has_media: bool


@dataclass
class Walk:
    """One browser's way through the site. `pictures`: a directory for them; none are made without."""

    browser: Browser
    site: Site
    pictures: Path | None = None
    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)  # what axe finds moderate or minor
    _contexts: dict[str, BrowserContext] = field(default_factory=dict)

    def visit(
        self, place: Place, *, widths: Iterable[int] = SIZES, axe_widths: Iterable[int] = (1440, 390), tabs: bool = True
    ) -> None:
        """Every width anew, as a person would come with that device; both themes of each; 320 px after the phone."""
        for width in widths:
            if place.wide_only and width < 1100:
                continue
            with self._page(place, width) as page:
                self._look(place, page, width, axe=width in tuple(axe_widths), tabs=tabs)

    def glance(self, place: Place) -> None:
        """Comes once with a wide window and then makes it as narrow as a phone's; both themes in both."""
        widest, narrowest = max(SIZES), min(SIZES)
        with self._page(place, widest) as page:
            self._open(place, page, f"{widest}")
            for width, themes in ((widest, THEMES), (narrowest, tuple(reversed(THEMES)))):
                page.set_viewport_size({"width": width, "height": SIZES[width]})
                for theme in themes:
                    self._judge(place, page, f"{width} {theme}", thorough=theme == themes[0], axe=True)

    def close(self) -> None:
        for context in self._contexts.values():
            context.close()

    def _look(self, place: Place, page: Page, width: int, *, axe: bool, tabs: bool) -> None:
        self._open(place, page, f"{width}")
        for theme in THEMES:
            self._judge(place, page, f"{width} {theme}", thorough=theme == THEMES[0], axe=axe)
            if self.pictures:
                path = self.pictures / f"{place.name}-{width}-{theme}.jpg"
                page.screenshot(path=path, type="jpeg", quality=82, full_page=not place.act)
        if tabs and width == max(SIZES) and not place.act:
            self._tab_through(place, page, f"{width}")
        if width == min(SIZES):
            page.set_viewport_size({"width": REFLOW_WIDTH, "height": REFLOW_HEIGHT})
            page.evaluate(SETTLED)
            self._measure(place, page, f"{REFLOW_WIDTH}", only={"overflow"})

    @contextmanager
    def _page(self, place: Place, width: int) -> Iterator[Page]:
        page = self._context(place.who).new_page()
        page.set_viewport_size({"width": width, "height": SIZES[width]})
        if place.path.startswith(
            OWN_ADDRESSES
        ):  # of these alone: a browser whose requests are looked at keeps no files
            page.route(f"**{place.path}", self._error_page())
        self._listen(place, page, f"{width}")
        try:
            yield page
        except Error as error:
            self._note(place, f"{width}", "not reached", str(error).splitlines()[0])
        finally:
            page.close()

    def _judge(self, place: Place, page: Page, where: str, *, thorough: bool, axe: bool) -> None:
        """Not thorough: only the colours. The layout is that of the other theme."""
        page.evaluate(SET_THEME, where.split()[1])
        page.evaluate(SETTLED)
        if thorough:
            self._measure(place, page, where)
        if axe:
            self._axe(place, page, where, AXE_RULES if thorough else AXE_COLOURS)

    def _open(self, place: Place, page: Page, where: str) -> None:
        answer = page.goto(self.site.url + place.path.format_map(self.site.names), wait_until="load")
        if answer is None or answer.status != place.status:
            self._note(place, where, "status", f"{answer and answer.status} instead of {place.status}")
        page.evaluate(SETTLED)
        shift = page.evaluate("window.lookShift")  # before anything is done: what follows an act may move
        if shift["sum"] > SHIFT_MAX:
            self._note(place, where, "layout shift", f"{shift['sum']:.3f}: {', '.join(shift['who'][:3])}")
        if place.act:
            place.act(page)
            page.evaluate(SETTLED)

    def _measure(self, place: Place, page: Page, where: str, *, only: set[str] | None = None) -> None:
        for found in page.evaluate(CHECKS):
            if only is None or found["kind"] in only:
                self._note(place, where, found["kind"], found["text"])

    def _axe(self, place: Place, page: Page, where: str, rules: dict[str, Any]) -> None:
        for violation in run_axe(page, rules):
            kept = self.findings if violation["impact"] in GRAVE else self.notes
            targets = "; ".join(str(node["target"]) for node in violation["nodes"][:3])
            kept.append(Finding(place.name, where, f"axe {violation['impact']} {violation['id']}", targets))

    def _tab_through(self, place: Place, page: Page, where: str) -> None:
        """Focus is seen wherever it is (2.4.7) and not hidden behind anything (2.4.11)."""
        page.evaluate("document.activeElement?.blur()")
        for _ in range(TABS_MAX):
            page.keyboard.press("Tab")
            found = page.evaluate(FOCUS)
            if found is None:
                return
            for kind in found["wrong"]:
                self._note(place, where, kind, found["name"])

    def _listen(self, place: Place, page: Page, where: str) -> None:
        """Errors of scripts, what the console says in red, and answers that failed."""
        own = self.site.url + place.path.format_map(self.site.names)
        page.on("pageerror", lambda error: self._note(place, where, "script error", str(error).splitlines()[0]))
        page.on("console", lambda message: self._console(place, where, message))
        page.on("response", lambda answer: self._answered(place, where, answer.status, answer.url, own))

    def _console(self, place: Place, where: str, message: Any) -> None:
        if message.type == "error" and not OWN_STATUS.match(message.text) and not self._is_media(message.text):
            self._note(place, where, "console", message.text[:200])

    def _answered(self, place: Place, where: str, status: int, url: str, own: str) -> None:
        if status >= 400 and url.split("?")[0] != own and not self._is_media(url) and "login" not in url:
            self._note(place, where, "request failed", f"{status} {url.removeprefix(self.site.url)[:120]}")

    def _is_media(self, text: str) -> bool:
        """Of a site without media: what plays, and pictures that were stored, cannot come there."""
        return not self.site.has_media and any(
            word in text for word in ("/media/", "/clips/", "/pictures/", "storyboard", "/playback")
        )

    def _note(self, place: Place, where: str, kind: str, text: str) -> None:
        finding = Finding(place.name, where, kind, text)
        if finding not in self.findings:
            self.findings.append(finding)

    def _context(self, who: str) -> BrowserContext:
        if who not in self._contexts:
            context = self.browser.new_context(reduced_motion="reduce", color_scheme="dark")
            context.set_default_timeout(10_000)
            context.add_init_script(path=START)
            if who:
                session = {"name": "sessionid", "value": self.site.sessions[who], "url": self.site.url}
                context.add_cookies([session])  # type: ignore[list-item]
            self._contexts[who] = context
        return self._contexts[who]

    def _error_page(self) -> Callable[[Route], None]:
        """What the site would answer when something breaks: rendered by it, put in place of an answer."""

        def answer(route: Route) -> None:
            page = self.site.error_pages[route.request.url.rsplit("/", 1)[1]]
            route.fulfill(body=page, content_type="text/html; charset=utf-8")

        return answer


def run_axe(page: Page, rules: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """What axe-core finds, whatever its impact."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE)
    return list(
        page.evaluate(f"axe.run(document, {json.dumps(rules or AXE_RULES)}).then(({{ violations }}) => violations)")
    )
