"""The site as one process with the cast on it, and a browser, for tests that need no media."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.conf import settings
from playwright.sync_api import Browser, sync_playwright

from bench.browser import CHROMIUM, CHROMIUM_FLAGS
from tests.chat.gateway_process import GatewayProcess
from tests.look.cast import make_cast, make_live_without_media
from tests.look.conversation import say_lines
from tests.look.walk import Site

T = TypeVar("T")


@contextmanager
def served_site() -> Iterator[Site]:
    """Needs a database whose rows another process sees."""
    facts = make_cast(pictures=False)
    make_live_without_media()
    environment = {"DJANGO_SETTINGS_MODULE": "tests.look.site_settings"}
    process = GatewayProcess(settings.REDIS_URL, application="tests.look.site:application", environment=environment)
    try:
        say_lines(process.origin, facts)
        yield Site(process.origin, facts["names"], facts["sessions"], facts["error_pages"], has_media=False)
    finally:
        process.stop()


def with_chromium(act: Callable[[Browser], T]) -> T:
    """In a thread of its own: Playwright runs a loop in its thread, and Django refuses to work beside one."""

    def run() -> T:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
            try:
                return act(browser)
            finally:
                browser.close()

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(run).result()
