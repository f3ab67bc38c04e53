"""A viewer's browser that reads the frame counter from the player."""

import re
import statistics
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

COUNTER_SCRIPT = Path(__file__).parents[1] / "tests" / "media" / "counter.js"
DESKTOP_CHROMIUM = "/usr/bin/chromium"
# The desktop's browser, even with no screen, loads a search box of its own into every new window: half a CPU-second.
WINDOW_MS = 2000
# Chromium without an interface of its own. It has no Web Push.
_SHELL = "/usr/bin/chromium-headless-shell"
CHROMIUM = _SHELL if Path(_SHELL).exists() else DESKTOP_CHROMIUM
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--autoplay-policy=no-user-gesture-required",
]
VIDEO = "#player-video"
# Collecting starts with the document, so that no frame and no stall is missed.
COLLECT = f"window.frameNotes = frameCounter.collect({VIDEO!r}); window.documentMark = Math.random();"


@dataclass(frozen=True)
class Frame:
    """One frame as the viewer saw it."""

    shown_at: float  # Unix time
    number: int | None
    media_time: float
    lines: int


class TooLate(AssertionError):
    """Something expected on a page did not come in time."""


class Viewer:
    """One page with a player."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, url: str) -> float:
        """Go there; returns the Unix time at which that was asked."""
        asked_at = time.time()
        self.page.goto(url, wait_until="domcontentloaded")
        return asked_at

    def frames(self, *, since: float = 0) -> list[Frame]:
        """Frames shown after a Unix time."""
        notes = self.page.evaluate("since => window.frameNotes.frames.filter(note => note[0] >= since)", since * 1000)
        return [Frame(shown / 1000, number, media_time, lines) for shown, number, media_time, lines in notes]

    def stalls(self, *, since: float = 0) -> list[float]:
        return [at / 1000 for at in self.page.evaluate("() => window.frameNotes.stalls") if at / 1000 >= since]

    def document_mark(self) -> float:
        """A random number that a reload changes."""
        return float(self.page.evaluate("() => window.documentMark"))

    def wait_for_frame(self, accepts: Callable[[Frame], bool], *, seconds: float, since: float = 0) -> Frame:
        """The first frame shown after `since` that is as wanted."""
        deadline = time.monotonic() + seconds
        while True:
            frames = self.frames(since=since)
            wanted = next((frame for frame in frames if accepts(frame)), None)
            if wanted:
                return wanted
            if time.monotonic() > deadline:
                raise TooLate(f"no such frame in {seconds} s; {describe(frames)}; {self.player()}")
            self.page.wait_for_timeout(50)

    def wait_until(self, expression: str, *, seconds: float) -> Any:
        """The first true value of a JavaScript expression. Polled from here: the site's policy forbids eval there."""
        deadline = time.monotonic() + seconds
        while not (value := self.page.evaluate(f"() => {expression}")):
            if time.monotonic() > deadline:
                raise TooLate(f"not true within {seconds} s: {expression}; {self.player()}")
            self.page.wait_for_timeout(20)
        return value

    def choose_quality(self, lines: int) -> None:
        """In the player's own menu, as a viewer does."""
        self.page.locator("#player").hover()
        self.page.locator("#player [data-settings]").click()
        menu = self.page.locator("#player-settings")
        menu.get_by_role("menuitem", name=re.compile("^Quality")).click()
        menu.get_by_role("menuitemradio", name=re.compile(f"^{lines}p")).click()

    def player(self) -> dict[str, Any]:
        """What the player says of itself, for messages."""
        return dict(
            self.page.evaluate(
                f"""() => {{
                  const video = document.querySelector({VIDEO!r}), hls = window.millracePlayer?.hls;
                  return {{at: video?.currentTime, paused: video?.paused, ready: video?.readyState,
                           error: video?.error?.message, level: hls?.currentLevel, latency: hls?.latency}};
                }}"""
            )
        )


class Browser:
    """Chromium without a screen; use as a context manager. `executable`: CHROMIUM or DESKTOP_CHROMIUM.

    A thread has one Playwright: who needs a second browser while another is open passes it as `beside`.
    """

    def __init__(self, executable: str = CHROMIUM, *, beside: "Browser | None" = None) -> None:
        self._window_ms = WINDOW_MS if executable == DESKTOP_CHROMIUM else 0
        self._owns_playwright = beside is None
        self._playwright: Playwright = beside._playwright if beside else sync_playwright().start()
        self._chromium = self._playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        self._contexts: list[BrowserContext] = []

    def new_viewer(
        self,
        *,
        cookies: list[Any] | None = None,
        bypass_csp: bool = False,
        any_certificate: bool = False,
        user_agent: str | None = None,
        reads_frames: bool = True,
    ) -> Viewer:
        """A page of a person of his own: other cookies, other cache. Its own User-Agent says that nobody watches.

        Where browsers have windows, his stands before he opens an address in it. Reading frames takes milliseconds of
        the page's own time for each of them.
        """
        context = self._chromium.new_context(
            viewport={"width": 1280, "height": 800},
            bypass_csp=bypass_csp,
            ignore_https_errors=any_certificate,
            user_agent=user_agent,
        )
        if reads_frames:
            context.add_init_script(path=COUNTER_SCRIPT)
            context.add_init_script(COLLECT)
        context.add_cookies(cookies or [])
        self._contexts.append(context)
        page = context.new_page()
        page.wait_for_timeout(self._window_ms)
        return Viewer(page)

    def close_viewers(self) -> None:
        while self._contexts:
            self._contexts.pop().close()

    def close(self) -> None:
        self.close_viewers()
        self._chromium.close()
        if self._owns_playwright:
            self._playwright.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


@dataclass(frozen=True)
class Latency:
    """From handing a frame to the network until it is on the screen, in seconds."""

    frames: int
    unreadable: int
    p50: float
    p95: float
    max: float


def latency_of(frames: list[Frame], sent: Mapping[int, float | Sequence[float]]) -> Latency:
    """`sent`: when each number was sent, or for a repeated clip every time that it was.

    Frames that nobody sent are an error of the instrument or of the stream: they raise KeyError.
    """
    readable = [frame for frame in frames if frame.number is not None]
    seconds = sorted(frame.shown_at - _sent_at(frame, sent) for frame in readable)
    if len(seconds) < 2:
        raise TooLate("fewer than two frames were shown")
    p95 = statistics.quantiles(seconds, n=100, method="inclusive")[94]
    return Latency(len(frames), len(frames) - len(readable), statistics.median(seconds), p95, seconds[-1])


def _sent_at(frame: Frame, sent: Mapping[int, float | Sequence[float]]) -> float:
    times = sent[frame.number if frame.number is not None else -1]
    if isinstance(times, float):
        return times
    return times[max(bisect_right(times, frame.shown_at) - 1, 0)]


def describe(frames: list[Frame]) -> str:
    if not frames:
        return "no frame was shown"
    last = frames[-1]
    return (
        f"{len(frames)} frames, the last {last.number} with {last.lines} lines {time.time() - last.shown_at:.1f} s ago"
    )
