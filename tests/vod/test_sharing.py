"""What link previews, search engines and players of other programs are told by the pages themselves."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from streaming.models import Broadcast, Category, Channel
from tests.pages.conftest import browser_of
from tests.vod.page_head import Head, read_head
from vod.models import Vod
from vod.services import update_vod
from vod.sharing import share_recording

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_plain_static_files")]

HOSTILE = """</script><script>alert(1)</script> "'><img src=x onerror=alert(1)> & <!--"""


@pytest.fixture(autouse=True)
def _known_name(settings: Any) -> None:
    settings.SITE_URL = "https://tv.example"
    settings.ALLOWED_HOSTS = ["testserver", "localhost"]


def head_of(path: str, user: User | None = None) -> Head:
    answer = browser_of(user).get(path)
    assert answer.status_code == 200
    return read_head(answer.content.decode())


def go_live(broadcast: Broadcast) -> None:
    Broadcast.objects.update(state="live", ended_at=None)
    Channel.objects.update(is_live=True, title="Chess tonight", about="I play\nchess.")


def test_a_recording_is_described_for_programs(vod: Vod) -> None:
    Vod.objects.update(view_count=7)
    vod.refresh_from_db()
    page = f"https://tv.example/videos/{vod.public_id}"
    embed = f"https://tv.example/embed/videos/{vod.public_id}"

    head = head_of(vod.get_absolute_url())

    assert head.links["canonical"] == page
    assert head.meta["og:url"] == [page]
    assert head.meta["og:type"] == ["video.other"]
    assert head.meta["og:title"] == ["Chess tonight"]
    assert head.meta["og:image"] == ["https://tv.example/previews/a.jpg"]
    assert head.meta["og:video"] == [embed, f"{page}/playlist.m3u8"]
    assert head.meta["og:video:secure_url"] == head.meta["og:video"]
    assert head.meta["og:video:type"] == ["text/html", "application/vnd.apple.mpegurl"]
    assert head.meta["twitter:card"] == ["player"]
    assert head.meta["twitter:player"] == [embed]
    assert "robots" not in head.meta
    [facts] = head.json_ld
    assert facts == {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": "Chess tonight",
        "description": f"A broadcast by alice on {vod.created_at:%-d %B %Y}.",
        "url": page,
        "contentUrl": f"{page}/playlist.m3u8",
        "encodingFormat": "application/vnd.apple.mpegurl",
        "embedUrl": embed,
        "author": {"@type": "Person", "name": "alice", "url": "https://tv.example/alice"},
        "thumbnailUrl": ["https://tv.example/previews/a.jpg"],
        "uploadDate": vod.created_at.isoformat(timespec="seconds"),
        "duration": "P0DT00H01M01S",
        "interactionStatistic": {
            "@type": "InteractionCounter",
            "interactionType": {"@type": "WatchAction"},
            "userInteractionCount": 7,
        },
    }


def test_a_site_without_tls_promises_none(vod: Vod, settings: Any) -> None:
    settings.SITE_URL = "http://tv.example"
    head = head_of(vod.get_absolute_url())
    assert head.meta["og:video"][0].startswith("http://tv.example/embed/")
    assert "og:video:secure_url" not in head.meta


def test_the_category_is_told_where_there_is_one(vod: Vod) -> None:
    vod.broadcast.category = Category.objects.create(name="Backgammon", slug="backgammon")
    assert share_recording(vod).description.startswith("Backgammon · A broadcast by alice on ")


def test_a_live_channel_is_described_as_live(broadcast: Broadcast) -> None:
    go_live(broadcast)

    head = head_of("/alice")

    [facts] = head.json_ld
    assert facts["name"] == "alice: Chess tonight"
    assert facts["contentUrl"] == "https://tv.example/alice/playlist.m3u8"
    assert facts["publication"] == {
        "@type": "BroadcastEvent",
        "isLiveBroadcast": True,
        "startDate": broadcast.started_at.isoformat(timespec="seconds") if broadcast.started_at else None,
    }
    assert head.meta["og:video"] == ["https://tv.example/embed/alice", "https://tv.example/alice/playlist.m3u8"]
    assert head.meta["og:description"] == ["I play chess."]
    assert head.links["canonical"] == "https://tv.example/alice"


