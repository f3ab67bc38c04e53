"""Charlie clips what he sees, in the player; everyone can watch the clip, also when the broadcast is gone."""

import time

import httpx
import pytest

from bench.browser import Browser, Viewer
from bench.clipping import make_clip
from bench.show import Show
from bench.stack import Person, Stack
from tests.end_to_end.signing_in import sign_in
from tests.media.counter import read_counters_of_bytes

FIRST_FRAME_SECONDS = 20
WATCHED_MS = 13_000
READY_SECONDS = 20
FPS = 30


@pytest.fixture
def charlie_watching(show: Show, browser: Browser, charlie: Person) -> Viewer:
    viewer = browser.new_viewer()
    sign_in(show.stack, viewer, charlie)
    viewer.open(show.page)
    viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=FIRST_FRAME_SECONDS)
    viewer.page.wait_for_timeout(WATCHED_MS)
    return viewer


def test_a_clip_of_what_is_on_air_plays_on_its_page(
    show: Show, browser: Browser, charlie_watching: Viewer, charlie: Person
) -> None:
    made = make_clip(charlie_watching, seconds=10)
    assert made.pictures_off == 0
    assert charlie_watching.errors == []
    clip = wait_until_ready(show.stack, made.clip_id)
    assert clip["clipper"] == charlie.login
    media = show.stack.http.get(clip["video_url"])
    numbers = read_counters_of_bytes(media.content)
    assert numbers[: 10 * FPS - 3] == list(range(numbers[0] or 0, (numbers[0] or 0) + 10 * FPS - 3))
    part = show.stack.http.get(clip["video_url"], headers={"Range": "bytes=0-99"})
    assert (part.status_code, part.content) == (206, media.content[:100])
    assert show.stack.http.get(clip["poster_url"]).headers["content-type"] == "image/jpeg"
    assert show.stack.http.get(clip["video_url"].replace("/media/", "/media/x")).status_code == 403

    framed = browser.new_viewer()
    framed.open(f"{show.stack.url}{clip['embed_url']}")
    framed.wait_for_frame(lambda frame: frame.number is not None, seconds=FIRST_FRAME_SECONDS)

    assert show.stack.api("DELETE", f"/clips/{made.clip_id}", as_=charlie).status_code == 204
    assert show.stack.http.get(clip["video_url"]).status_code == 404


def test_a_broadcast_that_ends_meanwhile_still_gives_its_clip(
    show: Show, charlie_watching: Viewer, charlie: Person
) -> None:
    asked = {"channel": show.streamer.login, "duration_seconds": 8}
    answer = show.stack.api("POST", "/clips", as_=charlie, json=asked)
    show.finish()
    assert answer.status_code == 202
    late = show.stack.api("POST", "/clips", as_=charlie, json=asked)  # its viewers still see it
    assert late.status_code == 202
    for one in (answer, late):
        clip = wait_until_ready(show.stack, one.json()["id"])
        numbers = read_counters_of_bytes(show.stack.http.get(clip["video_url"]).content)
        assert len(numbers) >= 8 * FPS - 3


def wait_until_ready(stack: Stack, clip_id: str) -> dict[str, str]:
    deadline = time.monotonic() + READY_SECONDS
    while (clip := get(stack.http, clip_id))["state"] == "making":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert clip["state"] == "ready", clip["problem"]
    return clip


def get(http: httpx.Client, clip_id: str) -> dict[str, str]:
    return dict(http.get(f"/api/v1/clips/{clip_id}").json())
