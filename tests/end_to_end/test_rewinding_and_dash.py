"""What lies beside the live playlists: the past to rewind to, key frames, DASH, storyboard and preview pictures."""

import re
import subprocess
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import httpx
import pytest

from bench.browser import Browser, Frame, Viewer
from bench.players import addresses_of, in_browser
from bench.show import Show
from tests.conformance.playlist_reader import read
from tests.transcode.test_dash import holes, listed

T = TypeVar("T")

APPEARS_SECONDS = 40
PREVIEW_SECONDS = 60
PLAYED_SECONDS = 5
FRAME_RATE = 30
RENDITIONS = {"source", "480p", "160p", "audio"}
BAR = "document.querySelector('#player [data-seek]')"
PRESS_HOME = f"""() => {{
  {BAR}.dispatchEvent(new KeyboardEvent("keydown", {{ key: "Home", bubbles: true, cancelable: true }}));
  return {BAR}.ariaValueText;
}}"""


@pytest.fixture
def addresses(long_show: Show) -> dict[str, str]:
    """Of the broadcast with all its qualities: on a busy machine it is on air before they are made."""
    found = addresses_of(long_show.stack, f"/streams/{long_show.stream_id}")

    def offers_all() -> bool | None:
        text = long_show.stack.http.get(found["hls"]).text
        return all(f"\n{name}/" in text for name in RENDITIONS - {"audio"}) or None

    wait_for(offers_all, "not every quality is made")
    return found


def wait_for(get: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + APPEARS_SECONDS
    while (found := get()) is None:
        assert time.monotonic() < deadline, what
        time.sleep(0.3)
    return found


def beside(addresses: dict[str, str], path: str) -> str:
    return f"{addresses['hls'].rsplit('/', 1)[0]}/{path}"


def test_a_key_frame_playlist_gives_exactly_one_picture(long_show: Show, addresses: dict[str, str]) -> None:
    """Initialization section and byte range, as FFmpeg decodes them."""
    http = long_show.stack.http

    def key_frames(rendition: str) -> str | None:
        text = http.get(beside(addresses, f"{rendition}/iframes.m3u8")).text
        return text if "BYTERANGE" in text else None

    for rendition in ("source", "160p"):
        text = wait_for(partial(key_frames, rendition), "no key frame")
        last = read(text).segments[-1]
        length = int(re.findall(r"BYTERANGE:(\d+)@0", text)[-1])
        init = http.get(beside(addresses, f"{rendition}/{last.map_uri}")).content
        head = http.get(beside(addresses, f"{rendition}/{last.uri}"), headers={"Range": f"bytes=0-{length - 1}"})
        assert (head.status_code, len(head.content)) == (206, length)
        assert pictures(init + head.content) == ["I"]


def pictures(media: bytes) -> list[str]:
    probe = ["ffprobe", "-v", "quiet", "-err_detect", "explode", "-show_entries", "frame=pict_type", "-of", "csv=p=0"]
    found = subprocess.run([*probe, "pipe:0"], input=media, capture_output=True).stdout.decode()
    return [line.strip(",") for line in found.split()]


def test_dash_players_get_the_live_segments(long_show: Show, browser: Browser, addresses: dict[str, str]) -> None:
    found = check_manifest(long_show.stack.http, addresses["dash"])
    assert set(found) == RENDITIONS
    check_shaka_plays(browser, addresses["dash"])


def check_manifest(http: httpx.Client, url: str) -> dict[str, list[tuple[str, float, float]]]:
    """Everything the manifest lists is there, and follows one another."""
    answer = http.get(url)
    assert answer.headers["content-type"] == "application/dash+xml"
    found = listed(answer.text)
    for times in found.values():
        assert holes(times) == []
        for address, _, _ in (times[0], times[-1]):
            assert http.get(httpx.URL(url).join(address)).status_code == 200
    return found


def check_shaka_plays(browser: Browser, url: str) -> None:
    page = browser.new_viewer(bypass_csp=True).page
    played = in_browser(page, "Shaka Player", url, "DASH", wanted=PLAYED_SECONDS)
    assert played.failure == ""
    assert played.seconds >= PLAYED_SECONDS


def test_storyboard_and_preview_are_fresh(long_show: Show, addresses: dict[str, str]) -> None:
    http = long_show.stack.http

    def storyboard() -> dict[str, Any] | None:
        answer = http.get(addresses["storyboard"])
        return answer.json() if answer.status_code == 200 else None

    sprite = wait_for(storyboard, "no storyboard")["sprites"][-1]
    assert sprite["tiles"] > 0
    picture = http.get(beside(addresses, sprite["url"]))
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert http.get(beside(addresses, sprite["url"]).replace("/media/", "/media/x")).status_code == 403
    preview = http.get(f"{long_show.stack.url}/api/v1/streams/{long_show.stream_id}").json()["preview_url"]
    assert time.time() - int(re.findall(r"/(\d+)\.jpg", preview)[0]) < PREVIEW_SECONDS


def test_charlie_rewinds_to_the_beginning_and_returns_to_the_edge(long_show: Show, browser: Browser) -> None:
    charlie = browser.new_viewer()
    loaded: list[str] = []
    charlie.page.on("response", lambda answer: loaded.append(httpx.URL(answer.url).path))
    charlie.open(long_show.page)
    live = wait_for_live(charlie, long_show)
    mark = charlie.document_mark()
    charlie.wait_until(f"{BAR}.ariaValueText === 'Live'", seconds=5)
    assert not [path for path in loaded if "/dvr/" in path]

    assert "behind live" in charlie.page.evaluate(PRESS_HOME)  # at once, whenever the picture comes
    earlier = charlie.wait_for_frame(
        lambda frame: frame.number is not None and frame.number < (live.number or 0) - 4 * FRAME_RATE,
        since=time.time(),
        seconds=10,
    )
    assert [path for path in loaded if "/dvr/" in path]
    assert "behind live" in charlie.page.evaluate(f"() => {BAR}.ariaValueText")
    # The bar tells the time at which the frame was sent, and the beginning is near the first one.
    told = charlie.page.evaluate("at => window.millracePlayer.player.engine.unixAt(at)", earlier.media_time)
    assert told == pytest.approx(long_show.sent[earlier.number or 0], abs=1)
    assert told - min(long_show.sent.values()) < 3

    charlie.page.get_by_role("button", name="Go to the live edge").click()
    wait_for_live(charlie, long_show)
    charlie.wait_until(f"{BAR}.ariaValueText === 'Live'", seconds=5)
    assert charlie.document_mark() == mark
    assert charlie.errors == []


def wait_for_live(viewer: Viewer, show: Show) -> Frame:
    return viewer.wait_for_frame(
        lambda frame: frame.number in show.sent and frame.shown_at - show.sent[frame.number] < 3,
        since=time.time(),
        seconds=15,
    )