def test_an_offline_channel_promises_no_video(broadcast: Broadcast) -> None:
    Broadcast.objects.update(ended_at=timezone.now() - timedelta(days=1))
    head = head_of("/alice")

    assert (head.json_ld, head.meta["og:type"], head.meta["twitter:card"]) == ([], ["website"], ["summary"])
    assert "og:video" not in head.meta


def test_pages_name_their_feeds_and_their_oembed_answer(vod: Vod) -> None:
    for path in ("/alice", vod.get_absolute_url()):
        links = head_of(path).links
        assert links["application/rss+xml"] == "https://tv.example/alice/videos.rss"
        assert links["application/atom+xml"] == "https://tv.example/alice/videos.atom"
        found = Client().get(links["application/json+oembed"].removeprefix("https://tv.example"))
        assert found.json()["type"] == "video"


@pytest.mark.parametrize("kind", ["recording", "live"])
def test_no_title_breaks_out_of_what_is_told(vod: Vod, broadcast: Broadcast, kind: str) -> None:
    Vod.objects.update(title=HOSTILE)
    path = vod.get_absolute_url()
    if kind == "live":
        Broadcast.objects.update(state="live", ended_at=None, title=HOSTILE)
        path = "/alice"
    page = Client().get(path).content.decode()
    head = read_head(page)

    assert head.meta["og:title"][0].endswith(HOSTILE)
    [facts] = head.json_ld  # understood whole, so nothing ended it early
    assert facts["name"].endswith(HOSTILE)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert set(head.scripts) == {"", "module", "application/json", "application/ld+json"}


def test_the_search_for_a_break_out_finds_one() -> None:
    """The control: unescaped JSON ends its element at the title."""
    unescaped = json.dumps({"name": HOSTILE})
    with pytest.raises(json.JSONDecodeError):
        read_head(f'<script type="application/ld+json">{unescaped}</script>')


def test_an_unlisted_recording_is_described_but_not_for_search_engines(vod: Vod) -> None:
    update_vod(vod=vod, visibility="unlisted")
    head = head_of(vod.get_absolute_url())

    assert head.meta["robots"] == ["noindex"]
    assert head.meta["og:title"] == ["Chess tonight"]


def test_a_private_recording_is_described_to_nobody(vod: Vod, alice: User) -> None:
    update_vod(vod=vod, visibility="private")
    page = browser_of(alice).get(vod.get_absolute_url()).content.decode()
    head = read_head(page)

    assert head.meta["robots"] == ["noindex"]
    assert not [name for name in head.meta if name.startswith(("og:", "twitter:"))]
    assert (head.json_ld, "canonical" in head.links) == ([], False)
    assert 'id="share"' not in page


def test_no_request_decides_under_which_name_the_site_is_told_of(vod: Vod) -> None:
    """C-087"""
    for headers in ({"Host": "localhost"}, {"X-Forwarded-Host": "evil.example"}):
        page = Client().get(vod.get_absolute_url(), headers=headers).content.decode()
        assert "evil.example" not in page
        assert read_head(page).links["canonical"].startswith("https://tv.example/")
    assert Client().get(vod.get_absolute_url(), headers={"Host": "evil.example"}).status_code == 400


def test_the_share_dialog_offers_link_moment_and_embed_code(vod: Vod) -> None:
    Vod.objects.update(title='Alice & "Bob" </textarea>')
    page = Client().get(vod.get_absolute_url()).content.decode()

    assert f'value="https://tv.example/videos/{vod.public_id}" readonly data-page-link' in page
    assert "data-moment-link" in page
    assert f"&lt;iframe src=&quot;https://tv.example/embed/videos/{vod.public_id}&quot;" in page
    assert "&amp;lt;/textarea&amp;gt;" in page  # what is pasted is escaped once more
    assert "data-moment-link" not in Client().get("/alice").content.decode()
    assert settings.SITE_URL == "https://tv.example"
