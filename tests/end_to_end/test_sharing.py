"""Recordings and channels outside the site: in yt-dlp, in other people's pages; and what viewing leaves behind."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame as PageFrame

from bench.browser import Browser, Viewer
from bench.recordings import recording_of
from bench.show import Show
from bench.stack import Person, Stack
from tests.end_to_end.signing_in import sign_in

ON_AIR_SECONDS = 32  # long enough to come back to its middle
PLAYS_SECONDS = 20
WRITTEN_SECONDS = 20  # views are written every ten
REFUSED = "chrome-error://chromewebdata/"  # where Chromium is instead of a page that may not be framed
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"


@pytest.fixture(scope="module")
def shows(stack: Stack, cast: dict[str, list[Person]]) -> Iterator[tuple[Show, Show]]:
    """Alice has been on air, Bob still is."""
    with (
        Show(stack, cast["alice"].pop(), loop=True) as alices,
        Show(stack, cast["bob"].pop(), loop=True) as bobs,
    ):
        time.sleep(ON_AIR_SECONDS)
        alices.finish()
        yield alices, bobs
        bobs.finish()


@pytest.fixture(scope="module")
def recording(shows: tuple[Show, Show]) -> dict[str, Any]:
    """Alice's recording, as the API tells of it."""
    return recording_of(shows[0])


@pytest.fixture
def foreign_site() -> Iterator["ForeignSite"]:
    """Somebody else's site, on another origin."""
    site = ForeignSite()
    yield site
    site.server.shutdown()


