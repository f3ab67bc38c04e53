"""Pages on which something is found: browse, search, followed channels, and a channel's own below its player."""

import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services import create_user, suspend_user
from streaming.discovery.search_index import index_all_channels, index_categories
from streaming.models import Broadcast, Category, Channel, Follow
from streaming.services import follow_channel, update_channel
from tests.bones import bones_of
from tests.chat.xss_corpus import PAYLOADS
from tests.pages.conftest import browser_of
from vod.models import Clip, Visibility, Vod
from vod.search_entries import index_clips, index_vods
from vod.services import delete_vod, update_vod

pytestmark = pytest.mark.django_db
QUERIES_MAX = 12  # of any page, however much there is
HOSTILE = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "%",
    "_",
    "%%%%",
    "\\",
    "'; DROP TABLE streaming_searchentry; --",
    "a & b | !c <-> (d:*",
    ":*",
    "!!!",
    "((((",
    "'''",
    "a" * 10_000,
    "a " * 5_000,
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "\u202e\u2066\u0301\u0301\u0301",
    "ﷺ" * 80,
    "中文",
    "-1.5e10",
    "http://example.org/?a=b",
    "alice@example.org",
]


# No addresses: the text about a channel makes links of them, which is meant.
HOSTILE_TEXTS = [one for one in PAYLOADS if len(one) <= 100 and "\x00" not in one and "://" not in one][::17]


@pytest.fixture(autouse=True)
def _found(channel: Channel) -> Iterator[None]:
    index_all_channels()
    index_categories()
    yield


@pytest.fixture
def crowd(channel: Channel) -> list[Channel]:
    """Thirty more on air in Chess: the n-th has n viewers; every third says #speedrun, every second German."""
    chess = Category.objects.get(slug="chess")
    channels = []
    for number in range(30):
        one = create_user(login=f"streamer{number}").channel
        update_channel(
            channel=one,
            category=chess,
            tags=["SpeedRun"] if number % 3 == 0 else [],
            language="de" if number % 2 else "en",
        )
        Channel.objects.filter(pk=one.pk).update(is_live=True, viewer_count=number, last_live_at=one.created_at)
        Broadcast.objects.create(channel=one, category=chess, state="live", started_at=one.created_at)
        channels.append(one)
    Category.objects.filter(pk=chess.pk).update(live_count=30, viewer_count=435)
    return channels


def page(address: str, user: User | None = None) -> str:
    answer = browser_of(user).get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def streamers(text: str) -> list[int]:
    """The numbers of the streamers whose cards a page shows, in order."""
    main = text[text.index("<main") :]
    return [int(number) for number in CARD.findall(main)]


CARD = re.compile(r'class="card__title"><a href="/streamer(\d+)"')
NEXT = re.compile(r'rel="next" href="([^"]+)"')


# --- Search


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_questions_are_answered(text: str, channel: Channel) -> None:
    for address in ("/search", "/search?kind=videos", "/browse", "/api/v1/search", "/api/v1/search/suggestions"):
        query = {"q": text, "after": text[:50]}
        assert Client().get(address, query).status_code == 200, address


def test_results_are_shown_by_kind(channel: Channel, recording: Vod) -> None:
    index_vods(pks=[recording.pk])

    text = page("/search?q=painting")
    assert "Painting the sky" in text
    assert 'href="/alice"' in text
    assert "Nothing found" in page("/search?q=zzzzzzzz")
    assert "What are you looking for?" in page("/search")
    assert "Painting the sky" in page("/search?q=painting&kind=videos")
    assert "Painting the sky" not in page("/search?q=painting&kind=channels")


@pytest.mark.parametrize("visibility", [Visibility.PRIVATE, Visibility.UNLISTED, Visibility.SUBSCRIBERS])
def test_what_is_not_public_vanishes_at_once(recording: Vod, visibility: Visibility) -> None:
    update_vod(vod=recording, title="Painting the sky")
    assert "Painting the sky" in page("/search?q=sky")

    update_vod(vod=recording, visibility=visibility)
    assert "Painting the sky" not in page("/search?q=sky")
    assert "Painting the sky" not in page("/")
    assert "Painting the sky" not in page("/alice/videos")


def test_the_deleted_and_the_suspended_vanish_at_once(recording: Vod, alice: User) -> None:
    index_vods(pks=[recording.pk])
    delete_vod(vod=recording)
    assert "Painting the sky" not in page("/search?q=sky")

    Vod.objects.filter(pk=recording.pk).update(deleted_at=None, visibility=Visibility.PUBLIC)
    index_vods(pks=[recording.pk])
    assert "Painting the sky" in page("/search?q=sky")
    suspend_user(user=alice)
    assert "Painting the sky" not in page("/search?q=sky")
    assert browser_of(None).get("/alice/videos").status_code == 404


