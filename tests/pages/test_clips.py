"""The pages of clips: watching, framing, sharing, deleting one; where clips are made and listed."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from streaming.models import Broadcast
from tests.pages.conftest import browser_of
from tests.pages.test_pages import INLINE_CODE
from tests.pages.test_player_rules import ask
from vod.models import Clip, Visibility, Vod

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip(recording: Vod, charlie: User) -> Clip:
    """Charlie's clip of yesterday's broadcast."""
    return Clip.objects.create(
        channel=recording.channel,
        broadcast=recording.broadcast,
        clipper=charlie,
        title="The <sky> falls",
        starts_at=timezone.now() - timedelta(days=1),
        duration_seconds=42,
        state="ready",
        width=1280,
        height=720,
    )


def page(path: str, user: User | None = None) -> str:
    answer = browser_of(user).get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_a_clip_plays_and_says_whose_it_is(clip: Clip) -> None:
    seen = page(f"/clips/{clip.public_id}")
    assert re.search(rf'<video[^>]* src="/media/[^/]+/{clip.public_id}/clip\.mp4"[^>]* loop ', seen)
    assert re.search(rf'<a[^>]* href="/media/[^/]+/{clip.public_id}/clip\.mp4" download="alice-', seen)
    for words in ("The &lt;sky&gt; falls", "<strong>charlie</strong>", 'href="/alice"', "Watch the whole recording"):
        assert words in seen
    assert "Delete" not in seen
    clip.refresh_from_db()
    assert clip.view_count == 1


def test_the_chat_of_its_time_is_beside_it(clip: Clip) -> None:
    Clip.objects.update(joins=[[20.5, 1_800_000_000.25]])
    seen = page(f"/clips/{clip.public_id}")
    assert f'data-chat-replay="/api/v1/streams/{clip.broadcast.public_id}/chat"' in seen  # type: ignore[union-attr]
    assert f'data-started-at="{clip.broadcast.started_at.timestamp():.6f}"' in seen  # type: ignore[union-attr]
    spans = json.loads(seen.partition('<script id="spans" type="application/json">')[2].partition("</script>")[0])
    assert spans == [[0.0, clip.starts_at.timestamp()], [20.5, 1_800_000_000.25]]
    assert "data-chat-replay" not in page(f"/clips/{clip.public_id}/embed")
    Broadcast.objects.update(started_at=None)  # of an upload: nobody talked
    assert "data-chat-replay" not in page(f"/clips/{clip.public_id}")


def test_other_sites_are_told_what_it_is(clip: Clip, settings: Any) -> None:
    seen = page(f"/clips/{clip.public_id}")
    address = f"{settings.SITE_URL}/clips/{clip.public_id}"
    for name, content in (("og:video", "/clip.mp4"), ("og:image", "/poster.jpg"), ("og:url", "")):
        assert f'<meta property="{name}" content="{address}{content}">' in seen
    answer = Client().get(f"/clips/{clip.public_id}/clip.mp4")
    assert (answer.status_code, answer["Location"].split("/")[-1]) == (302, "clip.mp4")
    Clip.objects.update(visibility=Visibility.PRIVATE)
    assert "og:video" not in page(f"/clips/{clip.public_id}", clip.channel.owner)
    assert Client().get(f"/clips/{clip.public_id}/clip.mp4").status_code == 404


def test_one_that_is_being_made_says_so_and_refreshes_without_javascript(clip: Clip) -> None:
    Clip.objects.update(state="making")
    seen = page(f"/clips/{clip.public_id}")
    assert "The clip is being made" in seen
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in seen
    assert re.search(r"<video[^>]* hidden ", seen)
    assert not re.search(r"<video[^>]* src=", seen)
    assert re.search(r"<a[^>]* hidden[^>]* download=", seen)
    assert Clip.objects.get().view_count == 0
    assert Client().get(f"/clips/{clip.public_id}/poster.jpg").status_code == 404


def test_one_that_failed_says_why(clip: Clip) -> None:
    Clip.objects.update(state="failed", problem="FFmpeg could not make the clip.")
    assert "FFmpeg could not make the clip." in page(f"/clips/{clip.public_id}")


def test_any_page_may_frame_the_player_and_none_the_page(clip: Clip) -> None:
    embed = Client().get(f"/clips/{clip.public_id}/embed")
    assert "X-Frame-Options" not in embed
    assert "frame-ancestors *" in embed["Content-Security-Policy"]
    assert "script-src 'self'" in embed["Content-Security-Policy"]
    whole = Client().get(f"/clips/{clip.public_id}")
    assert whole["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in whole["Content-Security-Policy"]


def test_deleted_and_private_ones_are_not_there(clip: Clip) -> None:
    Clip.objects.update(visibility=Visibility.PRIVATE)
    paths = [f"/clips/{clip.public_id}{end}" for end in ("", "/embed", "/poster.jpg")]
    assert {Client().get(path).status_code for path in paths} == {404}
    assert browser_of(clip.channel.owner).get(paths[0]).status_code == 200
    Clip.objects.update(visibility=Visibility.PUBLIC, deleted_at=timezone.now())
    assert {Client().get(path).status_code for path in [*paths, "/clips/1", "/clips/" + "0" * 24]} == {404}


def test_its_clipper_deletes_it_without_javascript(clip: Clip, bob: User, charlie: User) -> None:
    path = f"/clips/{clip.public_id}/delete"
    assert Client().get(path)["Location"].startswith("/accounts/login/")
    assert browser_of(bob).post(path)["Location"] == f"/clips/{clip.public_id}"
    assert Clip.objects.kept().exists()
    assert "Delete this clip?" in page(path, charlie)
    assert browser_of(charlie).post(path)["Location"] == "/dashboard/clips/"
    assert not Clip.objects.kept().exists()


def test_the_dashboard_lists_the_channels_clips_and_ones_own(clip: Clip, alice: User, bob: User, charlie: User) -> None:
    for user in (alice, charlie):
        seen = page("/dashboard/clips/", user)
        assert "The &lt;sky&gt; falls" in seen
        assert f"/clips/{clip.public_id}/delete" in seen
    assert "No clips yet" in page("/dashboard/clips/", bob)
    assert Client().get("/dashboard/clips/").status_code == 302


def test_top_clips_are_shown_beside_channel_and_recording(clip: Clip, recording: Vod, on_air: Broadcast) -> None:
    for path in ("/alice", recording.get_absolute_url()):
        assert f'href="/clips/{clip.public_id}"' in page(path)
    Clip.objects.update(visibility=Visibility.UNLISTED)
    assert f'href="/clips/{clip.public_id}"' not in page("/alice")


def test_who_is_not_signed_in_is_asked_to(recording: Vod, on_air: Broadcast, charlie: User) -> None:
    for path, field in (("/alice", 'data-channel="alice"'), (recording.get_absolute_url(), "data-video=")):
        stranger, viewer = page(path), page(path, charlie)
        assert "data-clip " in stranger
        assert "Sign in to make one" in stranger
        assert "data-clip-form" not in stranger
        assert "data-clip-form" in viewer
        assert field in viewer
        assert "<kbd>Alt</kbd><kbd>x</kbd>" in viewer


def test_no_page_of_clips_holds_inline_code(clip: Clip, charlie: User) -> None:
    for path in ("", "/embed", "/delete"):
        assert not INLINE_CODE.search(page(f"/clips/{clip.public_id}{path}", charlie)), path
    assert not INLINE_CODE.search(page("/dashboard/clips/", charlie))


# --- The editor's handles


@pytest.mark.parametrize(
    ("place", "span"),
    [
        ({"start": 0, "end": 500, "now": 500, "live": True}, {"from": 410, "to": 500, "begin": 470, "finish": 500}),
        ({"start": 480, "end": 500, "now": 500, "live": True}, {"from": 480, "to": 500, "begin": 480, "finish": 500}),
        ({"start": 0, "end": 500, "now": 200, "live": False}, {"from": 155, "to": 245, "begin": 170, "finish": 200}),
        ({"start": 0, "end": 500, "now": 0, "live": False}, {"from": 0, "to": 45, "begin": 0, "finish": 5}),
        ({"start": 0, "end": 500, "now": 500, "live": False}, {"from": 410, "to": 500, "begin": 470, "finish": 500}),
    ],
)
def test_what_the_editor_offers(place: dict[str, Any], span: dict[str, float]) -> None:
    assert ask("clip_span", "offer", place) == span


@pytest.mark.parametrize(
    ("handle", "at", "begin", "finish"),
    [
        ("begin", 430, 430, 500),
        ("begin", 300, 410, 500),  # not before what is offered
        ("begin", 499, 495, 500),  # not shorter than five seconds
        ("finish", 480, 470, 480),
        ("finish", 472, 467, 472),  # the beginning gives way
        ("finish", 400, 410, 415),
        ("finish", 900, 470, 500),
    ],
)
def test_handles_keep_a_clip_a_clip(handle: str, at: float, begin: float, finish: float) -> None:
    span = {"from": 410, "to": 500, "begin": 470, "finish": 500}
    assert ask("clip_span", "moved", {"span": span, "handle": handle, "at": at}) == {
        **span,
        "begin": begin,
        "finish": finish,
    }
