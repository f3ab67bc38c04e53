"""Where signed-in viewers were: kept on the site, bounded, and shown on cards."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from accounts.models import User
from accounts.services import create_api_token
from common.errors import InvalidInput
from tests.pages.conftest import browser_of
from tests.vod.test_feeds import more_recordings
from vod import watch_positions
from vod.models import Vod, WatchPosition
from vod.services import update_vod
from vod.watch_positions import keep_position, position_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_plain_static_files")]


def signed_in(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {create_api_token(user=user, name='test')}"})


def put(browser: Client, vod: Vod, body: Any) -> Any:
    return browser.put(f"/api/v1/videos/{vod.public_id}/position", body, content_type="application/json")


def test_charlie_goes_on_where_he_was_in_another_browser(vod: Vod, charlie: User, bob: User) -> None:
    assert put(signed_in(charlie), vod, {"seconds": 33.7}).json() == {"seconds": 33}
    assert put(signed_in(charlie), vod, {"seconds": 40}).json() == {"seconds": 40}

    assert signed_in(charlie).get(f"/api/v1/videos/{vod.public_id}/position").json() == {"seconds": 40}
    assert 'data-resume-at="40"' in browser_of(charlie).get(vod.get_absolute_url()).content.decode()
    assert 'data-resume-at="0"' in browser_of(bob).get(vod.get_absolute_url()).content.decode()
    assert WatchPosition.objects.count() == 1


def test_who_is_not_signed_in_keeps_the_place_in_the_browser(vod: Vod, charlie: User) -> None:
    strangers = Client().get(vod.get_absolute_url()).content.decode()
    charlies = browser_of(charlie).get(vod.get_absolute_url()).content.decode()

    assert (f'data-resume-key="{vod.public_id}"' in strangers, "data-position-api" in strangers) == (True, False)
    assert ("data-resume-key" in charlies, "data-position-api" in charlies) == (False, True)
    assert put(Client(), vod, {"seconds": 1}).status_code in {401, 403}
    assert Client().get(f"/api/v1/videos/{vod.public_id}/position").status_code in {401, 403}


@pytest.mark.parametrize("body", [{}, {"seconds": -1}, {"seconds": "x"}, {"seconds": None}, {"seconds": "NaN"}, []])
def test_what_is_no_place_is_refused(vod: Vod, charlie: User, body: Any) -> None:
    assert put(signed_in(charlie), vod, body).status_code == 400
    assert not WatchPosition.objects.exists()


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -0.1])
def test_no_number_of_a_program_is_kept_either(vod: Vod, charlie: User, seconds: float) -> None:
    with pytest.raises(InvalidInput):
        keep_position(user=charlie, vod=vod, seconds=seconds)


def test_nobody_is_further_than_the_end(vod: Vod, charlie: User) -> None:
    assert put(signed_in(charlie), vod, {"seconds": 1e300}).json() == {"seconds": 61}


def test_there_is_no_place_in_what_one_may_not_watch(vod: Vod, alice: User, charlie: User) -> None:
    update_vod(vod=vod, visibility="private")
    assert put(signed_in(charlie), vod, {"seconds": 5}).status_code == 404
    assert put(signed_in(alice), vod, {"seconds": 5}).status_code == 200


def test_a_session_needs_the_pages_token(vod: Vod, charlie: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(charlie)
    assert put(strict, vod, {"seconds": 5}).status_code == 403


def test_of_very_many_recordings_the_newest_places_are_kept(
    vod: Vod, alice: User, charlie: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_positions, "POSITIONS_PER_USER", 3)
    more_recordings(alice, 5)
    Vod.objects.update(duration_seconds=100)
    rows = list(Vod.objects.order_by("pk"))
    keep_position(user=bob, vod=rows[0], seconds=9)
    for number, one in enumerate([*rows[:3], rows[0], *rows[3:]]):
        keep_position(user=charlie, vod=one, seconds=20 + number)

    kept = WatchPosition.objects.filter(user=charlie).order_by("vod_id").values_list("vod_id", flat=True)
    assert list(kept) == [row.pk for row in rows[3:]]
    assert position_of(user=bob, vod=rows[0]) == 9


def test_cards_show_how_far_one_was_in_one_query(
    vod: Vod, alice: User, charlie: User, django_assert_num_queries: Any
) -> None:
    more_recordings(alice, 10)
    keep_position(user=charlie, vod=vod, seconds=20)

    with django_assert_num_queries(1):
        rows = {row.pk: getattr(row, "watched_seconds", None) for row in Vod.objects.listed().with_position_of(charlie)}
    assert rows.pop(vod.pk) == 20
    assert set(rows.values()) == {None}
    assert not hasattr(Vod.objects.with_position_of(AnonymousUser()).first(), "watched_seconds")


def test_the_bar_is_on_every_list_for_who_was_there(vod: Vod, alice: User, charlie: User, bob: User) -> None:
    more_recordings(alice, 1)
    other = Vod.objects.latest("pk")
    keep_position(user=charlie, vod=vod, seconds=20)
    bar = '<progress class="thumb__watched" max="61.5" value="20" aria-label="Watched up to 0:20">'

    for path in ("/", "/alice", other.get_absolute_url()):
        assert bar in browser_of(charlie).get(path).content.decode(), path
        for browser in (Client(), browser_of(bob)):
            assert "thumb__watched" not in browser.get(path).content.decode(), path
