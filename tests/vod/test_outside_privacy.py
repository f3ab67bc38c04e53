"""A private recording is nowhere outside its owner's session, whatever kind of address is tried."""

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from tests.pages.conftest import browser_of
from vod.models import Vod
from vod.services import delete_vod, update_vod

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_plain_static_files")]

OWN_ADDRESSES = [
    "/videos/{id}",
    "/videos/{id}/playlist.m3u8",
    "/embed/videos/{id}",
    "/oembed?url={site}/videos/{id}",
    "/oembed?url={site}/embed/videos/{id}",
    "/api/v1/videos/{id}",
    "/api/v1/videos/{id}/playback",
]
LISTS = [
    "/",
    "/alice",
    "/embed/alice",
    "/alice/videos.rss",
    "/alice/videos.atom",
    "/sitemap-videos.xml",
    "/api/v1/videos",
]


def statuses(vod: Vod, browser: Client) -> dict[str, int]:
    paths = [path.format(id=vod.public_id, site=settings.SITE_URL) for path in OWN_ADDRESSES]
    return {path: browser.get(path).status_code for path in paths}


def named_in(vod: Vod) -> list[str]:
    return [path for path in LISTS if vod.public_id in Client().get(path).content.decode()]


def test_a_public_one_is_everywhere(vod: Vod) -> None:
    """The control for those below."""
    found = statuses(vod, Client())
    assert set(found.values()) == {200, 302}, found
    assert named_in(vod) == LISTS
    assert Client().post(f"/api/v1/videos/{vod.public_id}/views").status_code == 200


@pytest.mark.parametrize("gone", ["private", "deleted"])
def test_a_private_or_deleted_one_is_nowhere(vod: Vod, bob: User, gone: str) -> None:
    """C-027"""
    if gone == "private":
        update_vod(vod=vod, visibility="private")
    else:
        delete_vod(vod=vod)
    for browser in (Client(), browser_of(bob)):
        found = statuses(vod, browser)
        assert set(found.values()) == {404}, found
        assert browser.post(f"/api/v1/videos/{vod.public_id}/views").status_code in {403, 404}
    assert named_in(vod) == []


def test_an_unlisted_one_is_in_no_list(vod: Vod) -> None:
    update_vod(vod=vod, visibility="unlisted")
    assert set(statuses(vod, Client()).values()) == {200, 302}
    assert named_in(vod) == []
