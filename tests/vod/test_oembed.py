"""oEmbed: what a page of ours looks like in somebody else's."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from streaming.models import Broadcast
from tests.pages.conftest import browser_of
from vod.models import Vod
from vod.oembed import fit
from vod.services import delete_vod, update_vod

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _known_name(settings: Any) -> None:
    settings.SITE_URL = "https://tv.example"


def ask(url: str, **asked: str | int) -> Any:
    return Client().get("/oembed", {"url": url, **asked})


def test_a_recording_can_be_embedded(vod: Vod) -> None:
    answer = ask(f"https://tv.example/videos/{vod.public_id}", format="json")

    assert answer.status_code == 200
    assert (answer["Access-Control-Allow-Origin"], answer["Cache-Control"]) == ("*", "public, max-age=300")
    assert answer.json() == {
        "version": "1.0",
        "type": "video",
        "provider_name": "Millrace",
        "provider_url": "https://tv.example/",
        "title": "Chess tonight",
        "author_name": "alice",
        "author_url": "https://tv.example/alice",
        "cache_age": 300,
        "html": f'<iframe src="https://tv.example/embed/videos/{vod.public_id}" width="640" height="360"'
        ' title="Chess tonight" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen frameborder="0"'
        ' loading="lazy"></iframe>',
        "width": 640,
        "height": 360,
        "thumbnail_url": "https://tv.example/previews/a.jpg",
        "thumbnail_width": 640,
        "thumbnail_height": 360,
    }


@pytest.mark.parametrize("state", ["live", "ended"])
def test_a_channel_can_be_embedded_in_any_state(broadcast: Broadcast, state: str) -> None:
    Broadcast.objects.update(state=state)
    answer = ask("http://tv.example/Alice?x=1#chat").json()

    assert 'src="https://tv.example/embed/alice"' in answer["html"]
    assert ("thumbnail_url" in answer) == (state == "live")
    assert answer["cache_age"] == (30 if state == "live" else 300)


@pytest.mark.parametrize(
    ("most", "size"),
    [
        ({}, (640, 360)),
        ({"max_width": 320}, (320, 180)),
        ({"max_height": 100}, (177, 100)),
        ({"max_width": 400, "max_height": 400}, (400, 225)),
        ({"max_width": 4000}, (1920, 1080)),
        ({"max_width": 1, "max_height": 1}, (1, 1)),
    ],
)
def test_the_player_is_no_larger_than_asked_for(most: dict[str, int], size: tuple[int, int]) -> None:
    assert fit(most.get("max_width"), most.get("max_height")) == size


def test_a_picture_that_is_too_large_is_left_out(vod: Vod) -> None:
    url = f"https://tv.example/videos/{vod.public_id}"
    assert "thumbnail_url" in ask(url, maxwidth=640).json()
    assert "thumbnail_url" not in ask(url, maxwidth=639).json()
    assert "thumbnail_url" not in ask(url, maxheight=359).json()


@pytest.mark.parametrize("size", ["0", "-1", "1.5", "x", "9" * 30])
def test_a_size_that_is_none_is_refused(vod: Vod, size: str) -> None:
    assert ask(f"https://tv.example/videos/{vod.public_id}", maxwidth=size).status_code == 400


def test_only_json_is_answered(vod: Vod) -> None:
    assert ask(f"https://tv.example/videos/{vod.public_id}", format="xml").status_code == 501


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://tv.example",
        "https://tv.example/",
        "https://tv.example/dashboard/",
        "https://tv.example/nobody_here",
        f"https://tv.example/videos/{'0' * 24}",
        "https://tv.example/videos/\x00",
        "https://evil.example/alice",
        "https://tv.example@evil.example/alice",
        "https://tv.example:444/alice",
        "//tv.example/alice",
        "javascript:/alice",
        "https://[/alice",
        "/alice",
    ],
)
def test_what_is_no_page_of_ours_is_not_there(vod: Vod, url: str) -> None:
    answer = ask(url)
    assert answer.status_code == 404
    assert "detail" in answer.json()


@pytest.mark.parametrize(("visibility", "status"), [("public", 200), ("unlisted", 200), ("private", 404)])
def test_a_private_recording_is_not_there_even_for_its_owner(
    vod: Vod, alice: User, visibility: str, status: int
) -> None:
    update_vod(vod=vod, visibility=visibility)
    url = f"/oembed?url=https://tv.example/videos/{vod.public_id}"
    assert Client().get(url).status_code == status
    assert browser_of(alice).get(url).status_code == status
    delete_vod(vod=vod)
    assert Client().get(url).status_code == 404


def test_no_title_breaks_out_of_the_frame(vod: Vod) -> None:
    Vod.objects.update(title='"><script>alert(1)</script>')
    answer = ask(f"https://tv.example/videos/{vod.public_id}").json()

    assert answer["title"] == '"><script>alert(1)</script>'
    assert 'title="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in answer["html"]
