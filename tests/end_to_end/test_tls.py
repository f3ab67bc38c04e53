"""The same site over TLS: pages, playlists that are held, parts, and chat."""

import pytest

from bench.browser import Browser, Frame
from bench.show import Show
from bench.stack import Person, Stack
from tests.end_to_end.signing_in import sign_in
from tests.end_to_end.test_chatting import SEEN_MS, say

FIRST_FRAME_SECONDS = 20
WATCHED_MS = 3_000
PROTOCOLS = """() => performance.getEntriesByType("resource").filter(entry => entry.name.includes("/media/"))
    .filter(entry => entry.nextHopProtocol)  // empty of requests that the player gave up
    .map(entry => [entry.name.split("?")[0].split(".").pop(), entry.nextHopProtocol])"""


def readable(frame: Frame) -> bool:
    return frame.number is not None


@pytest.fixture
def secure_page(stack: Stack, show: Show) -> str:
    return f"https://127.0.0.1:{stack.environment['MILLRACE_TLS_PORT']}/{show.streamer.login}"


def test_live_plays_over_http_2_and_chat_over_wss(
    stack: Stack, show: Show, browser: Browser, bob: Person, secure_page: str
) -> None:
    """A-151"""
    charlie = browser.new_viewer(any_certificate=True)
    sockets: list[str] = []
    charlie.page.on("websocket", lambda socket: sockets.append(socket.url))
    charlie.open(secure_page)
    first = charlie.wait_for_frame(readable, seconds=FIRST_FRAME_SECONDS)
    assert first.number in show.sent

    writer = browser.new_viewer()
    sign_in(stack, writer, bob)
    writer.open(show.page)
    say(writer, "Said over plain HTTP, read over TLS")
    charlie.page.get_by_text("Said over plain HTTP, read over TLS").wait_for(timeout=SEEN_MS)
    assert any(url.startswith("wss://") and "/chat/" in url for url in sockets)

    charlie.page.wait_for_timeout(WATCHED_MS)
    protocols = {tuple(entry) for entry in charlie.page.evaluate(PROTOCOLS)}
    assert {("m3u8", "h2"), ("m4s", "h2")} <= protocols
    assert {protocol for _, protocol in protocols} == {"h2"}
