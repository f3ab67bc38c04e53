"""Two people chat beside the picture, in two browsers."""

import time

import pytest
from playwright.sync_api import Dialog

from bench import chat_replay
from bench.browser import Browser, Viewer
from bench.recordings import recording_of
from bench.show import Show
from bench.stack import Person, Stack
from tests.end_to_end.signing_in import sign_in

SEEN_MS = 15_000


def say(viewer: Viewer, text: str) -> None:
    viewer.page.locator("[data-chat] [data-loading]").wait_for(state="detached")  # connected
    box = viewer.page.locator("[data-chat] [data-input]")
    box.fill(text)
    box.press("Enter")


def test_bob_and_charlie_read_one_another(
    stack: Stack, long_show: Show, browser: Browser, bob: Person, charlie: Person
) -> None:
    pages = {}
    for person in (bob, charlie):
        pages[person.login] = browser.new_viewer()
        sign_in(stack, pages[person.login], person)
        pages[person.login].open(long_show.page)
    say(pages[bob.login], "Can you see her?")
    for viewer in pages.values():
        viewer.page.get_by_text("Can you see her?").wait_for(timeout=SEEN_MS)
    say(pages[charlie.login], "Yes, <b>live</b> & well")
    for viewer in pages.values():
        viewer.page.get_by_text("Yes, <b>live</b> & well").wait_for(timeout=SEEN_MS)
        assert viewer.errors == []


def test_who_comes_later_reads_what_was_said(stack: Stack, long_show: Show, browser: Browser, bob: Person) -> None:
    first = browser.new_viewer()
    sign_in(stack, first, bob)
    first.open(long_show.page)
    say(first, "Said before you came")
    first.page.get_by_text("Said before you came").wait_for(timeout=SEEN_MS)
    later = browser.new_viewer()
    later.open(long_show.page)
    later.page.get_by_text("Said before you came").wait_for(timeout=SEEN_MS)


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>"])
def test_markup_in_chat_is_only_text(stack: Stack, long_show: Show, browser: Browser, bob: Person, text: str) -> None:
    viewer = browser.new_viewer()
    sign_in(stack, viewer, bob)
    viewer.open(long_show.page)
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    viewer.page.on("dialog", note)
    say(viewer, text)
    viewer.page.get_by_text(text).wait_for(timeout=SEEN_MS)
    viewer.page.wait_for_timeout(300)
    assert dialogs == []


def test_what_was_said_stands_beside_recording_and_clip_when_it_was_said(show: Show, browser: Browser) -> None:
    talk = chat_replay.Talk(show)
    talk.go_on(12)
    show.finish()
    time.sleep(chat_replay.STORED_SECONDS)
    recording = recording_of(show)["id"]
    clip = chat_replay.make_clip(show, video=recording, offset_seconds=3, duration_seconds=7)
    charlie = browser.new_viewer()
    for address, places in ((f"{show.stack.url}/videos/{recording}", (9.0, 3.5, 6.2)), (clip, (5.8, 1.0, 4.0))):
        chat_replay.open_page(charlie, address)
        for place in places:
            chat_replay.seek(charlie, place)
            assert chat_replay.beside_picture(charlie, show, talk) <= chat_replay.BAR_SECONDS
    assert charlie.errors == []
    assert talk.removed


def test_the_check_of_the_replay_notices_what_is_wrong() -> None:
    said = {f"m{number}": 100.0 + number for number in range(5)}
    assert chat_replay.offset(102.5, ["m0", "m1", "m2"], said) == 0
    assert chat_replay.offset(102.5, ["m1", "m2", "m3", "m4"], said) == 1.5
    assert chat_replay.offset(104.5, ["m0", "m1", "m2"], said) == 1.5
    for broken in ([], ["m0", "m2"], ["m1", "m0"], ["m2", "m2"]):
        assert chat_replay.offset(102.5, broken, said) == float("inf")
