"""RSS and Atom of a channel's recordings: valid, complete, and cheap to ask for again."""

import re
from datetime import timedelta
from typing import Any

import feedparser
import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from streaming.models import Broadcast, Category
from tests.vod.feed_rules import problems
from vod.limits import FEED_ITEMS
from vod.models import Vod
from vod.services import delete_vod, update_vod

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_plain_static_files")]

FEEDS = ["/alice/videos.rss", "/alice/videos.atom"]
HOSTILE = """</title><script>alert(1)</script> ]]> & "ü" 🎉"""


@pytest.fixture(autouse=True)
def _known_name(settings: Any) -> None:
    settings.SITE_URL = "https://tv.example"
    settings.ALLOWED_HOSTS = ["testserver", "localhost"]


def read(path: str, **headers: str) -> Any:
    """The feed as a reader understands it."""
    answer = Client().get(path, headers=headers)
    assert answer.status_code == 200
    parsed = feedparser.parse(answer.content)
    assert not parsed.bozo, parsed.get("bozo_exception")
    return parsed


def more_recordings(alice: User, count: int) -> None:
    now = timezone.now()
    broadcasts = [Broadcast(channel=alice.channel, state="ended", started_at=now, ended_at=now) for _ in range(count)]
    made = Broadcast.objects.bulk_create(broadcasts)
    Vod.objects.bulk_create(
        Vod(broadcast=one, channel=alice.channel, title=f"Number {number}") for number, one in enumerate(made)
    )


@pytest.mark.parametrize("path", FEEDS)
def test_a_reader_finds_what_plays_and_its_picture(vod: Vod, path: str) -> None:
    vod.broadcast.category = Category.objects.create(name="Backgammon", slug="backgammon")
    vod.broadcast.save()
    feed = read(path)

    assert feed.version == ("rss20" if path.endswith("rss") else "atom10")
    assert feed.feed.title == "alice · Millrace"
    assert feed.feed.link == "https://tv.example/alice"
    [entry] = feed.entries
    page = f"https://tv.example/videos/{vod.public_id}"
    assert (entry.title, entry.link, entry.id) == ("Chess tonight", page, page)
    enclosure = {"href": f"{page}/playlist.m3u8", "type": "application/vnd.apple.mpegurl", "length": "0"}
    assert [{name: one[name] for name in enclosure} for one in entry.enclosures] == [enclosure]
    assert entry.media_thumbnail[0]["url"] == "https://tv.example/previews/a.jpg"
    assert entry.media_content[0]["duration"] == "61"
    assert [tag.term for tag in entry.tags] == ["Backgammon"]


@pytest.mark.parametrize("path", FEEDS)
def test_it_keeps_the_rules_of_its_kind(vod: Vod, alice: User, path: str) -> None:
    assert problems(Client().get(path).content) == []
    more_recordings(alice, 3)
    Vod.objects.update(title=HOSTILE)
    assert problems(Client().get(path).content) == []
    Vod.objects.update(visibility="private")
    assert problems(Client().get(path).content) == []  # an empty one


@pytest.mark.parametrize(
    ("path", "part", "instead"),
    [
        (FEEDS[0], r"<title>alice[^<]*</title>", ""),
        (FEEDS[0], r"<description>[^<]*</description><atom", "<atom"),
        (FEEDS[0], r"<pubDate>[^<]*", "<pubDate>yesterday"),
        (FEEDS[0], r' length="0"', ""),
        (FEEDS[0], r'(<enclosure[^>]*) type="[^"]*"', r"\1"),
        (FEEDS[0], r"<link>https://tv.example/videos", "<link>/videos"),
        (FEEDS[0], r"(<enclosure[^>]*>)", r"\1\1"),
        (FEEDS[0], r"<atom:link[^>]*>", ""),
        (FEEDS[0], r'version="2.0"', 'version="0.91"'),
        (FEEDS[0], r"</item>", ""),
        (FEEDS[1], r"<updated>[^<]*</updated><author>", "<author>"),
        (FEEDS[1], r"<updated>[^<]*", "<updated>Mon, 30 Nov 2026"),
        (FEEDS[1], r"<author>.*?</author>", ""),
        (FEEDS[1], r"<id>[^<]*</id>", ""),
        (FEEDS[1], r'(<link href="[^"]*" rel="self"|<link rel="self" href="[^"]*")/?>', ""),
        (FEEDS[1], r' medium="video"', ""),
    ],
)
def test_the_rules_find_what_is_broken(vod: Vod, path: str, part: str, instead: str) -> None:
    """The controls: each breaks one thing."""
    broken, changes = re.subn(part, instead, Client().get(path).content.decode(), flags=re.DOTALL)
    assert changes
    assert problems(broken.encode())


