"""Views: each viewer once, however often he reloads; programs never; and no flood."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import create_api_token
from common.errors import TooMany
from common.network import neighbourhood
from common.redis import redis_client
from tests.pages.conftest import browser_of
from tests.vod.test_feeds import more_recordings
from vod import redis_keys, view_counts
from vod.crawlers import is_crawler
from vod.limits import VIEW_BATCHES_KEPT_DAYS, VIEW_HOURS, VIEW_REPORTS_PER_MINUTE, VIEWS_PER_ADDRESS
from vod.models import ViewBatch, Vod
from vod.services import update_vod
from vod.tasks import write_views
from vod.view_counts import note_view

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
ADDRESS = "203.0.113.7"


def report(
    vod: Vod,
    browser: Client | None = None,
    *,
    address: str = ADDRESS,
    agent: str = FIREFOX,
    origin: str | None = None,
) -> Any:
    headers = {"X-Forwarded-For": address, "User-Agent": agent, **({"Origin": origin} if origin else {})}
    return (browser or Client()).post(f"/api/v1/videos/{vod.public_id}/views", headers=headers)


def counted(vod: Vod) -> int:
    write_views()
    vod.refresh_from_db()
    return vod.view_count


def test_opening_the_page_is_no_view(vod: Vod, _plain_static_files: None) -> None:
    Client().get(vod.get_absolute_url())
    assert counted(vod) == 0
    assert report(vod).json() == {"counted": True}
    assert counted(vod) == 1


def test_reloads_are_one_view(vod: Vod) -> None:
    answers = [report(vod).json()["counted"] for _ in range(5)]
    assert answers == [True, False, False, False, False]
    assert counted(vod) == 1


def test_who_comes_back_after_hours_has_watched_it_again(vod: Vod, empty_redis: redis.Redis) -> None:
    report(vod)
    [key] = empty_redis.keys("vod:viewed:*")
    assert 0 < empty_redis.ttl(key) <= VIEW_HOURS * 3600
    empty_redis.delete(key)
    report(vod)
    assert counted(vod) == 2


def test_two_browsers_behind_one_address_are_two_viewers(vod: Vod) -> None:
    for agent in (FIREFOX, CHROME, FIREFOX, CHROME):
        report(vod, agent=agent)
    assert counted(vod) == 2


def test_another_address_is_another_viewer_but_not_another_address_of_the_same_household(vod: Vod) -> None:
    for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "203.0.113.8", "::ffff:203.0.113.8"):
        report(vod, address=address)
    assert counted(vod) == 3


def test_who_is_signed_in_is_one_viewer_everywhere(vod: Vod, charlie: User, bob: User) -> None:
    for address, agent in ((ADDRESS, FIREFOX), ("198.51.100.1", CHROME)):
        user = Client(headers={"Authorization": f"Bearer {create_api_token(user=charlie, name=address)}"})
        report(vod, user, address=address, agent=agent)
    report(vod, Client(headers={"Authorization": f"Bearer {create_api_token(user=bob, name='x')}"}))
    assert counted(vod) == 2


@pytest.mark.parametrize(
    ("agent", "program"),
    [
        ("", True),
        (" ", True),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0 Safari/537.36", True),
        ("Twitterbot/1.0", True),
        ("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", True),
        ("facebookexternalhit/1.1", True),
        ("Mozilla/5.0 (compatible; YandexBot/3.0)", True),
        ("Mozilla/5.0 (compatible; AhrefsBot/7.0)", True),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/142.0 Safari/537.36", True),
        ("WhatsApp/2.23", True),
        ("curl/8.5.0", True),
        ("Wget/1.21", True),
        ("python-requests/2.32", True),
        ("Go-http-client/2.0", True),
        ("Lavf/59.27.100", True),
        (FIREFOX, False),
        (CHROME, False),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", False),
        ("Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 7) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36", False),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) (KHTML, like Gecko) Version/18.1 Safari/605.1.15", False),
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 SamsungBrowser/27.0 Chrome/125.0 Mobile Safari/537.36",
            False,
        ),
        ("Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 Version/7.0 TV Safari/537.36", False),
        ("Mozilla/5.0 (PlayStation; PlayStation 5/8.00) AppleWebKit/605.1.15", False),
    ],
)
def test_programs_say_what_they_are(agent: str, program: bool) -> None:
    assert is_crawler(agent) == program


def test_programs_are_not_counted(vod: Vod) -> None:
    assert report(vod, agent="Twitterbot/1.0").json() == {"counted": False}
    assert counted(vod) == 0
    report(vod)
    assert counted(vod) == 1


def test_invented_browsers_behind_one_address_soon_count_no_more(vod: Vod, empty_redis: redis.Redis) -> None:
    for number in range(VIEWS_PER_ADDRESS + 10):
        report(vod, agent=f"{FIREFOX} {number}")
    assert counted(vod) == VIEWS_PER_ADDRESS
    assert len(empty_redis.keys("vod:viewed:*")) == VIEWS_PER_ADDRESS
    report(vod, address="203.0.113.99")
    assert counted(vod) == VIEWS_PER_ADDRESS + 1


def test_a_flood_is_refused_and_others_are_not(vod: Vod) -> None:
    statuses = [report(vod).status_code for _ in range(VIEW_REPORTS_PER_MINUTE + 2)]
    assert statuses == [200] * VIEW_REPORTS_PER_MINUTE + [429] * 2
    assert report(vod, address="203.0.113.99").status_code == 200
    with pytest.raises(TooMany):
        note_view(vod=vod, user=None, address=ADDRESS, user_agent=CHROME)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://testserver", 200),
        ("https://tv.example", 200),
        ("https://evil.example", 403),
        ("https://tv.example.evil.example", 403),
        ("http://tv.example", 403),
        ("null", 403),
    ],
)
def test_no_other_page_can_tell_of_views(vod: Vod, settings: Any, origin: str | None, status: int) -> None:
    """C-073"""
    settings.SITE_URL = "https://tv.example"
    assert report(vod, origin=origin).status_code == status
    assert counted(vod) == (status == 200)


def test_who_is_signed_in_needs_the_pages_token(vod: Vod, charlie: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert report(vod, strict).status_code == 200  # nobody's session
    strict.force_login(charlie)
    assert report(vod, strict).status_code == 403


def test_a_private_recording_counts_its_owner_alone(vod: Vod, alice: User) -> None:
    update_vod(vod=vod, visibility="private")
    assert report(vod).status_code == 404
    assert report(vod, browser_of(alice)).status_code == 200
    assert report(Vod(public_id="0" * 24)).status_code == 404


def test_views_of_many_recordings_are_written_together(
    vod: Vod, alice: User, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    more_recordings(alice, 5)
    monkeypatch.setattr(view_counts, "VIEWS_WRITTEN_AT_ONCE", 4)
    rows = list(Vod.objects.order_by("pk"))
    for number, one in enumerate(rows):
        redis_client().hincrby(redis_keys.PENDING_VIEWS, str(one.pk), number + 1)
    # Two for the recordings, two for the batch's name, one for old names; the others are of transactions.
    with django_assert_num_queries(9):
        assert view_counts.write_views() == 21
    assert list(Vod.objects.order_by("pk").values_list("view_count", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert view_counts.write_views() == 0


def test_views_survive_a_database_that_is_away(vod: Vod, monkeypatch: pytest.MonkeyPatch) -> None:
    report(vod)
    with monkeypatch.context() as broken:
        broken.setattr(view_counts, "_add", _fails)
        with pytest.raises(OperationalError):
            write_views()
    report(vod, agent=CHROME)
    assert counted(vod) == 1  # what had been taken first
    assert counted(vod) == 2


def test_writer_killed_after_its_commit_counts_nothing_twice(vod: Vod, monkeypatch: pytest.MonkeyPatch) -> None:
    report(vod)
    taken = redis_client().hgetall(redis_keys.PENDING_VIEWS)
    delete = redis.Redis.delete

    def killed(client: redis.Redis, *names: str) -> Any:
        if redis_keys.TAKEN_VIEWS in names:
            raise KeyboardInterrupt
        return delete(client, *names)

    with monkeypatch.context() as dying:
        dying.setattr(redis.Redis, "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            write_views()
    assert redis_client().exists(redis_keys.TAKEN_VIEWS)
    assert counted(vod) == 1
    assert not redis_client().exists(redis_keys.TAKEN_VIEWS)
    for name, count in taken.items():  # the same recording again, as another batch
        redis_client().hset(redis_keys.PENDING_VIEWS, name, count)
    assert counted(vod) == 2


def test_names_of_batches_are_forgotten(vod: Vod) -> None:
    report(vod)
    assert counted(vod) == 1
    ViewBatch.objects.update(written_at=timezone.now() - timedelta(days=VIEW_BATCHES_KEPT_DAYS, seconds=1))
    report(vod, agent=CHROME)
    assert counted(vod) == 2
    assert ViewBatch.objects.count() == 1


def test_two_writers_do_not_write_twice(vod: Vod, monkeypatch: pytest.MonkeyPatch) -> None:
    report(vod)
    add: Callable[[str, dict[int, int]], int] = view_counts._add

    def meanwhile_another(batch: str, views: dict[int, int]) -> int:
        assert view_counts.write_views() == 0
        return add(batch, views)

    monkeypatch.setattr(view_counts, "_add", meanwhile_another)
    assert counted(vod) == 1


def test_redis_holds_no_address(vod: Vod, empty_redis: redis.Redis) -> None:
    report(vod)
    assert not [key for key in empty_redis.keys("vod:*") if ADDRESS in key]


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("", "unknown"),
        ("x" * 1000, "unknown"),
    ],
)
def test_an_address_stands_for_its_household(address: str, near: str) -> None:
    assert neighbourhood(address) == near


def _fails(batch: str, views: dict[int, int]) -> int:
    raise OperationalError
