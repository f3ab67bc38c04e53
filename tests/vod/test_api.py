"""Recordings in the API, and who may see which."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import create_api_token, suspend_user
from streaming.models import Broadcast
from vod.models import Vod
from vod.services import create_vod, delete_vod, update_vod

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def vod(broadcast: Broadcast) -> Vod:
    made = create_vod(stream_id=broadcast.public_id)
    assert made is not None
    return made


def signed_in(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {create_api_token(user=user, name='test')}"})


def status(client: Client, path: str) -> int:
    return client.get(f"/api/v1/videos{path}").status_code


def test_public_recording_is_listed_and_plays(vod: Vod) -> None:
    listed = Client().get("/api/v1/videos?channel=alice").json()
    assert [row["id"] for row in listed["results"]] == [vod.public_id]
    playback = Client().get(f"/api/v1/videos/{vod.public_id}/playback").json()
    assert playback["hls"].endswith(f"/{vod.broadcast.public_id}/vod/index.m3u8")
    assert set(playback) == {"hls", "dash", "dvr", "dvr_seconds", "storyboard", "expires_at"}


@pytest.mark.parametrize(
    ("visibility", "listed", "stranger", "owner"),
    [("public", 1, 200, 200), ("unlisted", 0, 200, 200), ("private", 0, 404, 200)],
)
def test_visibility(vod: Vod, alice: User, bob: User, visibility: str, listed: int, stranger: int, owner: int) -> None:
    update_vod(vod=vod, visibility=visibility)
    assert Client().get("/api/v1/videos").json()["count"] == listed
    for path in (f"/{vod.public_id}", f"/{vod.public_id}/playback"):
        assert status(Client(), path) == stranger
        assert status(signed_in(bob), path) == stranger
        assert status(signed_in(alice), path) == owner
    # The broadcast's own id, which everyone saw while it was live, opens only what is public.
    by_broadcast = Client().get(f"/api/v1/streams/{vod.broadcast.public_id}/playback").status_code
    assert by_broadcast == (200 if visibility == "public" else 410)


@pytest.mark.parametrize("name", ["1", "0" * 24, "..", "%00", "x" * 500, "' OR 1=1"])
def test_what_is_no_recording_is_not_there(vod: Vod, name: str) -> None:
    assert status(Client(), f"/{name}") == 404
    assert status(Client(), f"/{name}/playback") == 404


def test_database_id_is_no_name(vod: Vod) -> None:
    assert status(Client(), f"/{vod.pk}") == 404


def test_deleted_or_suspended_is_not_there(vod: Vod, alice: User) -> None:
    delete_vod(vod=vod)
    assert status(signed_in(alice), f"/{vod.public_id}") == 404
    assert Client().get("/api/v1/videos").json()["count"] == 0


def test_suspended_owners_recordings_are_not_there(vod: Vod, alice: User) -> None:
    suspend_user(user=alice)
    assert status(Client(), f"/{vod.public_id}/playback") == 404
    assert Client().get("/api/v1/videos").json()["count"] == 0


def test_only_the_owner_changes_it_and_only_what_is_offered(vod: Vod, alice: User, bob: User) -> None:
    path = f"/api/v1/videos/{vod.public_id}"
    wanted: dict[str, Any] = {"title": "New", "view_count": 999, "duration_seconds": 1, "channel": 1, "public_id": "x"}
    assert Client().patch(path, wanted, content_type=JSON).status_code == 401
    assert signed_in(bob).patch(path, wanted, content_type=JSON).status_code == 404
    assert signed_in(bob).delete(path).status_code == 404
    before = Vod.objects.values().get()
    assert signed_in(alice).patch(path, wanted, content_type=JSON).status_code == 200
    assert Vod.objects.values().get() == before | {"title": "New"}
    assert signed_in(alice).patch(path, {"visibility": "secret"}, content_type=JSON).status_code == 400
    assert signed_in(alice).delete(path).status_code == 204
    assert signed_in(bob).post(f"{path}/restore").status_code == 404
    assert signed_in(alice).post(f"{path}/restore").json()["visibility"] == "private"
    assert signed_in(alice).delete(path).status_code == 204
