"""Charlie clips what he sees, in the player; everyone can watch the clip, also when the broadcast is gone."""

import time

import httpx
import pytest

from bench.browser import Browser, Viewer
from bench.clipping import make_clip
from bench.free_ports import free_block
from bench.recordings import recording_of
from bench.show import Show
from bench.stack import Person, Stack
from tests.end_to_end.signing_in import sign_in
from tests.media.counter import read_counters_of_bytes
from tests.stack.answering import Answer, Asked, answering

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
    assert abs(made.pictures_off) <= 1  # the page knows dates to some milliseconds
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

    check_plays_in_another_page(browser.new_viewer(), f"{show.stack.url}{clip['embed_url']}")

    assert show.stack.api("DELETE", f"/clips/{made.clip_id}", as_=charlie).status_code == 204
    assert show.stack.http.get(clip["video_url"]).status_code == 404


def check_plays_in_another_page(viewer: Viewer, address: str) -> None:
    """A frame of another site; the control is the clip's page, which nobody may frame."""
    port = free_block(1)
    video = viewer.page.frame_locator("iframe").locator("video")
    with answering(port, frame_what_is_named):
        viewer.page.goto(f"http://127.0.0.1:{port}/{address}")
        video.wait_for(timeout=FIRST_FRAME_SECONDS * 1000)
        video.evaluate("video => new Promise((resolve) => video.requestVideoFrameCallback(resolve))")
        viewer.page.goto(f"http://127.0.0.1:{port}/{address.removesuffix('/embed')}")
        viewer.page.wait_for_timeout(1_000)
        assert video.count() == 0


def frame_what_is_named(asked: Asked) -> Answer:
    frame = f'<iframe src="{asked.path[1:]}" width="640" height="360" allow="autoplay"></iframe>'
    return Answer(body=frame.encode(), headers={"Content-Type": "text/html"})


def test_any_part_of_a_recording_becomes_a_clip(show: Show, charlie_watching: Viewer) -> None:
    show.finish()
    charlie_watching.open(f"{show.stack.url}/videos/{recording_of(show)['id']}")
    video = "document.querySelector('#player-video')"
    charlie_watching.wait_until(f"{video}?.currentTime > 10", seconds=FIRST_FRAME_SECONDS + 10)
    made = make_clip(charlie_watching, seconds=8)
    assert abs(made.pictures_off) <= 1  # the page knows dates to some milliseconds
    clip = wait_until_ready(show.stack, made.clip_id)
    assert clip["video"] == recording_of(show)["id"]


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
