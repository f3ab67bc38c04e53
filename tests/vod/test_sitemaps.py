"""Sitemaps and robots.txt: what search engines are led to, and what they are kept from."""

from typing import Any
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import suspend_user
from streaming.models import Channel
from tests.vod.test_feeds import more_recordings
from vod import sitemaps
from vod.models import Vod
from vod.services import update_vod

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_plain_static_files")]

MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
VIDEO = "{http://www.google.com/schemas/sitemap-video/1.1}"


@pytest.fixture(autouse=True)
def _known_name(settings: Any) -> None:
    settings.SITE_URL = "https://tv.example"
    settings.ALLOWED_HOSTS = ["testserver", "localhost"]


def read(path: str, **headers: str) -> ElementTree.Element:
    answer = Client().get(path, headers=headers)
    assert answer.status_code == 200
    return ElementTree.fromstring(answer.content)  # noqa: S314  our own


def addresses(path: str) -> list[str]:
    return [place.text or "" for place in read(path).iter(f"{MAP}loc")]


def local(address: str) -> str:
    return address.removeprefix("https://tv.example")


def test_everything_anyone_may_find_is_in_the_sitemaps(vod: Vod, bob: User) -> None:
    Channel.objects.filter(owner__login="alice").update(last_live_at=timezone.now())
    sections = addresses("/sitemap.xml")

    assert sections == ["https://tv.example/sitemap-channels.xml", "https://tv.example/sitemap-videos.xml"]
    found = [place for section in sections for place in addresses(local(section))]
    assert found == ["https://tv.example/alice", f"https://tv.example/videos/{vod.public_id}"]
    assert [Client().head(local(place)).status_code for place in found] != [404, 404]


@pytest.mark.parametrize("hidden", ["private", "unlisted", "suspended"])
def test_what_is_hidden_is_not(vod: Vod, alice: User, hidden: str) -> None:
    """C-027"""
    Channel.objects.update(last_live_at=timezone.now())
    if hidden == "suspended":
        suspend_user(user=alice)
        assert addresses("/sitemap-channels.xml") == []
    else:
        update_vod(vod=vod, visibility=hidden)
    assert addresses("/sitemap-videos.xml") == []


def test_a_recording_comes_with_what_video_search_asks_for(vod: Vod) -> None:
    Vod.objects.update(title="Chess & <more>", view_count=12)
    [video] = read("/sitemap-videos.xml").iter(f"{VIDEO}video")

    page = f"https://tv.example/videos/{vod.public_id}"
    assert {part.tag.removeprefix(VIDEO): part.text for part in video} == {
        "thumbnail_loc": "https://tv.example/previews/a.jpg",
        "title": "Chess & <more>",
        "description": f"A broadcast by alice on {vod.created_at:%-d %B %Y}.",
        "content_loc": f"{page}/playlist.m3u8",
        "player_loc": f"https://tv.example/embed/videos/{vod.public_id}",
        "duration": "61",
        "view_count": "12",
        "publication_date": vod.created_at.isoformat(),
        "live": "no",
    }


@pytest.mark.parametrize(("seconds", "told"), [(0.5, []), (28_800, ["28800"]), (28_801, [])])
def test_a_length_that_the_extension_does_not_know_is_left_out(vod: Vod, seconds: float, told: list[str]) -> None:
    Vod.objects.update(duration_seconds=seconds)
    assert [part.text for part in read("/sitemap-videos.xml").iter(f"{VIDEO}duration")] == told


def test_a_recording_without_a_picture_is_named_without_video(vod: Vod) -> None:
    Vod.objects.update(preview_path="")
    document = read("/sitemap-videos.xml")
    assert (len(list(document.iter(f"{MAP}loc"))), len(list(document.iter(f"{VIDEO}video")))) == (1, 0)


def test_many_go_on_in_another_file(vod: Vod, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    more_recordings(alice, 4)
    monkeypatch.setattr(sitemaps.Videos, "limit", 2)

    files = addresses("/sitemap.xml")

    assert files[1:] == [f"https://tv.example/sitemap-videos.xml{page}" for page in ("", "?p=2", "?p=3")]
    found = [place for file in files[1:] for place in addresses(local(file))]
    assert len(set(found)) == 5
    assert Client().get("/sitemap-videos.xml?p=4").status_code == 404
    assert Client().get("/sitemap-videos.xml?p=x").status_code == 404
    assert Client().get("/sitemap-secrets.xml").status_code == 404


def test_the_index_counts_and_reads_no_rows(vod: Vod, alice: User, django_assert_max_num_queries: Any) -> None:
    more_recordings(alice, 20)
    with django_assert_max_num_queries(4):
        read("/sitemap.xml")
    with django_assert_max_num_queries(2):
        read("/sitemap-videos.xml")


@pytest.mark.parametrize("path", ["/sitemap.xml", "/sitemap-videos.xml", "/robots.txt"])
def test_no_request_decides_under_which_name_it_is_told(vod: Vod, path: str) -> None:
    """C-087"""
    for headers in ({"Host": "localhost"}, {"X-Forwarded-Host": "evil.example"}):
        document = Client().get(path, headers=headers).content.decode()
        assert "https://tv.example/" in document
        assert "localhost" not in document
        assert "evil.example" not in document


def test_robots_txt_names_the_sitemap_and_what_to_leave_alone(db: None) -> None:
    rules = RobotFileParser()
    answer = Client().get("/robots.txt")
    rules.parse(answer.content.decode().splitlines())

    assert answer["Content-Type"].startswith("text/plain")
    assert rules.site_maps() == ["https://tv.example/sitemap.xml"]
    for path in (
        "/",
        "/alice",
        "/videos/x",
        "/videos/x/playlist.m3u8",
        "/media/t/x/vod/index.m3u8",
        "/previews/a.jpg",
        "/embed/alice",
    ):
        assert rules.can_fetch("anyone", path), path
    for path in (
        "/dashboard/",
        "/dashboard",
        "/api/v1/streams",
        "/internal/x",
        "/admin/",
        "/accounts/login/",
        "/metrics",
    ):
        assert not rules.can_fetch("anyone", path), path
