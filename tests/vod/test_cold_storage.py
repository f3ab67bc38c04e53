"""A recording in cold storage says so, is brought back when asked for, and plays again."""

import io

import pytest
from django.core.management import call_command
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import User
from streaming.models import Broadcast
from tests.pages.conftest import PLAIN_STATIC_FILES
from transcode.models import LiveJob, StorageTier
from vod.models import Vod
from vod.services import create_vod, update_vod

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _plain_static_files() -> object:
    with override_settings(STORAGES=PLAIN_STATIC_FILES):
        yield


@pytest.fixture
def vod(broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch) -> Vod:
    from transcode.tasks import move_recordings

    monkeypatch.setattr(move_recordings, "delay", lambda: None)
    now = timezone.now()
    LiveJob.objects.create(
        stream_id=broadcast.public_id,
        wanted=False,
        finished_at=now,
        consolidated_at=now,
        stored_bytes=3 << 30,
        storage_tier=StorageTier.COLD,
    )
    made = create_vod(stream_id=broadcast.public_id)
    assert made is not None
    return made


def addresses(vod: Vod) -> dict[str, str]:
    api = f"/api/v1/videos/{vod.public_id}"
    return {
        "page": vod.get_absolute_url(),
        "playback": f"{api}/playback",
        "playlist": f"/videos/{vod.public_id}/playlist.m3u8",
        "embed": f"/embed/videos/{vod.public_id}",
    }


def test_it_says_so_and_gives_no_address_that_would_not_play(vod: Vod) -> None:
    at, client = addresses(vod), Client()
    page = client.get(at["page"]).content.decode()
    assert "In cold storage" in page
    assert "Prepare it" in page
    assert "/media/" not in page
    refused = client.get(at["playback"])
    assert (refused.status_code, refused.json()["code"]) == (409, "cold")
    assert client.get(at["playlist"]).status_code == 409
    assert "/media/" not in client.get(at["embed"]).content.decode()


def test_who_asks_waits_and_sees_it_when_it_is_back(vod: Vod) -> None:
    at, client = addresses(vod), Client()
    answer = client.post(f"/videos/{vod.public_id}/prepare", follow=True)
    page = answer.content.decode()
    assert "Preparing this recording" in page
    assert "Prepare it" not in page
    assert 'http-equiv="refresh"' in page  # for those without JavaScript
    assert client.get(at["playback"]).json()["code"] == "preparing"
    assert LiveJob.objects.get().restore_asked_at

    LiveJob.objects.update(storage_tier=StorageTier.HOT, restore_asked_at=None)

    assert "/vod/index.m3u8" in client.get(at["page"]).content.decode()
    assert client.get(at["playback"]).status_code == 200
    assert client.get(at["playlist"]).status_code == 302


def test_only_who_may_watch_may_ask(vod: Vod, alice: User, bob: User) -> None:
    update_vod(vod=vod, visibility="private")
    path = f"/api/v1/videos/{vod.public_id}/prepare"
    stranger, owner = Client(), Client()
    stranger.force_login(bob)
    owner.force_login(alice)

    assert Client().post(path).status_code in {401, 403}
    assert stranger.post(path).status_code == 404
    assert LiveJob.objects.get().restore_asked_at is None
    assert owner.post(path).status_code == 202
    assert LiveJob.objects.get().restore_asked_at


def test_report_says_what_recordings_take(vod: Vod) -> None:
    LiveJob.objects.create(stream_id="f" * 24, wanted=False, finished_at=timezone.now())
    out = io.StringIO()
    call_command("storage_report", stdout=out)
    lines = [" ".join(line.replace("\xa0", " ").split()) for line in out.getvalue().splitlines()]

    assert lines == [
        "cold 1 recordings 3.0 GB",
        "1 recordings are not one file a quality yet and not counted",
        "alice 1 recordings 3.0 GB",
    ]
