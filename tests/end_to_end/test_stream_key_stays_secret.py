"""A whole evening on air, and then the search: the stream key is nowhere but in Alice's own memory."""

import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Response, WebSocket

from bench import leaks
from bench.browser import Browser, Viewer
from bench.recordings import recording_playlist
from bench.show import Show
from bench.stack import Person, Stack
from tests.end_to_end.signing_in import sign_in
from tests.media.publisher import Publisher, clip_tags
from tests.media.rtmp_client import Refused

FIRST_FRAME_SECONDS = 20
PAGES = [
    "/",
    "/{alice}",
    "/dashboard/",
    "/dashboard/setup/",
    "/dashboard/videos/",
    "/browse",
    "/accounts/login/",
    "/nothing",
]
CALLS = [
    "/streams",
    "/streams/{alice}",
    "/streams/{alice}/playback",
    "/channels/{alice}",
    "/channels/{alice}/health",
    "/videos",
    "/schema",
]
PLANTED = "canary_planted_to_be_found_0123456789"


class Bodies:
    """Everything that browsers and API callers were answered."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []

    def listen(self, viewer: Viewer) -> None:
        viewer.page.on("response", self._note_response)
        viewer.page.on("websocket", self._note_socket)

    def note(self, answer: httpx.Response) -> None:
        self.texts.append((str(answer.url), f"{answer.headers}\n{answer.text}"))

    def places_of(self, word: str) -> list[str]:
        return [f"answer of {url}" for url, text in self.texts if word in url or word in text]

    def _note_response(self, response: Response) -> None:
        self.texts.append((response.url, repr(response.headers)))

    def _note_socket(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.texts.append((socket.url, str(frame))))


@pytest.fixture
def bodies() -> Bodies:
    return Bodies()


@pytest.fixture
def evening(show: Show, browser: Browser, bob: Person, charlie: Person, bodies: Bodies) -> Iterator[Show]:
    """Alice is on air, is seen from all sides, makes every mistake, and ends."""
    stack, alice = show.stack, show.streamer
    owner, viewer = browser.new_viewer(), browser.new_viewer()
    for page, person in ((owner, alice), (viewer, charlie)):
        sign_in(stack, page, person)
        bodies.listen(page)
        page.open(f"{stack.url}/dashboard/")
        page.page.wait_for_timeout(1_500)
        page.open(show.page)
        page.wait_for_frame(lambda frame: frame.number is not None, seconds=FIRST_FRAME_SECONDS)
    crawl(stack, alice, [None, bob, alice], bodies)
    for path in PAGES:
        for page in (owner, viewer):
            page.open(stack.url + path.format(alice=alice.login))
            bodies.texts.append((page.page.url, page.page.content()))
    for mistake in (alice.stream_key, f"{alice.stream_key}x", f"{alice.stream_key}?a=b", f"x?name={alice.stream_key}"):
        with pytest.raises(Refused):  # a second encoder, and keys that are nearly right
            Publisher(port=stack.rtmp_port, key=mistake, tags=clip_tags()).start()
    for app in ("live2", f"live/{alice.stream_key}"):
        with pytest.raises(Refused):
            Publisher(port=stack.rtmp_port, key=alice.stream_key, tags=clip_tags(), app=app).start()
    stack.http.get(f"/{alice.login}", headers={"Accept": "*/*"})
    show.publisher.drop()
    show.begin()
    owner.page.wait_for_timeout(3_000)
    for url in (show.playlist(),):
        bodies.note(stack.http.get(url))
    yield show
    browser.close_viewers()


def crawl(stack: Stack, alice: Person, callers: list[Person | None], bodies: Bodies) -> None:
    for caller in callers:
        for path in CALLS:
            bodies.note(stack.api("GET", path.format(alice=alice.login), as_=caller))
    for path in PAGES:
        bodies.note(stack.http.get(path.format(alice=alice.login)))


def test_the_stream_key_is_found_nowhere(evening: Show, bodies: Bodies) -> None:
    key = evening.streamer.stream_key
    assert len(key) > 22  # 128 bits in base64
    on_air = leaks.find_word(evening.stack, key)  # command lines are looked at while everything runs
    evening.finish()
    bodies.note(evening.stack.http.get(recording_playlist(evening)))
    assert on_air == []
    assert leaks.find_word(evening.stack, key) == []
    assert bodies.places_of(key) == []
    assert len(bodies.texts) > 50


def test_the_search_finds_what_is_there(stack: Stack, alice: Person, bodies: Bodies) -> None:
    """The control: a word that was planted in each kind of place is found in each."""
    stack.api("PATCH", f"/channels/{alice.login}", as_=alice, json={"title": PLANTED}).raise_for_status()
    (stack.data / "logs" / "planted.log").write_text(f"line\nkey={PLANTED}\n")
    leaks.set_in_redis(stack, PLANTED)
    bodies.note(stack.http.get(f"/{alice.login}"))
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", PLANTED])
    try:
        found = leaks.find_word(stack, PLANTED)
    finally:
        sleeper.kill()
        sleeper.wait()
        leaks.remove_from_redis(stack)
        (stack.data / "logs" / "planted.log").unlink()
    for kind in ("file ", "database row", "Redis ", "command line "):
        assert [place for place in found if place.startswith(kind)], f"not found: {kind}"
    assert bodies.places_of(PLANTED)
