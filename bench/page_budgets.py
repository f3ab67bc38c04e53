"""Budgets of the pages, in Chromium on this machine, with a channel on air and chat moving.

    python -m bench.page_budgets [--seconds 30]

First paint is the browser's own; weight is what came over the wire but for media; long tasks are the browser's own
(over 50 ms); scrolling is judged by the times between frames. Console errors are counted on every page of it.
"""

import argparse
import itertools
import json
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Page
from websockets.sync.client import ClientConnection, connect

from bench.browser import DESKTOP_CHROMIUM, Browser, Viewer
from bench.page_to_first_frame import first_frame
from bench.report import Line, report
from bench.show import Show
from bench.stack import Person, Stack

PAGES = {"front": "/", "watch": "/alice", "dashboard": "/dashboard/", "about": "/about", "sign in": "/accounts/login/"}
ROUNDS = 5
RUNNING_SECONDS = 10
RATE, WRITERS = 20, 8  # messages a second
PAINT_MS, WEIGHT_KB, LONG_TASK_MS = 1000.0, 350.0, 100.0
FRAMES_PER_SECOND, SCROLL_SECONDS = 59.0, 4
SETTLE_MS = 1500
MEDIA = (".m4s", ".mp4", ".m3u8", ".mpd")
WATCH_TASKS = """
window.longTasks = [];
new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((entry) => entry.duration)))
  .observe({ entryTypes: ["longtask"] });
"""
FRAMES_SHOWN = """() => {
  const { totalVideoFrames, droppedVideoFrames } = document.querySelector("video").getVideoPlaybackQuality();
  return totalVideoFrames - droppedVideoFrames;
}"""
FRAMES_AT_LEAST = 10  # a second
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"
# Scrolls a little in each frame, as a wheel does; the number of frames that were shown in a second.
SCROLL = """seconds => new Promise((resolve) => {
  const began = performance.now();
  let frames = 0, step = 9;
  const next = (now) => {
    if (now - began > seconds * 1000) return resolve(frames / ((now - began) / 1000));
    frames += 1;
    if (scrollY + innerHeight >= document.documentElement.scrollHeight - 2) step = -9;
    if (scrollY <= 0) step = 9;
    scrollBy(0, step);
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})"""


@dataclass
class Visit:
    """One page, opened with nothing in the cache."""

    viewer: Viewer
    sizes: dict[str, float] = field(default_factory=dict)
    wire: float = 0.0
    console: list[str] = field(default_factory=list)

    def note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console.append(message.text)

    def weight_kb(self) -> float:
        """Bytes of everything but media, as they came: compressed, with headers."""
        return self.wire / 1000


def open_page(browser: Browser, url: str, session: str = "") -> Visit:
    cookies = [{"name": "sessionid", "value": session, "url": url}] if session else []
    visit = Visit(browser.new_viewer(cookies=cookies, reads_frames=False))
    page = visit.viewer.page
    page.add_init_script(WATCH_TASKS)
    page.on("console", visit.note)
    page.on("pageerror", lambda error: visit.console.append(str(error)))
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    names: dict[str, str] = {}
    network.on("Network.requestWillBeSent", lambda event: names.update({event["requestId"]: event["request"]["url"]}))

    def finished(event: dict[str, float]) -> None:
        address = names.get(str(event["requestId"]), "").split("?")[0]
        if not address.endswith(MEDIA):
            visit.wire += event["encodedDataLength"]

    network.on("Network.loadingFinished", finished)
    visit.viewer.open(url)
    page.wait_for_load_state("load")
    page.wait_for_timeout(SETTLE_MS)
    return visit


def paint_and_weight(browser: Browser, url: str, session: str, name: str) -> tuple[list[Line], list[str]]:
    paints, weights, errors = [], [], []
    for _ in range(ROUNDS):
        visit = open_page(browser, url, session)
        paints.append(float(visit.viewer.page.evaluate(FIRST_PAINT)))
        weights.append(visit.weight_kb())
        errors += visit.console
        browser.close_viewers()
    if min(paints) < 0:
        raise SystemExit(f"Void: {name} never painted.")
    return [
        Line(
            f"{name}: first paint, median of {ROUNDS}",
            statistics.median(paints),
            "ms",
            PAINT_MS,
            note=f"most {max(paints):.0f}",
        ),
        Line(f"{name}: weight without media", max(weights), "kB", WEIGHT_KB),
    ], errors