@pytest.mark.parametrize("path", FEEDS)
def test_a_title_is_text_and_never_markup(vod: Vod, path: str) -> None:
    """C-064"""
    Vod.objects.update(title=HOSTILE)
    document = Client().get(path).content.decode()

    assert "<script" not in document
    title = feedparser.parse(document, sanitize_html=False).entries[0].title_detail
    assert title.value == HOSTILE if path.endswith("atom") else "<script" not in title.value.replace("&lt;", "")


@pytest.mark.parametrize("path", FEEDS)
def test_only_the_newest_public_ones_are_in_it(
    vod: Vod, alice: User, path: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    more_recordings(alice, FEED_ITEMS + 3)
    unlisted, private, deleted, *_ = Vod.objects.order_by("-pk")
    update_vod(vod=unlisted, visibility="unlisted")
    update_vod(vod=private, visibility="private")
    delete_vod(vod=deleted)

    with django_assert_max_num_queries(2):
        feed = read(path)

    assert len(feed.entries) == FEED_ITEMS
    assert feed.entries[0].title == f"Number {FEED_ITEMS - 1}"
    assert not {unlisted.title, private.title, deleted.title} & {entry.title for entry in feed.entries}


@pytest.mark.parametrize("path", FEEDS)
def test_a_reader_that_has_it_gets_no_second_copy(vod: Vod, path: str) -> None:
    first = Client().get(path)
    had = {"If-None-Match": first["ETag"], "If-Modified-Since": first["Last-Modified"]}

    for headers in (had, {"If-None-Match": had["If-None-Match"]}, {"If-Modified-Since": had["If-Modified-Since"]}):
        again = Client().get(path, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
    update_vod(vod=vod, title="Chess at last")
    assert Client().get(path, headers=had).status_code == 200


@pytest.mark.parametrize("path", FEEDS)
def test_an_empty_feed_stays_the_same_too(alice: User, path: str) -> None:
    first = Client().get(path)
    assert Client().get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert feedparser.parse(first.content).entries == []


@pytest.mark.parametrize("path", FEEDS)
def test_no_request_decides_under_which_name_it_is_told(vod: Vod, path: str) -> None:
    """C-087"""
    for headers in ({"Host": "localhost"}, {"X-Forwarded-Host": "evil.example"}):
        document = Client().get(path, headers=headers).content.decode()
        assert "localhost" not in document
        assert "evil.example" not in document
    assert Client().get(path, headers={"Host": "evil.example"}).status_code == 400


def test_who_is_not_there_has_no_feed(alice: User) -> None:
    assert Client().get("/Alice/videos.rss").status_code == 200
    assert Client().get("/nobody_here/videos.rss").status_code == 404
    User.objects.update(is_active=False)
    assert Client().get("/alice/videos.atom").status_code == 404
    assert Client().post("/alice/videos.atom").status_code == 405


def test_the_feed_is_dated_by_its_newest_recording(vod: Vod) -> None:
    at = timezone.now().replace(microsecond=0) - timedelta(days=3)
    Vod.objects.update(created_at=at)
    answer = Client().get(FEEDS[0])
    assert answer["Last-Modified"] == at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert (answer["Cache-Control"], answer.cookies) == ("public, max-age=60", {})
