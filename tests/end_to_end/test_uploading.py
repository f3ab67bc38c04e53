"""Alice uploads a video in a real browser; her line breaks, she comes back, and it is watched."""

import time
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from bench.browser import Browser
from bench.stack import Person, Stack
from tests.end_to_end.signing_in import sign_in
from tests.transcode.made_files import AAC, make, sound

WAIT_MS = 60_000
PATCHES_LET_THROUGH = 1


def large_video(path: Path) -> Path:
    """Three pieces of noise."""
    noise = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=30:d=4,noise=alls=90:allf=t"]
    encode = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "40M", "-minrate", "40M", "-pix_fmt", "yuv420p"]
    return make(path, *noise, *sound(seconds=4), *encode, *AAC, "-f", "mp4")


def break_the_line(page: Page) -> None:
    """After the first piece nothing comes through any more."""
    sent = 0

    def perhaps(route: Route) -> None:
        nonlocal sent
        sent += route.request.method == "PATCH"
        if route.request.method == "PATCH" and sent > PATCHES_LET_THROUGH:
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/uploads/**", perhaps)


def test_upload_goes_on_after_a_break_and_is_watched(
    stack: Stack, browser: Browser, alice: Person, tmp_path: Path
) -> None:
    file = large_video(tmp_path / "Chess night.mp4")
    assert file.stat().st_size > 9 << 20
    viewer = browser.new_viewer()
    page = viewer.page
    sign_in(stack, viewer, alice)
    break_the_line(page)
    viewer.open(f"{stack.url}/dashboard/videos/upload")

    page.locator("[data-begin]").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a video first")
    page.locator("#file").set_input_files(file)
    expect(page.locator("#title")).to_have_value("Chess night")
    page.locator("#visibility").select_option("public")
    page.locator("[data-begin]").click()
    row = page.locator("[data-upload]")
    expect(row).to_contain_text("the connection is lost", timeout=WAIT_MS)

    page.unroute("**/api/v1/uploads/**")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(row).to_contain_text("Choose “Chess night.mp4” again to go on")
    expect(row).to_contain_text("8.4 MB of")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Go on where it stopped").click()
    expect(row).to_contain_text("Ready.", timeout=WAIT_MS)
    expect(row).to_have_count(1)

    row.get_by_role("link", name="Watch").click()
    began = time.monotonic()
    while page.locator("#player-video").evaluate("video => video.currentTime") < 1:
        assert time.monotonic() - began < WAIT_MS / 1000
        page.wait_for_timeout(100)
    assert viewer.errors == []


def test_what_is_no_video_is_refused_on_the_page(stack: Stack, browser: Browser, alice: Person, tmp_path: Path) -> None:
    file = tmp_path / "list.mp4"
    file.write_text("#EXTM3U\n#EXTINF:2,\nhttp://127.0.0.1:1/a.ts\n")
    viewer = browser.new_viewer()
    page = viewer.page
    sign_in(stack, viewer, alice)
    viewer.open(f"{stack.url}/dashboard/videos/upload")
    page.locator("#file").set_input_files(file)
    page.keyboard.press("Tab")
    page.locator("[data-begin]").press("Enter")
    row = page.locator("[data-upload]", has_text="list.mp4")
    expect(row).to_contain_text("This is a list of addresses, not a video.", timeout=WAIT_MS)
    row.get_by_role("button", name="Hide").press("Enter")
    expect(row).to_have_count(0)
    assert viewer.errors == []
