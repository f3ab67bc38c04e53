"""Addresses of HLS that stay, and who gets something there."""

import time

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from accounts.services import suspend_user
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast
from tests.pages.conftest import browser_of
from transcode import playback_tokens
from vod.models import Vod
from vod.services import delete_vod, update_vod

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_plain_static_files")]


def address(vod: Vod) -> str:
    return f"/videos/{vod.public_id}/playlist.m3u8"


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_public_recording_plays_under_an_address_that_stays(vod: Vod, method: str) -> None:
    answer = getattr(Client(), method)(address(vod))

    assert answer.status_code == 302
    assert (answer["Cache-Control"], answer["Access-Control-Allow-Origin"]) == ("no-store", "*")
    _, media, token, stream_id, *rest = answer["Location"].split("/")
    assert (media, stream_id, rest) == ("media", vod.broadcast.public_id, ["vod", "index.m3u8"])
    key = settings.PLAYBACK_SIGNING_KEY
    permission = playback_tokens.read(key=key, token=token, stream_id=stream_id)
    assert permission
    assert permission.opens("recording")
    assert permission.expires_at > time.time()
    assert not answer.cookies


@pytest.mark.parametrize(
    ("visibility", "stranger", "owner"), [("public", 302, 302), ("unlisted", 302, 302), ("private", 404, 302)]
)
def test_a_private_recording_plays_for_its_owner_alone(
    vod: Vod, alice: User, bob: User, visibility: str, stranger: int, owner: int
) -> None:
    update_vod(vod=vod, visibility=visibility)

    assert browser_of(None).get(address(vod)).status_code == stranger
    assert browser_of(bob).get(address(vod)).status_code == stranger
    answer = browser_of(alice).get(address(vod))
    assert answer.status_code == owner
    assert ("Access-Control-Allow-Origin" in answer) == (stranger == 302)


def test_what_is_deleted_or_belongs_to_a_suspended_one_plays_no_more(vod: Vod, alice: User) -> None:
    assert Client().get(address(vod)).status_code == 302
    suspend_user(user=alice)
    assert Client().get(address(vod)).status_code == 404
    User.objects.update(is_active=True)
    assert Client().get(address(vod)).status_code == 302
    delete_vod(vod=vod)
    assert browser_of(alice).get(address(vod)).status_code == 404


@pytest.mark.parametrize("name", ["1", "0" * 24, "x" * 500, "%00"])
def test_what_is_no_recording_is_not_there(db: None, name: str) -> None:
    assert Client().get(f"/videos/{name}/playlist.m3u8").status_code == 404


def test_nothing_can_be_posted_there(vod: Vod) -> None:
    assert Client().post(address(vod)).status_code == 405


@pytest.mark.parametrize(("state", "status"), [("live", 302), ("reconnecting", 302), ("ended", 404)])
def test_a_channel_plays_what_is_on_air(broadcast: Broadcast, state: str, status: int) -> None:
    Broadcast.objects.update(state=state, ended_at=None)

    answer = Client().get("/alice/playlist.m3u8")

    assert answer.status_code == status
    if status == 302:
        assert answer["Location"].endswith(f"/{broadcast.public_id}/index.m3u8")


def test_a_channel_that_is_about_to_start_plays_nothing_yet(broadcast: Broadcast) -> None:
    Broadcast.objects.update(state=BroadcastState.STARTING, started_at=None, ended_at=None)
    assert Client().get("/alice/playlist.m3u8").status_code == 404
    assert Client().get("/nobody_here/playlist.m3u8").status_code == 404
