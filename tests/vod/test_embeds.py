"""The player in other people's pages, and that nothing else of the site can be framed."""

import json

import pytest
from django.test import Client

from accounts.models import User
from streaming.models import Broadcast
from tests.pages.conftest import browser_of
from vod.models import Vod
from vod.services import delete_vod, update_vod

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_plain_static_files")]


def ancestors(answer: object) -> list[str]:
    policy = answer["Content-Security-Policy"]  # type: ignore[index]
    return [part.split(maxsplit=1)[1] for part in policy.split("; ") if part.startswith("frame-ancestors")]


def embeds_of(vod: Vod) -> list[str]:
    return ["/embed/alice", f"/embed/videos/{vod.public_id}"]


def test_anyone_may_frame_the_player(vod: Vod) -> None:
    for path in embeds_of(vod):
        answer = Client().get(path)
        assert answer.status_code == 200
        assert ancestors(answer) == ["*"]
        assert "X-Frame-Options" not in answer
        assert "script-src 'self'" in answer["Content-Security-Policy"]  # the rest of the policy stays


def test_nobody_may_frame_anything_else(vod: Vod, alice: User) -> None:
    """C-075"""
    pages = ["/", "/alice", vod.get_absolute_url(), "/accounts/login/", "/dashboard/", "/dashboard/videos/", "/none/x"]
    files = [
        "/robots.txt",
        "/sitemap.xml",
        "/alice/videos.rss",
        "/oembed?url=x",
        f"{vod.get_absolute_url()}/playlist.m3u8",
    ]
    for path in [*pages, *files, "/api/v1/videos", "/embed/", "/embed/videos/"]:
        answer = browser_of(alice).get(path)
        assert ancestors(answer) == ["'none'"], path
        assert answer["X-Frame-Options"] == "DENY", path


def test_an_embed_sets_and_reads_no_cookie(vod: Vod, alice: User) -> None:
    for path in embeds_of(vod):
        strangers, owners = Client().get(path), browser_of(alice).get(path)
        assert not strangers.cookies
        assert not owners.cookies
        assert "Vary" not in owners or "Cookie" not in owners["Vary"]
        assert "csrfmiddlewaretoken" not in owners.content.decode()


def test_an_embed_is_the_player_and_a_way_to_its_page(vod: Vod, settings: object) -> None:
    settings.SITE_URL = "https://tv.example"  # type: ignore[attr-defined]
    page = Client().get(f"/embed/videos/{vod.public_id}").content.decode()

    assert 'data-mode="recording"' in page
    assert f'<a href="https://tv.example/videos/{vod.public_id}" data-origin>' in page
    assert "site-header" not in page
    assert "data-theatre" not in page
    assert f'data-views-api="/api/v1/videos/{vod.public_id}/views"' in page


@pytest.mark.parametrize(
    ("state", "screen"), [("live", "loading"), ("reconnecting", "reconnecting"), ("ended", "ended")]
)
def test_the_embed_of_a_channel_shows_its_state(broadcast: Broadcast, state: str, screen: str) -> None:
    Broadcast.objects.update(state=state)
    page = Client().get("/embed/Alice").content.decode()

    assert f'data-screen="{screen}"' in page
    assert 'data-login="alice"' in page
    told = json.loads(page.split('<script id="initial" type="application/json">')[1].split("</script>")[0])
    assert told["state"] == state


@pytest.mark.parametrize(("visibility", "status"), [("public", 200), ("unlisted", 200), ("private", 404)])
def test_a_private_recording_is_in_no_frame_not_even_its_owners(
    vod: Vod, alice: User, visibility: str, status: int
) -> None:
    update_vod(vod=vod, visibility=visibility)
    for browser in (Client(), browser_of(alice)):
        answer = browser.get(f"/embed/videos/{vod.public_id}")
        assert answer.status_code == status
        assert (vod.broadcast.public_id in answer.content.decode()) == (status == 200)


def test_what_is_not_there_says_so_in_the_frame(vod: Vod) -> None:
    delete_vod(vod=vod)
    for path in (f"/embed/videos/{vod.public_id}", "/embed/nobody_here"):
        answer = Client().get(path)
        assert answer.status_code == 404
        assert "There is no such" in answer.content.decode()
        assert (ancestors(answer), "X-Frame-Options" in answer) == (["*"], False)
