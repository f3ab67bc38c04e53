"""Charlie hears that Alice is live: on the page in front of him, and by push on a page he left."""

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import expect

from bench.browser import DESKTOP_CHROMIUM, Browser, TooLate, Viewer
from bench.show import Show
from bench.stack import Person, Stack
from tests.end_to_end.signing_in import sign_in

LIVE_MS = 15_000
DELIVERIES = 4
WORKER_READY = "navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(() => true)"
SHOWN = """navigator.serviceWorker.ready.then((r) => r.getNotifications()).then((all) =>
  all.map(({ title, body, tag, data }) => ({ title, body, tag, data })))"""


def unread(viewer: Viewer) -> str:
    return viewer.page.locator("[data-bell-badge]").inner_text()


def test_follower_hears_at_once_and_gets_there(stack: Stack, browser: Browser, alice: Person, charlie: Person) -> None:
    stack.api("POST", f"/channels/{alice.login}/follow", as_=charlie).raise_for_status()
    viewer, other = browser.new_viewer(), browser.new_viewer()
    page = viewer.page
    sign_in(stack, viewer, charlie)
    sign_in(stack, other, charlie)
    stack.api("POST", "/notifications/read", as_=charlie, json={}).raise_for_status()  # of what was before
    viewer.open(f"{stack.url}/notifications")
    with Show(stack, alice):
        row = page.locator("[data-notification-list] .notification--unread", has_text=f"{alice.login} is live")
        expect(row).to_be_visible(timeout=LIVE_MS)
        expect(page.locator("[data-bell-badge]")).to_have_text("1")
        expect(page.locator("[data-toasts]")).to_contain_text(f"{alice.login} is live")
        expect(other.page.locator("[data-bell-badge]")).to_have_text("1")

        page.locator("[data-bell] > summary").press("Enter")
        page.locator("[data-bell-list] a", has_text=f"{alice.login} is live").click()
        page.wait_for_url(f"{stack.url}/{alice.login}")
        expect(page.locator("[data-bell-badge]")).to_be_hidden()
        expect(other.page.locator("[data-bell-badge]")).to_be_hidden()


def push(viewer: Viewer, stack: Stack, text: str) -> None:
    """As the browser's own push service would hand it to the worker."""
    devtools = viewer.page.context.new_cdp_session(viewer.page)
    found: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    while not found:
        viewer.page.wait_for_timeout(20)
    message = {"origin": stack.url, "registrationId": found[-1], "data": text}
    devtools.send("ServiceWorker.deliverPushMessage", message)


def push_until(viewer: Viewer, stack: Stack, text: str, shown: str) -> None:
    """The browser's developer tools lose one message in ten, whatever the worker is; the same again changes nothing."""
    for _ in range(DELIVERIES):
        push(viewer, stack, text)
        with suppress(TooLate):
            viewer.wait_until(f"({SHOWN}).then((all) => {shown})", seconds=3)
            return
    raise AssertionError(f"not shown: {viewer.page.evaluate(SHOWN)}")


@pytest.fixture
def desktop(chromium: Browser) -> Iterator[Browser]:
    """The one without an interface has no Web Push."""
    with Browser(DESKTOP_CHROMIUM, beside=chromium) as browser:
        yield browser


def test_worker_shows_what_is_pushed(stack: Stack, desktop: Browser, charlie: Person) -> None:
    viewer = desktop.new_viewer()
    viewer.page.context.grant_permissions(["notifications"], origin=stack.url)
    viewer.open(f"{stack.url}/")
    assert viewer.page.evaluate(WORKER_READY)
    news = {"id": 7, "text": "alice is live", "detail": "<b>Mills</b>", "path": "/alice", "tag": "live:/alice"}
    push_until(viewer, stack, json.dumps(news), "all.length === 1")
    shown = {
        "title": "alice is live",
        "body": "<b>Mills</b>",
        "tag": "live:/alice",
        "data": {"id": 7, "path": "/alice"},
    }
    assert viewer.page.evaluate(SHOWN) == [shown]

    push_until(viewer, stack, json.dumps(news | {"text": "alice is live again"}), "all[0]?.title.endsWith('again')")
    assert len(viewer.page.evaluate(SHOWN)) == 1, "the newer one takes the place of the older"

    push_until(viewer, stack, "no JSON", "all.length === 2")