def test_clips_are_found_while_their_recording_is_public(recording: Vod, charlie: User) -> None:
    clip = Clip.objects.create(
        channel=recording.channel,
        broadcast=recording.broadcast,
        clipper=charlie,
        title="Spilled paint",
        starts_at=recording.created_at,
        duration_seconds=30,
        state="ready",
    )
    index_clips(pks=[clip.pk])
    assert "Spilled paint" in page("/search?q=spilled")
    assert "Spilled paint" in page("/alice/clips")

    update_vod(vod=recording, visibility=Visibility.PRIVATE)
    assert "Spilled paint" not in page("/search?q=spilled")


def test_the_api_answers_with_the_same(channel: Channel, recording: Vod) -> None:
    index_vods(pks=[recording.pk])

    found = Client().get("/api/v1/search?q=painting").json()["results"]
    assert [one["login"] for one in found["channels"]] == ["alice"]
    assert found["videos"][0]["path"] == recording.get_absolute_url()
    suggested = Client().get("/api/v1/search/suggestions?q=che").json()
    assert [one["slug"] for one in suggested["categories"]] == ["chess"]
    assert Client().get("/api/v1/search?q=a&kind=nothing").status_code == 400


# --- Browsing


def test_categories_are_sorted_and_found_by_name(crowd: list[Channel]) -> None:
    text = page("/browse")
    assert text.index("/browse/chess") < text.index("/browse/art")
    by_name = page("/browse?sort=name")
    assert by_name.index("/browse/art") < by_name.index("/browse/chess")
    assert "/browse/art" not in page("/browse?q=ches")
    assert "There is no such category" in page("/browse?q=zzzz")


@pytest.mark.parametrize(
    ("sort", "expected"), [("viewers", list(range(29, -1, -1))), ("few", list(range(30))), ("newest", None)]
)
def test_a_category_is_read_page_by_page(crowd: list[Channel], sort: str, expected: list[int] | None) -> None:
    first = page(f"/browse/chess?sort={sort}")
    following = NEXT.search(first)
    assert following
    second = page(f"/browse/chess{following[1].replace('&amp;', '&')}")

    assert len(streamers(first)) == 24
    shown = streamers(first) + streamers(second)
    assert sorted(shown) == list(range(30))
    assert expected is None or shown == expected
    assert not NEXT.search(second)


def test_lists_are_filtered_by_tag_and_language(crowd: list[Channel]) -> None:
    assert streamers(page("/browse/chess?tag=%23SPEEDRUN&language=de")) == [27, 21, 15, 9, 3]
    assert len(streamers(page("/browse/tags/speedrun"))) == 10
    assert streamers(page("/browse/live?language=fr")) == []
    assert "No one live fits" in page("/browse/live?language=fr")
    assert Client().get("/browse/tags/SpeedRun")["Location"] == "/browse/tags/speedrun"
    assert Client().get("/browse/tags/two words").status_code == 404


@pytest.mark.parametrize("after", ["", "x", "1", "1.2.3", "-5.1", "9" * 18 + "." + "9" * 18, "\x00", "'"])
@pytest.mark.parametrize(
    "path", ["/browse", "/browse/chess", "/browse/live?sort=newest", "/alice/videos", "/alice/clips"]
)
def test_what_no_page_wrote_as_its_next_is_harmless(path: str, after: str) -> None:
    query = {"after": after, **({"sort": "newest"} if "sort" in path else {})}
    assert Client().get(path.split("?")[0], query).status_code == 200


def _briefly(asked: CaptureQueriesContext) -> str:
    """What was asked, without the columns."""
    return "\n".join(
        re.sub("^SELECT .*? FROM", "SELECT … FROM", query["sql"])[:120] for query in asked.captured_queries
    )


def test_no_page_asks_more_questions_for_more_rows(
    crowd: list[Channel], recording: Vod, alice: User, charlie: User
) -> None:
    for one in crowd[:20]:
        follow_channel(user=charlie, channel=one)
    index_vods(pks=[recording.pk])
    browser = browser_of(charlie)
    browser.get("/browse")  # the first page of a session writes down where it began

    for address in ("/", "/browse", "/browse/chess", "/browse/live?tag=speedrun", "/search?q=stream", "/following",
                    "/alice", "/alice/about", "/alice/videos"):  # fmt: skip
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(address).status_code == 200, address
        assert len(asked) <= QUERIES_MAX, (address, _briefly(asked))


# --- Following


def test_following_shows_who_is_live_then_all_others(crowd: list[Channel], channel: Channel, charlie: User) -> None:
    assert "Nothing to show here" in page("/following", charlie)
    follow_channel(user=charlie, channel=channel)
    follow_channel(user=charlie, channel=crowd[3])

    text = page("/following", charlie)
    main = text[text.index("<main") :]
    assert streamers(text) == [3]
    assert main.index("streamer3") < main.index('href="/alice"')
    assert Client().get("/following").status_code == 302


