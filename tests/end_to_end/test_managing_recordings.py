"""A streamer marks moments, ends, and makes of the recording what he wants; viewers jump and download."""

import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from bench.broadcasts import rendition_playlists, runs
from bench.browser import Browser, Viewer
from bench.recordings import recording_of, recording_playlist
from bench.show import Show
from tests.end_to_end.signing_in import sign_in
from tests.media import counter
from tests.transcode.live_services import wait_until

CHAPTER_APART_MS = 6_000
DRAWN_SECONDS, MADE_SECONDS = 30, 30


def test_from_a_marker_to_a_file(show: Show, browser: Browser) -> None:
    viewer = browser.new_viewer()
    sign_in(show.stack, viewer, show.streamer)
    mark_moments(show, viewer)
    show.finish()
    video_id = recording_of(show)["id"]
    watch_chapters(show, viewer, video_id)
    edit(show, viewer, video_id)
    look_at_thumbnails(show, video_id)
    download(show, viewer, video_id)
    cut(show, viewer, video_id)
    assert viewer.errors == []


def mark_moments(show: Show, viewer: Viewer) -> None:
    """A marker on the dashboard, which goes on playing, and another title."""
    page = viewer.page
    viewer.open(f"{show.stack.url}/dashboard/")
    mark = viewer.document_mark()
    page.wait_for_timeout(CHAPTER_APART_MS)
    page.get_by_label("What happens now").fill("The first marker")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("Marked. A chapter of the recording begins here.").wait_for()
    assert viewer.document_mark() == mark
    page.wait_for_timeout(CHAPTER_APART_MS)
    title = {"title": "Another title"}
    show.stack.api("PATCH", f"/channels/{show.streamer.login}", as_=show.streamer, json=title).raise_for_status()
    page.wait_for_timeout(CHAPTER_APART_MS)


def watch_chapters(show: Show, viewer: Viewer, video_id: str) -> None:
    """The list jumps and says where one is, the bar has marks and shows the title at the pointer."""
    page = viewer.page
    chapters = show.stack.api("GET", f"/videos/{video_id}/chapters").json()
    assert [one["title"] for one in chapters][1:] == ["The first marker", "Another title"]
    viewer.open(f"{show.stack.url}/videos/{video_id}")
    viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=15)
    page.get_by_role("button", name="The first marker").press("Enter")
    page.locator('[data-chapter][aria-current="true"]', has_text="The first marker").wait_for()
    assert page.evaluate("document.querySelector('video').currentTime") == pytest.approx(chapters[1]["seconds"], abs=2)
    assert page.locator(".player__tick").count() == 2
    page.locator("[data-seek]").hover()
    page.locator("[data-seek-chapter]:not(:empty)").wait_for()


def edit(show: Show, viewer: Viewer, video_id: str) -> None:
    page = viewer.page
    viewer.open(f"{show.stack.url}/dashboard/videos/{video_id}/")
    page.get_by_label("Description").fill("Played in the mill.\nhttps://example.org/mill")
    page.get_by_label("Chapters").fill("0:00 Opening\n0:09 Endgame")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    viewer.open(f"{show.stack.url}/videos/{video_id}")
    page.get_by_role("link", name="https://example.org/mill").wait_for()
    assert page.locator("[data-chapter]").count() == 2


def look_at_thumbnails(show: Show, video_id: str) -> None:
    """The storyboard for other players names pictures that are there."""
    http, track = show.stack.http, f"/videos/{video_id}/thumbnails.vtt"
    wait_until(lambda: http.get(track).status_code == 200, "no thumbnails", DRAWN_SECONDS)
    picture = http.get(http.get(track).text.splitlines()[3].partition("#")[0])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")


def download(show: Show, viewer: Viewer, video_id: str) -> None:
    page = viewer.page
    viewer.open(f"{show.stack.url}/videos/{video_id}/download")
    page.get_by_role("button", name="Make the file").click()
    link = page.get_by_role("link", name="Download, ")
    link.wait_for(timeout=MADE_SECONDS * 1000)
    head = show.stack.http.head(str(link.get_attribute("href")))
    assert (head.headers["content-disposition"], head.headers["content-type"]) == ("attachment", "video/mp4")
    with page.expect_download() as fetched, tempfile.TemporaryDirectory() as folder:
        link.click()
        path = Path(folder) / "recording.mp4"
        fetched.value.save_as(path)
        check_file(show, path)


def cut(show: Show, viewer: Viewer, video_id: str) -> None:
    """A highlight plays for its owner, also when the recording is gone, and for nobody else until she says so."""
    stack, page = show.stack, viewer.page
    viewer.open(f"{stack.url}/dashboard/videos/{video_id}/")
    page.get_by_label("From", exact=True).fill("0:04")
    page.get_by_label("To", exact=True).fill("0:12")
    page.get_by_role("button", name="Make it").click()
    page.get_by_text("The highlight is being made.").wait_for()
    highlight = str(page.get_by_role("link", name="Watch").first.get_attribute("href"))
    api = highlight.removeprefix("/")

    def is_made() -> bool:
        return bool(stack.api("GET", f"/{api}", as_=show.streamer).json()["duration_seconds"])

    wait_until(is_made, "no highlight", MADE_SECONDS)
    stack.api("DELETE", f"/videos/{video_id}", as_=show.streamer).raise_for_status()
    viewer.open(f"{stack.url}{highlight}")
    first = viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=15)
    assert first.number is not None
    assert page.evaluate("document.querySelector('video').duration") == pytest.approx(9, abs=2)
    assert stack.http.get(highlight).status_code == 404


def check_file(show: Show, path: Path) -> None:
    """Every picture of the recording is in it, in order, and the sound beside it."""
    playlists = rendition_playlists(show.stack, recording_playlist(show))
    recorded = [number for run in runs(show.stack, playlists[max(playlists)]) for number in run.counters()]
    assert counter.read_counters(path) == recorded
    argv = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type,duration", "-of", "json", str(path)]
    streams = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)["streams"]
    lengths = {stream["codec_type"]: float(stream["duration"]) for stream in streams}
    assert lengths["video"] == pytest.approx(lengths["audio"], abs=0.5)