class ForeignSite:
    """Answers everything with one page that frames `framed`."""

    def __init__(self) -> None:
        self.framed: list[str] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                frames = [f'<iframe src="{url}" width="640" height="360"></iframe>' for url in owner.framed]
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write("".join(["<!doctype html>", *frames]).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def yt_dlp(*arguments: str) -> str:
    command = [sys.executable, "-m", "yt_dlp", "--no-warnings", "--ignore-config", "--no-cache-dir", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    return done.stdout


def seconds_of(media: Path | str) -> float:
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(media)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout)


def test_yt_dlp_plays_the_pages(
    stack: Stack, shows: tuple[Show, Show], recording: dict[str, Any], tmp_path: Path
) -> None:
    found = json.loads(yt_dlp("-J", f"{stack.url}{recording['url']}"))

    assert found["title"] == "Untitled broadcast"
    assert found["duration"] == pytest.approx(recording["duration_seconds"], abs=1)
    assert (found["uploader"], found.get("is_live") or False) == (shows[0].streamer.login, False)
    assert {720, 480} <= {one.get("height") for one in found["formats"]}
    yt_dlp("-f", "bv[height=720]+ba", "-o", str(tmp_path / "show.%(ext)s"), f"{stack.url}{recording['url']}")
    [file] = tmp_path.iterdir()
    for media in (file, f"{stack.url}{recording['url']}/playlist.m3u8"):  # the second is what feeds name
        assert seconds_of(media) == pytest.approx(recording["duration_seconds"], abs=0.5)

    live = json.loads(yt_dlp("-J", f"{stack.url}/{shows[1].streamer.login}"))
    assert live["is_live"]
    assert 720 in {one.get("height") for one in live["formats"]}


def test_the_embed_plays_in_another_page_and_the_page_itself_does_not(
    stack: Stack, browser: Browser, shows: tuple[Show, Show], recording: dict[str, Any], foreign_site: ForeignSite
) -> None:
    embed = f"{stack.url}/embed{recording['url']}?t=8s"
    live = f"{stack.url}/embed/{shows[1].streamer.login}"
    foreign_site.framed = [embed, live, f"{stack.url}{recording['url']}"]
    charlie = browser.new_viewer()
    charlie.open(foreign_site.url)

    frames = wait_for_frames(charlie, {embed, live, REFUSED})
    assert place(charlie, frames[embed]) >= 8
    assert place(charlie, frames[live]) > 0
    assert charlie.page.context.cookies() == []
    for url in (embed, live):
        assert frames[url].evaluate("() => document.querySelector('video').muted")
        assert frames[url].locator("[data-unmute]").is_visible()
        assert frames[url].locator("[data-origin]").get_attribute("href") == url.replace("/embed", "").split("?")[0]
    assert f"{stack.url}{recording['url']}" not in frames
    frames[embed].locator("video").hover()
    with charlie.page.context.expect_page() as opened:
        frames[embed].locator("[data-origin]").click()
    assert opened.value.url == f"{stack.url}{recording['url']}"
    assert charlie.page.url == foreign_site.url
    assert charlie.errors == []


def test_watching_counts_once_and_programs_do_not(stack: Stack, browser: Browser, recording: dict[str, Any]) -> None:
    charlie, program = browser.new_viewer(user_agent=PERSON), browser.new_viewer()
    before = views(stack, recording)
    program.open(f"{stack.url}{recording['url']}")
    wait_for_report(program)
    assert wait_for_report(charlie, f"{stack.url}{recording['url']}") == {"counted": True}
    assert wait_for_report(charlie, f"{stack.url}{recording['url']}") == {"counted": False}

    deadline = time.monotonic() + WRITTEN_SECONDS
    while views(stack, recording) == before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert views(stack, recording) == before + 1


def test_charlie_goes_on_in_another_browser_where_he_stopped(
    stack: Stack, browser: Browser, charlie: Person, recording: dict[str, Any]
) -> None:
    first, second = browser.new_viewer(), browser.new_viewer()
    sign_in(stack, first, charlie)
    first.open(f"{stack.url}{recording['url']}")
    first.wait_until("document.querySelector('video').currentTime > 0.5", seconds=PLAYS_SECONDS)
    first.page.evaluate("() => { document.querySelector('video').currentTime = 13; }")
    first.wait_until("document.querySelector('video').currentTime > 13.5", seconds=PLAYS_SECONDS)
    first.open(f"{stack.url}/")  # he leaves

    sign_in(stack, second, charlie)
    bar = second.page.locator(f".card:has(a[href='{recording['url']}']) progress").first
    assert 13 <= float(bar.get_attribute("value") or 0) < 16
    second.open(f"{stack.url}{recording['url']}")
    second.wait_until("document.querySelector('video').currentTime > 0.1", seconds=PLAYS_SECONDS)
    assert second.page.evaluate("() => document.querySelector('video').currentTime") >= 13
    second.open(f"{stack.url}{recording['url']}?t=2")  # a link that says where to begin
    second.wait_until("document.querySelector('video').currentTime > 2", seconds=PLAYS_SECONDS)
    assert second.page.evaluate("() => document.querySelector('video').currentTime") < 13


def test_the_share_dialog_gives_what_was_asked_for(stack: Stack, browser: Browser, recording: dict[str, Any]) -> None:
    charlie = browser.new_viewer()
    charlie.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=stack.url)
    charlie.open(f"{stack.url}{recording['url']}?t=9")
    # Chromium forgets a seek that is paused before it has arrived.
    charlie.wait_until("document.querySelector('video').currentTime > 9.2", seconds=PLAYS_SECONDS)
    charlie.page.keyboard.press("k")
    charlie.page.get_by_role("button", name="Share").focus()
    charlie.page.keyboard.press("Enter")
    charlie.page.get_by_role("button", name="Copy the link to this moment").focus()
    charlie.page.keyboard.press("Enter")
    charlie.page.get_by_text("Copied.").wait_for()
    copied = charlie.page.evaluate("() => navigator.clipboard.readText()")
    assert copied.split("?t=")[0] == f"{stack.url}{recording['url']}"
    assert 9 <= int(copied.split("?t=")[1]) <= 15
    charlie.page.keyboard.press("Escape")
    assert not charlie.page.locator("#share").is_visible()


def wait_for_frames(viewer: Viewer, addresses: set[str]) -> dict[str, PageFrame]:
    deadline = time.monotonic() + PLAYS_SECONDS
    while not addresses <= {frame.url for frame in viewer.page.frames}:
        assert time.monotonic() < deadline, viewer.page.frames
        viewer.page.wait_for_timeout(50)
    return {frame.url: frame for frame in viewer.page.frames}


def place(viewer: Viewer, frame: PageFrame) -> float:
    """Where the player in a frame is, once it plays."""
    deadline = time.monotonic() + PLAYS_SECONDS
    playing = (
        "() => { const v = document.querySelector('video'); return v.paused || v.readyState < 3 ? 0 : v.currentTime; }"
    )
    while not (at := float(frame.evaluate(playing))):
        assert time.monotonic() < deadline
        viewer.page.wait_for_timeout(50)
    return at


def wait_for_report(viewer: Viewer, url: str = "") -> Any:
    """What the site answers when the player tells that it is watched."""
    with viewer.page.expect_response(lambda one: one.url.endswith("/views"), timeout=PLAYS_SECONDS * 1000) as told:
        if url:
            viewer.open(url)
    return told.value.json()


def views(stack: Stack, recording: dict[str, Any]) -> int:
    return int(stack.api("GET", f"/videos/{recording['id']}").json()["view_count"])