def test_followed_channels_come_in_pages(charlie: User) -> None:
    for number in range(60):
        follow_channel(user=charlie, channel=create_user(login=f"quiet{number}").channel)

    for sort in ("recent", "followed", "oldest"):
        first = page(f"/following?sort={sort}", charlie)
        following = NEXT.search(first[first.index("<main") :])
        assert following
        second = page("/following" + following[1].replace("&amp;", "&"), charlie)
        shown = [*LINE.findall(first[first.index("<main") :]), *LINE.findall(second[second.index("<main") :])]
        assert len(shown) == len(set(shown)) == 60


LINE = re.compile(r'class="channel-row__link" href="/(quiet\d+)"')


def test_unfollowing_without_javascript_can_be_undone(channel: Channel, charlie: User) -> None:
    follow_channel(user=charlie, channel=channel)
    browser = browser_of(charlie)

    answer = browser.post("/alice/follow", {"follow": "no", "back": "following"})
    assert answer["Location"] == "/following?unfollowed=alice"
    assert "You do not follow alice any more" in browser.get(answer["Location"]).content.decode()
    assert browser.post("/alice/follow", {"follow": "yes", "back": "following"})["Location"] == "/following"
    assert Follow.objects.filter(user=charlie, channel=channel).exists()


def test_the_way_back_leads_nowhere_else(channel: Channel, charlie: User) -> None:
    answer = browser_of(charlie).post("/alice/follow", {"follow": "yes", "back": "https://evil.example"})
    assert answer["Location"] == "/alice"
    assert "evil" not in page('/following?unfollowed="><a href=//evil', charlie)


def test_not_interested_without_javascript_can_be_undone(on_air: Broadcast, bob: User, charlie: User) -> None:
    Channel.objects.filter(owner=bob).update(is_live=True)
    Broadcast.objects.create(channel=bob.channel, state="live", started_at=on_air.started_at, title="Bob cooks")
    browser = browser_of(charlie)
    assert "Not interested in bob" in browser.get("/").content.decode()

    browser.post("/bob/recommend", {"recommend": "no"})
    assert "Bob cooks" not in browser.get("/").content.decode()
    assert "Recommend again" in browser.get("/following").content.decode()
    browser.post("/bob/recommend", {"recommend": "yes"})
    assert "Bob cooks" in browser.get("/").content.decode()


# --- A channel's own pages


def test_an_offline_channel_shows_who_is_live_meanwhile(crowd: list[Channel], channel: Channel) -> None:
    assert "Live meanwhile" in page("/alice")


def test_addresses_in_the_text_about_a_channel_are_links_that_give_nothing_away(channel: Channel) -> None:
    update_channel(channel=channel, about="Shop: https://example.org/a?b=1 and javascript:alert(1)")

    for address in ("/alice", "/alice/about"):
        text = page(address)
        assert 'href="https://example.org/a?b=1" rel="nofollow ugc noopener noreferrer"' in text
        assert 'href="javascript:' not in text


def test_a_channels_pages_have_one_address(channel: Channel) -> None:
    for tab in ("about", "videos", "clips"):
        assert Client().get(f"/Alice/{tab}")["Location"] == f"/alice/{tab}"
        assert Client().get(f"/nobody/{tab}").status_code == 404


# --- Text from strangers


def test_no_name_or_title_adds_an_element_to_a_page(
    channel: Channel, on_air: Broadcast, recording: Vod, charlie: User
) -> None:
    """C-064, for all that streamers and staff write: title, about, tag, category, recording, and what is asked for."""
    follow_channel(user=charlie, channel=channel)
    browser, addresses = browser_of(charlie), (
        "/", "/browse", "/browse/chess", "/browse/live", "/search?q=zzz", "/alice", "/alice/about", "/alice/videos",
        "/following",
    )  # fmt: skip

    def written(text: str) -> list[list[tuple[str, ...]]]:
        """What each of the pages is made of when everything is called so."""
        Category.objects.filter(slug="chess").update(name=text[:60])
        Channel.objects.filter(pk=channel.pk).update(
            title=f"zzz {text}", about=text, tags=[text[:25]], category=Category.objects.get(slug="chess")
        )
        Broadcast.objects.update(title=f"zzz {text}", category=channel.category)
        Vod.objects.update(title=f"zzz {text}")
        index_all_channels()
        index_categories()
        index_vods(pks=[recording.pk])
        pages = [browser.get(address).content.decode() for address in addresses]
        assert all("zzz" in page for page in pages[2:])
        return [bones_of(page).elements for page in pages]

    written("Glass")  # the first visit of a session writes cookies
    plain = written("Glass")
    assert len(HOSTILE_TEXTS) > 10
    for text in HOSTILE_TEXTS:
        for address, made_of, before in zip(addresses, written(text), plain, strict=True):
            assert made_of == before, (address, text)