def talk(sockets: Sequence[ClientConnection], seconds: float, page: Page) -> int:
    """RATE messages a second; the page's own events are served meanwhile. The last number."""
    began = time.monotonic()
    for sent in itertools.count():
        if (left := began + sent / RATE - time.monotonic()) > 0:
            page.wait_for_timeout(left * 1000)
        if time.monotonic() - began > seconds:
            return sent - 1
        sockets[sent % len(sockets)].send(
            json.dumps({"type": "say", "text": f"that was close!! did you see it {sent}"})
        )
    raise AssertionError


def chat_and_picture(
    browser: Browser, show: Show, writers: Sequence[Person], seconds: float
) -> tuple[list[Line], list[str]]:
    """The page of a running broadcast while its chat moves."""
    url = f"{show.stack.url.replace('http', 'ws')}/api/v1/chat/{show.streamer.channel_id}"
    with ExitStack() as closing:
        headers = [{"Authorization": f"Bearer {writer.api_token}"} for writer in writers]
        sockets = [
            closing.enter_context(connect(url, additional_headers=one, compression=None, max_queue=None))
            for one in headers
        ]
        visit = open_page(browser, show.page)
        page = visit.viewer.page
        talk(sockets, 5, page)
        page.evaluate("() => { window.longTasks.length = 0; }")
        shown = page.evaluate(FRAMES_SHOWN)
        last = talk(sockets, seconds, page)
        tasks = page.evaluate("() => window.longTasks")
        shown = page.evaluate(FRAMES_SHOWN) - shown
        page.wait_for_timeout(500)
        newest = page.evaluate("() => document.querySelector('[data-log]').lastElementChild.textContent")
    if str(last) not in newest:
        raise SystemExit(f"Void: the newest message on the page is {newest!r}, not {last}.")
    if shown < seconds * FRAMES_AT_LEAST:
        raise SystemExit(f"Void: the picture stood still, {shown} frames in {seconds:g} s.")
    longest = max(tasks, default=0.0)
    browser.close_viewers()
    return [
        Line(
            f"watch: longest task, {RATE} messages a second",
            longest,
            "ms",
            LONG_TASK_MS,
            note=f"{len(tasks)} over 50 ms, {shown / seconds:.0f} pictures a second",
        )
    ], visit.console


def scrolling(browser: Browser, url: str, session: str, name: str) -> Line:
    visit = open_page(browser, url, session)
    frames = float(visit.viewer.page.evaluate(SCROLL, SCROLL_SECONDS))
    browser.close_viewers()
    return Line(f"{name}: frames a second while scrolling", frames, "", FRAMES_PER_SECOND, at_least=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.page_budgets")
    parser.add_argument("--seconds", type=float, default=30)
    seconds = parser.parse_args().seconds
    lines: list[Line] = []
    errors: list[str] = []
    with Stack(TRANSCODED_RUNGS=1, CHAT_USER_RATE=100_000) as stack, Browser(DESKTOP_CHROMIUM) as browser:
        alice = stack.create_user("alice", streamer=True)
        writers = stack.create_users([f"writer{number}" for number in range(WRITERS)])
        session = stack.manage("shell", "-c", SESSION).strip().splitlines()[-1]
        with Show(stack, alice, loop=True) as show:
            time.sleep(RUNNING_SECONDS)
            for name, path in PAGES.items():
                found, wrong = paint_and_weight(browser, stack.url + path, session if name == "dashboard" else "", name)
                lines, errors = lines + found, errors + wrong
            lines.append(first_frame(browser, show))
            found, wrong = chat_and_picture(browser, show, writers, seconds)
            lines, errors = lines + found, errors + wrong
            lines.append(scrolling(browser, stack.url, "", "front"))
            lines.append(scrolling(browser, show.page, "", "watch"))
    lines.append(Line("console errors", len(errors), "", 0, note=(errors or [""])[0][:80]))
    return report("Budgets of the pages", lines)


SESSION = """
from accounts.models import User
from django.test import Client
browser = Client()
browser.force_login(User.objects.get(login="alice"))
print(browser.cookies["sessionid"].value)
"""

if __name__ == "__main__":
    sys.exit(main())
