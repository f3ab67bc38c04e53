"""No title, whatever it holds, changes what a page, an embed code or a feed is made of."""

import json
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from streaming.limits import TITLE_MAX
from tests.bones import bones_of
from tests.chat.xss_corpus import PAYLOADS
from vod.models import Vod
from vod.sharing import Shared, iframe

TITLES = [payload for payload in PAYLOADS if len(payload) <= TITLE_MAX and "\x00" not in payload]
SOME = TITLES[::7]


def shared(title: str) -> Shared:
    return Shared(
        page="https://tv.example/videos/1",
        embed="https://tv.example/embed/videos/1",
        playlist="https://tv.example/videos/1/playlist.m3u8",
        title=title,
        description=title,
        author=title,
        author_page="https://tv.example/alice",
        picture=None,
        is_open=True,
        is_listed=True,
        published_at=datetime(2026, 11, 30, tzinfo=UTC),
    )


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=TITLE_MAX))
def test_any_title_stays_in_its_place(title: str) -> None:
    told = shared(title).json_ld
    assert not set("<>&") & set(told)
    assert json.loads(told)["name"] == title
    code = bones_of(iframe(shared(title), 640, 360))
    assert (len(code.elements), code.titles) == (1, [title])


@pytest.mark.django_db
@pytest.mark.usefixtures("_plain_static_files")
@pytest.mark.parametrize("place", ["page", "embed"])
def test_no_title_adds_an_element_to_a_page(vod: Vod, place: str) -> None:
    """C-064"""
    path = vod.get_absolute_url() if place == "page" else f"/embed{vod.get_absolute_url()}"
    plain = bones_of(Client().get(path).content.decode()).elements
    assert len(SOME) > 40
    for title in SOME:
        Vod.objects.update(title=title)
        assert bones_of(Client().get(path).content.decode()).elements == plain, title


@pytest.mark.django_db
@pytest.mark.usefixtures("_plain_static_files")
@pytest.mark.parametrize("path", ["/alice/videos.rss", "/alice/videos.atom", "/sitemap-videos.xml"])
def test_no_title_adds_an_element_to_a_feed(vod: Vod, path: str) -> None:
    """C-064"""
    plain = [element.tag for element in ElementTree.fromstring(Client().get(path).content).iter()]  # noqa: S314  our own
    for title in SOME:
        Vod.objects.update(title=title)
        document = ElementTree.fromstring(Client().get(path).content)  # noqa: S314  our own
        assert [element.tag for element in document.iter()] == plain, title


def test_the_search_for_more_elements_finds_them() -> None:
    """The control: the same code with a title that nobody escapes."""
    plain = bones_of(iframe(shared("Chess"), 640, 360)).elements
    found = [title for title in TITLES if bones_of(iframe(shared(mark_safe(title)), 640, 360)).elements != plain]  # noqa: S308
    assert len(found) > 50  # those that end the attribute
